"""Terraform's own checks, without AWS: format, validity, and the tests with a mocked provider."""

import re
import shutil
from pathlib import Path

import pytest

from fixtures.platform import needs_terraform
from fixtures.tree import ROOT
from totesys_deploy.terraform import Terraform

pytestmark = needs_terraform
MODULES = sorted(
    {
        path.parent.relative_to(ROOT / "terraform").as_posix()
        for path in (ROOT / "terraform").rglob("*.tf")
        if ".terraform" not in path.as_posix()
    }
)
UNTESTED = {"bootstrap", "modules/catalog"}
"""One bucket, applied by hand; databases, which the local AWS gets."""


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory, artifacts: Path) -> Terraform:
    """Return a copy of the tree with artifacts where Terraform looks for them by default."""
    folder = tmp_path_factory.mktemp("terraform")
    shutil.copytree(artifacts, folder / "dist")
    copy = Terraform(folder, {}, {})
    (copy.folder / "terraform.tfvars.json").unlink()
    return copy


def test_every_file_is_formatted(terraform: Terraform) -> None:
    assert terraform.run("fmt", "-check", "-recursive") == ""


@pytest.mark.parametrize("module", MODULES)
def test_the_module_is_valid_and_keeps_its_promises(terraform: Terraform, module: str) -> None:
    """In a copy: nothing is left behind in the tree. `terraform test` validates, too."""
    before = set((ROOT / "terraform").rglob("*"))
    terraform.init(module)
    if module in UNTESTED:
        terraform.run("validate", module=module)
    else:
        printed = terraform.run("test", module=module)
        assert "Success!" in printed, printed
        assert " 0 passed" not in printed
    assert set((ROOT / "terraform").rglob("*")) == before


def test_every_module_says_what_it_takes_and_gives() -> None:
    for module in sorted((ROOT / "terraform" / "modules").iterdir()):
        names = {path.name for path in module.iterdir()}
        assert names >= {"main.tf", "variables.tf", "outputs.tf", "versions.tf"}, module.name
        for kind in ("variables.tf", "outputs.tf"):
            text = (module / kind).read_text()
            blocks = text.count('\nvariable "') + text.count('\noutput "') + 1
            assert text.count("  description = ") == blocks, f"{module.name}/{kind}"
        assert "any" not in (module / "variables.tf").read_text().split(), module.name


def test_the_example_of_variables_is_complete() -> None:
    """Variables without a default are in terraform.tfvars.example, and no unknown ones."""
    text = (ROOT / "terraform" / "variables.tf").read_text()
    blocks = re.split(r'^variable "(\w+)" \{', text, flags=re.M)[1:]
    bodies = dict(zip(blocks[::2], blocks[1::2], strict=True))
    needed = {n for n, body in bodies.items() if not re.search(r"^  default\s+=", body, re.M)}
    example = (ROOT / "terraform" / "terraform.tfvars.example").read_text()
    given = set(re.findall(r"^#? ?(\w+) *=", example, re.M))
    assert needed <= set(re.findall(r"^(\w+) *=", example, re.M))
    assert given <= set(bodies)
