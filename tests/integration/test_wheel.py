"""What ships to AWS Glue is totesys_etl and nothing else."""

import email
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import typing_extensions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import find_packages

from awsglue_local.job.glue_modules import DISTRIBUTIONS
from fixtures.tree import ROOT
from totesys_deploy.artifacts import BUNDLE, build_artifacts


@pytest.fixture(scope="module")
def wheels(artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the wheels that ship, unpacked, with their requirements.txt."""
    folder = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(artifacts / BUNDLE) as archive:
        archive.extractall(folder)
    return folder / "wheels"


def test_the_wheel_holds_totesys_etl_and_its_metadata_only(wheels: Path) -> None:
    (wheel,) = wheels.glob("totesys_etl-*.whl")
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


GLUE_VERSIONS = {
    "boto3": "1.40.61", "botocore": "1.40.61", "numpy": "2.3.4", "orjson": "3.11.4",
    "pandas": "2.3.3", "pyarrow": "22.0.0", "pytest": "8.4.2", "python-dateutil": "2.9.0.post0",
    "pytz": "2025.2", "requests": "2.32.5", "s3fs": "2025.10.0", "setuptools": "79.0.1",
    "simplejson": "3.20.2", "typing_extensions": "4.15.0", "tzdata": "2025.2", "urllib3": "2.5.0",
    "uv": "0.9.7",
}  # fmt: skip
"""AWS Glue 5.1's; source: the page that DISTRIBUTIONS names."""
BY_GLUE = {canonicalize_name(name) for name in DISTRIBUTIONS}


@pytest.fixture(scope="module")
def shipped(wheels: Path) -> dict[str, email.message.Message]:
    """Return the metadata of each wheel in the zip, by its file name."""
    return {wheel.name: _metadata(wheel) for wheel in wheels.glob("*.whl")}


@pytest.fixture(scope="module")
def foreign(
    shipped: dict[str, email.message.Message],
) -> dict[str, email.message.Message]:
    """Return those from elsewhere."""
    return {file: m for file, m in shipped.items() if not file.startswith("totesys_etl-")}


def _metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_the_bundle_runs_on_glue_and_replaces_none_of_its_modules(
    foreign: dict[str, email.message.Message],
) -> None:
    names = {canonicalize_name(metadata["Name"]) for metadata in foreign.values()}
    assert names == {"psycopg", "psycopg-binary"}
    assert names & BY_GLUE == set()
    for file in foreign:
        tag = file.removesuffix(".whl").split("-", 2)[2]
        assert tag == "py3-none-any" or (tag.startswith("cp311-cp311-") and "manylinux" in tag)


def test_bundle_and_wheel_need_nothing_that_is_not_there(
    shipped: dict[str, email.message.Message],
    foreign: dict[str, email.message.Message],
) -> None:
    """Complete, so that pip installs it with --no-index, in a VPC without a way out."""
    (etl,) = (metadata for file, metadata in shipped.items() if file not in foreign)
    there = {canonicalize_name(m["Name"]): m["Version"] for m in foreign.values()}
    glue = {"python_version": "3.11", "sys_platform": "linux", "implementation_name": "cpython"}
    for metadata, extra in [(etl, ""), *((m, "binary") for m in foreign.values())]:
        for line in metadata.get_all("Requires-Dist") or ():
            need = Requirement(line)
            if need.marker and not need.marker.evaluate(glue | {"extra": extra}):
                continue
            name = canonicalize_name(need.name)
            assert name in BY_GLUE or there[name] in need.specifier, line


def test_the_same_tree_makes_the_same_bytes(artifacts: Path, tmp_path: Path) -> None:
    assert build_artifacts(tmp_path).read_bytes() == (artifacts / BUNDLE).read_bytes()


def test_pip_installs_the_bundle_without_an_index_and_moves_nothing(
    wheels: Path, tmp_path: Path
) -> None:
    """As AWS Glue does: the zip is the only place pip may look, beside Glue's own modules.

    Those are there by name and version, so pip itself decides what it would change.
    """
    assert BUNDLE.endswith(".gluewheels.zip")
    venv.create(tmp_path / "glue", with_pip=False)
    (site,) = (tmp_path / "glue" / "lib").glob("python3.11/site-packages")
    for name in DISTRIBUTIONS:
        folder = site / f"{name.replace('-', '_')}-{GLUE_VERSIONS[name]}.dist-info"
        folder.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {GLUE_VERSIONS[name]}\n"
        (folder / "METADATA").write_text(text)
    before = {path.name for path in site.glob("*.dist-info")}
    python = tmp_path / "glue" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    where = ["--no-index", "--find-links", str(wheels), "-r", str(wheels / "requirements.txt")]
    subprocess.run([*pip, "install", "--quiet", *where], check=True, capture_output=True)
    added = {path.name.partition("-")[0] for path in site.glob("*.dist-info")} - {
        name.partition("-")[0] for name in before
    }
    assert added == {"psycopg", "psycopg_binary", "totesys_etl"}
    assert {path.name for path in site.glob("*.dist-info")} >= before
    shutil.copy(typing_extensions.__file__, site)
    told = subprocess.run(
        [python, "-c", "import psycopg, totesys_etl.errors; print(psycopg.pq.__impl__)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout == "binary\n"
