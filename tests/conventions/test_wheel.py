"""What ships to AWS Glue is totesys_etl and nothing else."""

import tomllib
import zipfile
from pathlib import Path

from setuptools import find_packages

from conventions.tree import ROOT
from totesys_demo.wheel import build_wheel


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
