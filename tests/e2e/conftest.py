"""One deployed platform for the end-to-end tests of a module."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from totesys_demo.platform import LocalPlatform
from totesys_demo.wheel import build_wheel

FIRST_LIVE_DAY = date(2023, 1, 20)
"""History ends before this Friday: some 500 orders in 12 weeks."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it ships, built once."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Iterator[LocalPlatform]:
    """A stack with an empty totesys, an empty warehouse and all jobs deployed."""
    deployed = LocalPlatform(tmp_path_factory.mktemp("platform") / "state")
    deployed.up(wheel)
    yield deployed
    deployed.down()
