"""Tiers of the tests: where a test lies, whom it may import, and what the quick ones never load."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from fixtures.tree import ROOT, python_files, shown

ETL, LOCAL_AWS = ROOT / "tests", ROOT / "lib" / "awsglue_local" / "tests"
TIERS = {
    ETL: {"unit", "conventions", "spark", "integration", "e2e", "terraform", "proof"},
    LOCAL_AWS: {"unit", "integration", "conformance"},
}
TOOLS = {ETL: "fixtures", LOCAL_AWS: "glue_fixtures"}
EVERY_TIER = {"tests", "conftest"}.union(*TIERS.values())


def modules(root: Path) -> list[Path]:
    return [path for path in python_files() if path.is_relative_to(root)]


@cache
def imported(path: Path) -> frozenset[str]:
    """The first parts of the names that a module imports anywhere; "." where it is relative."""
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." if node.level else (node.module or "").partition(".")[0])
    return frozenset(names)


@pytest.mark.parametrize("root", TIERS, ids=shown)
def test_every_test_lies_in_a_tier(root: Path) -> None:
    lost = [
        shown(path)
        for path in modules(root)
        if path.name != "conftest.py"
        and path.relative_to(root).parts[0] != TOOLS[root]
        and not (path.parent.parent == root and path.parent.name in TIERS[root])
    ]
    assert lost == []
    found = {path.parent.name for path in modules(root) if path.name.startswith("test_")}
    assert found == TIERS[root]


@pytest.mark.parametrize("root", TIERS, ids=shown)
def test_a_tier_holds_nothing_but_tests(root: Path) -> None:
    """What two of them share is a tool, in the folder of the tools."""
    others = [
        shown(path)
        for path in modules(root)
        if path.relative_to(root).parts[0] in TIERS[root] and not path.name.startswith("test_")
    ]
    assert others == []


@pytest.mark.parametrize("root", TIERS, ids=shown)
def test_no_module_imports_one_of_a_tier(root: Path) -> None:
    wrong = {
        shown(path): sorted(imported(path) & (EVERY_TIER | {"."}))
        for path in modules(root)
        if imported(path) & (EVERY_TIER | {"."})
    }
    assert wrong == {}


def test_the_local_aws_is_tested_without_the_etl() -> None:
    """Its tests could move elsewhere with it."""
    wrong = {
        shown(path): names
        for path in modules(LOCAL_AWS)
        if (
            names := sorted(
                name for name in imported(path) if name == TOOLS[ETL] or name.startswith("totesys")
            )
        )
    }
    assert wrong == {}


def test_unit_tests_and_conventions_load_no_spark() -> None:
    """Also none that a module of theirs would import: Python refuses it while pytest collects."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    collected = subprocess.run(
        [*command, "-p", "fixtures.no_spark", "tests/unit", "tests/conventions"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert collected.returncode == 0, collected.stdout[-3000:] + collected.stderr[-3000:]
    assert "tests/unit/test_contracts_model.py: " in collected.stdout
