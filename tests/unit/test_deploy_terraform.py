"""Where Terraform and its provider are looked for, and what is told when they are not there."""

from pathlib import Path

import pytest

from totesys_deploy.errors import TerraformFailed, TerraformMissing
from totesys_deploy.terraform import Terraform, provider_folder, terraform_program


def test_without_terraform_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerraformMissing, match=r"install Terraform 1\.10"):
        terraform_program()


def test_the_provider_is_where_the_variable_says_or_in_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / ".terraform.d" / "plugins"
    (own / "a.registry" / "hashicorp" / "aws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TOTESYS_TERRAFORM_PLUGINS", raising=False)
    assert provider_folder() == own
    monkeypatch.setenv("TOTESYS_TERRAFORM_PLUGINS", "/somewhere")
    assert provider_folder() == Path("/somewhere")


@pytest.fixture
def terraform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terraform:
    """A program that says what it was told, and fails when told to destroy."""
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\necho "$@"\n[ "$1" != destroy ] || exit 1\n[ "$1" != plan ] || exit 2\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return Terraform(tmp_path / "copy", {"prefix": "acme"}, {})


def test_the_copy_keeps_its_state_beside_itself_and_takes_variables(terraform: Terraform) -> None:
    assert (terraform.folder / "terraform.tfvars.json").read_text() == '{\n  "prefix": "acme"\n}'
    assert 'backend "local"' in (terraform.folder / "local_override.tf").read_text()
    assert (terraform.folder.parent / "glue_jobs" / "workflows.yaml").is_file()


def test_a_plan_with_changes_is_drift_and_a_failure_tells_all(terraform: Terraform) -> None:
    assert "-detailed-exitcode" in terraform.drift()
    with pytest.raises(TerraformFailed, match="terraform destroy ended with 1:\ndestroy -input"):
        terraform.destroy()
