"""Terraform of this project in a folder of its own, against any AWS endpoint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from totesys_deploy.artifacts import ROOT
from totesys_deploy.errors import TerraformFailed, TerraformMissing

PROVIDER = "*/hashicorp/aws"
"""Where the AWS provider is in such a folder, below the name of any registry."""
PLUGINS_VARIABLE = "TOTESYS_TERRAFORM_PLUGINS"
_SHELVES = ("/opt/*", "/usr/share/terraform/*", "/usr/local/share/terraform/*")
_OVERRIDES = """terraform {
  backend "local" {}
}
provider "aws" {
  max_retries = 5
}
"""
"""State beside the copy; what the endpoint does not have fails soon, not after many tries."""
MINUTES = 10
PARALLELISM = 4
"""Ten calls at once, Terraform's own choice, now and then lose an answer of a local endpoint on a
busy machine; a creation that is tried again then finds its own result in the way."""


def provider_folder() -> Path | None:
    """A folder for `terraform init -plugin-dir`: $TOTESYS_TERRAFORM_PLUGINS, else one of the usual
    places that holds the AWS provider; None where there is none.
    """
    if os.environ.get(PLUGINS_VARIABLE):
        return Path(os.environ[PLUGINS_VARIABLE])
    own = [Path.home() / ".terraform.d" / "plugins"]
    usual = [folder for shelf in _SHELVES for folder in Path("/").glob(shelf.removeprefix("/"))]
    return next((folder for folder in own + usual if any(folder.glob(PROVIDER))), None)


def terraform_program() -> str:
    """Path of terraform; TerraformMissing without it."""
    found = shutil.which("terraform")
    if found is None:
        raise TerraformMissing("terraform is not on PATH: install Terraform 1.10 or newer")
    return found


class Terraform:
    """A copy of terraform/ (and of what it reads) in `folder`, with state in that folder.

    `variables` as in terraform.tfvars.json; `environment` holds credentials and endpoint.
    """

    def __init__(
        self, folder: Path, variables: Mapping[str, Any], environment: Mapping[str, str]
    ) -> None:
        self.folder = folder / "terraform"
        self.seconds: dict[str, float] = {}
        """How long the last call of each command took."""
        self._program = terraform_program()
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        quick = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        self._environment = kept | quick | dict(environment)
        hidden = shutil.ignore_patterns(".terraform*", "*.tfstate*", "terraform.tfvars")
        shutil.copytree(ROOT / "terraform", self.folder, dirs_exist_ok=True, ignore=hidden)
        shutil.copytree(
            ROOT / "glue_jobs", folder / "glue_jobs", dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )  # fmt: skip
        (self.folder / "local_override.tf").write_text(_OVERRIDES)
        self.set(variables)

    def set(self, variables: Mapping[str, Any]) -> None:
        """Replaces all variables."""
        text = json.dumps(dict(variables), indent=2)
        (self.folder / "terraform.tfvars.json").write_text(text)

    def init(self, module: str = ".") -> None:
        """TerraformMissing when the provider can not be had."""
        plugins = provider_folder()
        options = ["-plugin-dir", str(plugins)] if plugins else []
        try:
            self.run("init", "-input=false", *options, module=module)
        except TerraformFailed as error:
            raise TerraformMissing(
                f"no AWS provider: set {PLUGINS_VARIABLE} to a folder that holds {PROVIDER}, or go "
                f"online\n{error}"
            ) from error

    def apply(self) -> None:
        """Applies without asking."""
        self.run("apply", "-input=false", "-auto-approve")

    def drift(self) -> str:
        """What a plan would change; empty when nothing."""
        code, text = self._call("plan", "-input=false", "-detailed-exitcode")
        if code == 1:
            raise TerraformFailed(text)
        return text if code == 2 else ""

    def destroy(self) -> None:
        """Destroys without asking."""
        self.run("destroy", "-input=false", "-auto-approve")

    def resources(self) -> list[str]:
        """Addresses of all managed resources in the state."""
        lines = self.run("state", "list").splitlines()
        return [line for line in lines if not line.rpartition("]")[2].startswith("data.")
                and ".data." not in line]  # fmt: skip

    def run(self, *arguments: str, module: str = ".") -> str:
        """What Terraform said in folder `module`; TerraformFailed with all of it."""
        code, text = self._call(*arguments, module=module)
        if code:
            raise TerraformFailed(f"terraform {arguments[0]} ended with {code}:\n{text}")
        return text

    def _call(self, *arguments: str, module: str = ".") -> tuple[int, str]:
        colour = [] if arguments[0] in ("state", "fmt") else ["-no-color"]
        if arguments[0] in ("apply", "plan", "destroy"):
            colour = [*colour, f"-parallelism={PARALLELISM}"]
        started = time.monotonic()
        done = subprocess.run(
            [self._program, arguments[0], *arguments[1:], *colour],
            cwd=self.folder / module,
            env=self._environment,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MINUTES * 60,
        )
        self.seconds[arguments[0]] = time.monotonic() - started
        return done.returncode, done.stdout
