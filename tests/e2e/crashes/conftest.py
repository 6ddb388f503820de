"""One platform for all crash tests, with a gate in each way out of a job."""

from collections.abc import Iterator

import pytest

from e2e.crashes.bench import gated
from e2e.crashes.stages import Stages
from totesys_demo.platform import SOURCE, LocalPlatform


@pytest.fixture(scope="module")
def stages(platform: LocalPlatform) -> Iterator[Stages]:
    """Where cases start, and what they have to end like."""
    with platform.connect(SOURCE) as source, gated(platform) as bench:
        yield Stages(bench, source)
