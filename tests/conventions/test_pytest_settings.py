"""pytest reads one configuration: the project's, or the local AWS's for its tests alone."""

import tomllib
from typing import Any

from fixtures.tree import ROOT

OWN_PLACES = {"testpaths", "pythonpath"}


def settings(folder: str) -> dict[str, Any]:
    text = (ROOT / folder / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["tool"]["pytest"]["ini_options"]
    return {name: value for name, value in found.items() if name not in OWN_PLACES}


def test_both_configurations_of_pytest_say_the_same() -> None:
    assert settings(".") == settings("lib/awsglue_local")
