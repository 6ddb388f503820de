"""Who may import whom: the contracts of import-linter in pyproject.toml."""

import tomllib
from itertools import chain

import pytest
from importlinter.cli import lint_imports

from conventions.tree import ROOT


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
