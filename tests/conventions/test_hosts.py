"""The project stands anywhere: no package registry's host, no path of somebody's machine."""

import re
from pathlib import Path

import pytest

from fixtures.tree import files, shown

REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|maven\.org|maven\.apache\.org|registry\.npmjs|"
    r"registry\.terraform\.io|conda\.anaconda|jfrog\.|artifac[t]ory|proxy\.golang\.org|"
    r"--(?:extra-)?index-url[ =]\S",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w.$})\]])/(?:home|Users|root|work|tmp|mnt)/[\w.~-]+")
"""A path below a folder that is different on every machine."""

SIMULATED_PATHS = {
    "lib/totesys_simulator/seed.py": {"/home" + "/user"},
    "lib/totesys_simulator/values.py": {"/home" + "/user"},
}
"""Values of design.file_location, as totesys has them."""

LICENCE_TEXT = {"LICENSE"}


def found(pattern: re.Pattern[str]) -> dict[str, set[str]]:
    hits = {shown(path): set(pattern.findall(text)) for path, text in texts()}
    return {name: hit for name, hit in hits.items() if hit and name not in LICENCE_TEXT}


def texts() -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in files()]


def test_no_file_names_a_package_registry() -> None:
    assert found(REGISTRIES) == {}


def test_no_file_holds_a_path_of_a_machine() -> None:
    assert found(MACHINE_PATHS) == SIMULATED_PATHS


@pytest.mark.parametrize("text", ["see /home/" + "ann/x", '"/tmp/' + 'demo.out"', "(/wo" + "rk/a)"])
def test_a_path_of_a_machine_is_noticed(text: str) -> None:
    assert MACHINE_PATHS.search(text)


@pytest.mark.parametrize(
    "text", ["docs/home/x", "${STATE}/wo" + "rk/x", "s3://bucket/tmp/x", "/usr/lib"]
)
def test_other_paths_are_not(text: str) -> None:
    assert not MACHINE_PATHS.search(text)
