"""Who may import whom: the contracts of import-linter in pyproject.toml."""

import tomllib
from itertools import chain

import pytest
from importlinter.cli import lint_imports

from conventions.tree import ROOT


def test_every_import_contract_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


def test_every_room_of_totesys_etl_stands_in_a_layer() -> None:
    package = ROOT / "lib" / "totesys_etl"
    rooms = {
        f"totesys_etl.{path.stem}"
        for path in package.iterdir()
        if (path / "__init__.py").is_file() or (path.suffix == ".py" and path.stem[:2] != "__")
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = chain.from_iterable(c["layers"] for c in contracts if c["type"] == "layers")
    assert {room for layer in layers for room in layer.split(" | ")} == rooms
