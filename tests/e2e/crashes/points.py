"""Crash points: before and after every effect that the undisturbed run met, and kills in a row."""

import os
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from e2e.crashes.bench import MOST_ATTEMPTS
from e2e.crashes.effects import Disturbance, Effect

_BOUNDARY = re.compile(
    r"PUT /[\w-]+/_(commits|loaded)/.*|warehouse: (?!SELECT|COMMIT after SELECT).*|bookmark of .*"
)
"""Where a job commits something for good: numbered documents, the warehouse, the bookmark."""
SAMPLE = 2
"""Crash points beside the boundaries that a short run takes of each job."""
IN_A_ROW = int(os.environ.get("CRASHES_IN_A_ROW", str(MOST_ATTEMPTS - 1)))
"""Attempts of one run that are killed, each at its own point, before one is left alone."""
SOAK = bool(os.environ.get("SOAK"))
SEED = int(os.environ.get("CRASH_SEED", str(datetime.now(UTC).toordinal())))
"""Another sample every day."""


@dataclass(frozen=True)
class Point:
    """A moment of one effect."""

    effect: Effect
    disturbance: Disturbance

    def __str__(self) -> str:
        return f"{self.disturbance.value}: {self.effect}"


def all_points(effects: Iterable[Effect]) -> list[Point]:
    """Before and after each effect, in order."""
    kills = (Disturbance.KILLED_BEFORE, Disturbance.KILLED_AFTER)
    return [Point(effect, kill) for effect in effects for kill in kills]


def chosen(points: Sequence[Point], boundaries: bool) -> list[Point]:
    """All of them for `make soak`; else the commit boundaries, if wanted, and a sample."""
    if SOAK:
        return list(points)
    others = [point for point in points if not _BOUNDARY.fullmatch(point.effect.name)]
    taken = set(random.Random(SEED).sample(others, SAMPLE))
    return [p for p in points if p in taken or (boundaries and p not in others)]


class Kills:
    """A plan: each attempt is killed at its point, in order; then no attempt is."""

    def __init__(self, points: Iterable[Point]) -> None:
        self.left = list(points)

    def __call__(self, effect: Effect) -> Disturbance | None:
        if self.left and self.left[0].effect == effect:
            return self.left.pop(0).disturbance
        return None
