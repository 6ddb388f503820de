"""What is generated is fresh: the locked packages are those that the projects ask for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from fixtures.tree import ROOT

LOCKS = ("dev", "safety", "checkov", "glue")


def wanted(name: str) -> list[Requirement]:
    """The requirements of an .in file."""
    lines = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Normalized package name -> pinned version and number of hashes."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    pins = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)[^\n]*\n((?:    [^\n]*\n)*)", text, re.M
    )
    return {normal(pin): (version, rest.count("--hash=sha256:")) for pin, version, rest in pins}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_pins_what_is_asked_for(name: str) -> None:
    pins = locked(name)
    unmet = [
        str(requirement)
        for requirement in wanted(name)
        if not requirement.specifier.contains(pins.get(normal(requirement.name), ("0", 0))[0])
        or normal(requirement.name) not in pins
    ]
    assert unmet == [], f"run `make lock`: requirements/{name}.lock lacks them"


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_hashes(name: str) -> None:
    assert [pin for pin, (_, hashes) in locked(name).items() if not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_names_no_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert re.findall(r".*(?:index-url|find-links|trusted-host|://).*", text) == []


@pytest.mark.parametrize("project", [ROOT, ROOT / "lib" / "awsglue_local"])
def test_the_locked_versions_are_ones_the_project_accepts(project: Path) -> None:
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [text for group in metadata["optional-dependencies"].values() for text in group]
    pins = locked("dev")
    for requirement in map(Requirement, [*metadata["dependencies"], *optional]):
        version, _ = pins[normal(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} against {version}"


def test_the_cost_page_is_fresh() -> None:
    from tools.docs.cost import document

    assert (ROOT / "docs" / "cost.md").read_text(encoding="utf-8") == document(), "run `make docs`"


def test_the_page_of_proofs_is_fresh_and_names_tests_for_what_it_says() -> None:
    from tools.docs.promises import DATA, INFRASTRUCTURE
    from tools.docs.proof import document

    assert (ROOT / "docs" / "proof.md").read_text(encoding="utf-8") == document(), "run `make docs`"
    assert all(promise.tests for promise in DATA)
    assert sum(bool(promise.tests) for promise in INFRASTRUCTURE) >= len(INFRASTRUCTURE) - 1


def test_the_page_of_tables_is_fresh_and_lists_every_column() -> None:
    from tools.docs.tables import document
    from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES

    page = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == document(), "run `make docs`"
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", page, re.M | re.S))
    assert set(sections) == {*SOURCE_TABLES, *STAR_TABLES}
    for table in (*SOURCE_TABLES.values(), *STAR_TABLES.values()):
        listed = re.findall(r"^\| `(\w+)` \|", sections[table.name], re.M)
        assert listed == list(table.column_names)


def test_the_readme_of_every_terraform_module_is_fresh() -> None:
    from tools.docs.module_docs import MODULES, PURPOSE, readme

    assert {module.name for module in MODULES.iterdir()} == set(PURPOSE)
    for module in sorted(MODULES.iterdir()):
        text = (module / "README.md").read_text(encoding="utf-8")
        assert text == readme(module), f"run `make docs`: {module.name}"
