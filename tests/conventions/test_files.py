"""Sizes and names of files."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from fixtures.tree import ROOT, files, python_files, shown

LARGEST_BYTES = 1_000_000
NAMELESS = {"utils", "helpers", "common", "base", "misc"}
AWS_OWN_NAMES = {"lib/awsglue_local/awsglue/utils.py"}
"""AWS calls it awsglue.utils, and job scripts import it under that name."""


def too_long(paths: Iterable[Path], limit: int) -> dict[str, int]:
    lines = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return {name: count for name, count in lines.items() if count > limit}


def test_there_are_files_to_look_at() -> None:
    assert len(python_files()) > 100


def test_no_file_is_larger_than_a_megabyte() -> None:
    assert {shown(p): p.stat().st_size for p in files() if p.stat().st_size > LARGEST_BYTES} == {}


def test_python_files_have_at_most_400_lines() -> None:
    assert too_long(python_files(), 400) == {}


def test_job_scripts_have_at_most_60_lines() -> None:
    scripts = list((ROOT / "glue_jobs").glob("*.py"))
    assert len(scripts) == 5
    assert too_long(scripts, 60) == {}


def test_conftests_have_at_most_100_lines() -> None:
    assert too_long([p for p in python_files() if p.name == "conftest.py"], 100) == {}


def test_the_makefile_has_at_most_150_lines() -> None:
    assert too_long([ROOT / "Makefile"], 150) == {}


def test_every_module_and_package_has_a_name_that_says_something() -> None:
    nameless = {
        shown(path)
        for path in python_files()
        if NAMELESS & {path.stem, *path.relative_to(ROOT).parts[:-1]}
    }
    assert nameless == AWS_OWN_NAMES


def test_coverage_measures_every_job_script() -> None:
    """By its name: a run executes its own copy, which lies nowhere below the project."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    measured = settings["tool"]["coverage"]["run"]["source_pkgs"]
    scripts = {path.stem for path in (ROOT / "glue_jobs").glob("*.py")}
    assert scripts
    assert scripts - set(measured) == set()
