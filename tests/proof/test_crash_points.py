"""A job killed by SIGKILL before or after any of its side effects: its retries end where an
undisturbed run ends, in commits, files, catalogue, warehouse and bookmark.

The side effects are those that the undisturbed run was seen to have; nobody lists them. Attempts
are killed in a row, each at the next point, and the last one is left alone. What that attempt finds
done already it does not do again, so points that it does not reach get a run of their own.
Threads of a job race: an effect may have another number than in the run that is looked at, but
has the same name.
"""

import time
from collections.abc import Iterator

import pytest

from fixtures.crashes.baselines import NEXT, SCENARIOS, Baseline, Baselines
from fixtures.crashes.contents import contents
from fixtures.crashes.environment import INGEST, JOBS, LOAD, TRANSFORM, Environment
from fixtures.crashes.faults import DiskFull, Faults
from fixtures.crashes.points import (
    FIXED,
    IN_A_ROW,
    Kills,
    Point,
    all_points,
    boundaries,
    in_order,
    sample,
)
from fixtures.reporting import Report
from fixtures.seeds import SEED, SOAK, Repeat
from fixtures.soak import FOLDER, SoakState, code_digest

JOB_OF_THE_DAY = JOBS[SEED % len(JOBS)]
"""The job whose very first run is tried by a short test run too."""
RUNS = [(scenario, job) for scenario in SCENARIOS for job in JOBS]
COVERED = "runs all of whose points are covered"
FAULTS = [(job, first) for job in JOBS for first in range(4)]
"""A job and the kind of fault that its first effect has; a short test run tries one of them."""


@pytest.fixture(scope="module")
def soak_state() -> Iterator[SoakState | None]:
    """Yield what a soak has covered already; None in a short test run."""
    if not SOAK:
        yield None
        return
    state = SoakState(FOLDER, "crash points", SEED, code_digest())
    yield state
    if set(state.done(COVERED)) == {f"{scenario} {job}" for scenario, job in RUNS}:
        state.finish()


@pytest.mark.parametrize(("scenario", "job"), RUNS)
def test_killed_anywhere_the_retries_end_like_an_undisturbed_run(
    baselines: Baselines,
    report: Report,
    repeat: Repeat,
    soak_state: SoakState | None,
    scenario: str,
    job: str,
) -> None:
    baseline = baselines.baseline(scenario, job)
    existing = all_points(baseline.effects)
    wanted, title = chosen(scenario, job, existing), f"{scenario} {job}"
    covered = soak_state.done(title) if soak_state else []
    waiting = [point for point in wanted if str(point) not in covered]
    began = time.monotonic()

    def report_progress() -> None:
        report(
            f"crash points, {title}: {len(wanted) - len(waiting)} of {len(wanted)} covered "
            f"(there are {len(existing)}), {time.monotonic() - began:.0f} s; {repeat()}"
        )

    try:
        while waiting:
            reached = kill_in_a_row(baselines, baseline, waiting)
            waiting = [point for point in waiting if point not in reached]
            if soak_state:
                soak_state.add(title, *map(str, reached))
                report_progress()
    finally:
        report_progress()
    if soak_state:
        soak_state.add(COVERED, title)


def chosen(scenario: str, job: str, existing: list[Point]) -> list[Point]:
    """Return the points that this test run covers."""
    if SOAK:
        return existing
    fixed = FIXED.get((scenario, job), ())
    if scenario == NEXT:
        return in_order(existing, fixed, sample(existing, SEED), boundaries(existing))
    return in_order(existing, fixed, sample(existing, SEED) if job == JOB_OF_THE_DAY else ())


def kill_in_a_row(baselines: Baselines, baseline: Baseline, points: list[Point]) -> list[Point]:
    """Run the job, killed at these points as far as it reaches them, and compare.

    Returns:
        The points that it reached: the first ones.
    """
    kills = Kills(points[:IN_A_ROW])
    outcome = baselines.gated.run(baseline.copy(), baseline.job, kills)
    reached = points[: len(outcome.struck)]
    killed = "\n".join(map(repr, reached))
    assert reached, f"{baseline.job} never reached: {points[0]}"
    assert outcome.states == ["FAILED"] * len(reached) + ["SUCCEEDED"], killed
    assert {a.error_message for a in outcome.attempts[:-1]} == {
        "The job's process was ended by SIGKILL"
    }, killed
    assert_equal(outcome.environment, baseline, killed)
    return reached


def test_the_alarm_on_quarantine_is_told_before_the_commit_that_no_retry_repeats(
    baselines: Baselines,
) -> None:
    names = [effect.name for effect in baselines.baseline(NEXT, TRANSFORM).effects]
    commit = names.index("PUT /totesys-processed/_commits/00000002.json")
    assert names.index("PutMetricData") < commit


@pytest.mark.parametrize(("job", "first"), FAULTS if SOAK else [FAULTS[SEED % len(FAULTS)]])
def test_answers_lost_refusals_and_resets_at_every_effect(
    baselines: Baselines, report: Report, repeat: Repeat, job: str, first: int
) -> None:
    report(f"faults, {job}: the kind that is number {first} first; {repeat()}")
    baseline = baselines.baseline(NEXT, job)

    outcome = baselines.gated.run(baseline.copy(), job, Faults(first))

    struck = "\n".join(f"{disturbance.value}: {effect}" for effect, disturbance in outcome.struck)
    by_aws = {e.name for e in baseline.effects if not e.name.startswith(("bookmark", "warehouse"))}
    assert by_aws <= {effect.name for effect, _ in outcome.struck}, struck
    assert outcome.states[-1] == "SUCCEEDED", outcome.attempts
    cut = [attempt.error_message or "" for attempt in outcome.attempts[:-1]]
    # Of the warehouse a job can only say that it went away; its retry finds out what was done.
    assert all(message.startswith("WarehouseUnreachable") for message in cut), cut
    # The load's own commit is cut before and after it is made, and one that only reads.
    commits = ["during commit 2: " in message for message in cut]
    assert commits == ([False, True, True] if job == LOAD else []), struck
    assert_equal(outcome.environment, baseline, struck)


def test_a_full_disk_under_the_spool_fails_the_attempt_and_nothing_else(
    baselines: Baselines,
) -> None:
    baseline = baselines.baseline(NEXT, INGEST)

    outcome = baselines.gated.run(
        baseline.copy(), INGEST, DiskFull(lambda: baselines.gated.sessions(INGEST))
    )

    assert outcome.states == ["FAILED", "SUCCEEDED"], outcome.attempts
    message, log = outcome.attempts[0].error_message, outcome.attempts[0].log
    assert message is not None
    assert log is not None
    lines = log.read_text()
    assert message.startswith("WorkerDiskFull: the disk of a worker is full"), lines
    assert "File too large" in message
    assert '"event": "candidates"' in lines  # the run had got as far as the spool,
    assert '"event": "snapshot_released"' not in lines  # and not past it
    assert_equal(outcome.environment, baseline, "a full disk")


def assert_equal(environment: Environment, baseline: Baseline, struck: str) -> None:
    """Check that the environment is as the undisturbed run left its own; then remove it."""
    expected, actual = baseline.expected, contents(environment)
    differing = {
        name: (expected.get(name), actual.get(name))
        for name in sorted(expected.keys() | actual.keys())
        if expected.get(name) != actual.get(name)
    }
    assert not differing, f"{struck}\ndiffers: {list(differing)}: {next(iter(differing.values()))}"
    environment.remove()
