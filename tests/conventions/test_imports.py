"""Who may import whom: the contracts of import-linter in pyproject.toml."""

import ast
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from fixtures.tree import ROOT


def test_every_import_contract_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("package", ["lib/totesys_etl", "lib/awsglue_local/awsglue_local"])
def test_every_room_stands_in_a_layer(package: str) -> None:
    folder = ROOT / package
    rooms = {
        f"{folder.name}.{path.stem}"
        for path in folder.iterdir()
        if (path / "__init__.py").is_file() or (path.suffix == ".py" and path.stem[:2] != "__")
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = chain.from_iterable(c["layers"] for c in contracts if c["type"] == "layers")
    listed = {room for layer in layers for room in layer.split(" | ")}
    assert {room for room in listed if room.startswith(f"{folder.name}.")} == rooms


CONFORMANCE = sorted((ROOT / "lib" / "awsglue_local" / "tests" / "conformance").glob("*.py"))


@pytest.mark.parametrize("path", CONFORMANCE, ids=lambda path: path.name)
def test_a_test_of_awss_promises_imports_awss_names_only(path: Path) -> None:
    imported: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported += [f"{node.module}.{alias.name}" for alias in node.names]
    ours = [n for n in imported if n.startswith(("awsglue_local", "awsglue._", "totesys"))]
    assert ours == []
    assert len(CONFORMANCE) >= 8
