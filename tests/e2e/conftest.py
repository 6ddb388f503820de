"""One deployed platform for the end-to-end tests of a module."""

import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from totesys_demo.deployments import Deployment, TerraformDeployment, YamlDeployment
from totesys_demo.platform import LocalPlatform
from totesys_deploy.artifacts import build_artifacts
from totesys_deploy.errors import TerraformMissing
from totesys_deploy.terraform import provider_folder, terraform_program

FIRST_LIVE_DAY = date(2023, 1, 20)
"""History ends before this Friday: some 500 orders in 12 weeks."""


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and modules as they ship, built once."""
    folder = tmp_path_factory.mktemp("artifacts")
    build_artifacts(folder)
    return folder


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    """How `platform` is deployed; a module may say otherwise."""
    return YamlDeployment()


@pytest.fixture(scope="module")
def postgres_version() -> int:
    """Of totesys and warehouse; a module may say 16, the other one that is embedded."""
    return 18


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory,
    artifacts: Path,
    deployment: Deployment,
    postgres_version: int,
) -> Iterator[LocalPlatform]:
    """A stack with an empty totesys, an empty warehouse and all jobs deployed."""
    state = tmp_path_factory.mktemp("platform") / "state"
    deployed = LocalPlatform(state, deployment=deployment, postgres_version=postgres_version)
    deployed.up(artifacts)
    yield deployed
    deployed.down()


def terraform_is_missing() -> str:
    """Why Terraform can not be used here; empty when it can."""
    try:
        terraform_program()
    except TerraformMissing as error:
        return str(error)
    return "" if provider_folder() else "there is no local copy of the AWS provider"


def terraform_or_yaml() -> Deployment:
    """Terraform where it is; else the local deploy, with a warning that says so."""
    missing = terraform_is_missing()
    if not missing:
        return TerraformDeployment()
    warnings.warn(f"not run on what Terraform makes: {missing}", stacklevel=1)
    return YamlDeployment()
