"""What ships to AWS Glue is totesys_etl and nothing else."""

import email
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import find_packages

from awsglue_local.job.glue_modules import DISTRIBUTIONS
from conventions.tree import ROOT
from totesys_deploy.artifacts import build_artifacts, build_wheel, bundle_modules


def test_the_wheel_holds_totesys_etl_and_its_metadata_only(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    metadata = {name for name in names if ".dist-info/" in name}
    package = ROOT / "lib" / "totesys_etl"
    sources = {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert names - metadata == sources
    assert {name.partition("/")[0].partition("-")[0] for name in metadata} == {"totesys_etl"}
    assert any(name.endswith("licenses/LICENSE") for name in metadata)


def test_a_build_from_the_whole_tree_takes_no_other_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    find = settings["tool"]["setuptools"]["packages"]["find"]
    assert find["where"] == ["lib"]
    taken = find_packages(str(ROOT / "lib"), include=find["include"])
    assert {name.partition(".")[0] for name in taken} == {"totesys_etl"}


BY_GLUE = {canonicalize_name(name) for name in DISTRIBUTIONS}


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, email.message.Message]:
    """Metadata of each wheel in modules.zip, by the wheel's file name."""
    found = {}
    with zipfile.ZipFile(bundle_modules(tmp_path_factory.mktemp("bundle"))) as bundle:
        for name in bundle.namelist():
            with zipfile.ZipFile(bundle.open(name)) as wheel:
                metadata = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
                found[name] = email.message_from_bytes(wheel.read(metadata))
    return found


def test_the_bundle_runs_on_glue_and_replaces_none_of_its_modules(
    bundled: dict[str, email.message.Message],
) -> None:
    names = {canonicalize_name(metadata["Name"]) for metadata in bundled.values()}
    assert names == {"psycopg", "psycopg-binary"}
    assert names & BY_GLUE == set()
    for file in bundled:
        tag = file.removesuffix(".whl").split("-", 2)[2]
        assert tag == "py3-none-any" or (tag.startswith("cp311-cp311-") and "manylinux" in tag)


def test_bundle_and_wheel_need_nothing_that_is_not_there(
    bundled: dict[str, email.message.Message], tmp_path: Path
) -> None:
    """Complete, so that pip installs it with --no-index, in a VPC without a way out."""
    with zipfile.ZipFile(build_wheel(tmp_path)) as wheel:
        own = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        etl = email.message_from_bytes(wheel.read(own))
    there = {canonicalize_name(m["Name"]): m["Version"] for m in bundled.values()}
    glue = {"python_version": "3.11", "sys_platform": "linux", "implementation_name": "cpython"}
    for metadata, extra in [(etl, ""), *((m, "binary") for m in bundled.values())]:
        for line in metadata.get_all("Requires-Dist") or ():
            need = Requirement(line)
            if need.marker and not need.marker.evaluate(glue | {"extra": extra}):
                continue
            name = canonicalize_name(need.name)
            assert name in BY_GLUE or there[name] in need.specifier, line


def test_the_same_tree_makes_the_same_bytes(tmp_path: Path) -> None:
    made = [[file.read_bytes() for file in build_artifacts(tmp_path / name)] for name in "ab"]
    assert made[0] == made[1]
