"""A job killed by SIGKILL before or after any of its side effects: its retries end where an
undisturbed run ends, in commits, files, catalogue, warehouse and bookmark.

The side effects are those that the undisturbed run was seen to have; nobody lists them. Attempts
are killed in a row, each at the next point, and the last one is left alone. What that attempt finds
done already it does not do again, so points that it does not come to get a run of their own.
Threads of a job race: an effect may have another number than in the run that is looked at, but
has the same name.
"""

import time

import pytest

from fixtures.crashes.contents import contents
from fixtures.crashes.faults import DiskFull, Faults
from fixtures.crashes.place import INGEST, JOBS, LOAD, TRANSFORM, Place
from fixtures.crashes.points import IN_A_ROW, SEED, SOAK, Kills, Point, all_points, chosen
from fixtures.crashes.stages import NEXT, SCENES, Stage, Stages
from fixtures.reporting import Report

LUCKY_JOB = JOBS[SEED % len(JOBS)]
"""The job whose very first run is tried by a short test run too."""


@pytest.mark.parametrize(("scene", "job"), [(scene, job) for scene in SCENES for job in JOBS])
def test_killed_anywhere_the_retries_end_like_an_undisturbed_run(
    stages: Stages, report: Report, scene: str, job: str
) -> None:
    stage = stages.stage(scene, job)
    existing = all_points(stage.effects)
    wanted = scene == NEXT or job == LUCKY_JOB
    waiting = chosen(existing, boundaries=scene == NEXT) if wanted or SOAK else []
    began, tried = time.monotonic(), len(waiting)
    while waiting:
        reached = kill_in_a_row(stages, stage, waiting)
        waiting = [point for point in waiting if point not in reached]
    seconds = time.monotonic() - began
    seed = "" if SOAK else f" (CRASH_SEED={SEED})"
    report(
        f"crash points, {scene} {job}: {tried} of {len(existing)} covered, {seconds:.0f} s{seed}"
    )


def kill_in_a_row(stages: Stages, stage: Stage, points: list[Point]) -> list[Point]:
    """Runs the job, killed at these points as far as it comes to them, and compares."""
    kills = Kills(points[:IN_A_ROW])
    outcome = stages.harness.run(stage.copy(), stage.job, kills)
    reached = points[: len(outcome.struck)]
    told = "\n".join(map(str, reached))
    assert reached, f"{stage.job} never came to: {points[0]}"
    assert outcome.states == ["FAILED"] * len(reached) + ["SUCCEEDED"], told
    assert {a.error_message for a in outcome.attempts[:-1]} == {
        "The job's process was ended by SIGKILL"
    }, told
    assert_equal(outcome.place, stage, told)
    return reached


def test_the_alarm_on_quarantine_is_told_before_the_commit_that_no_retry_repeats(
    stages: Stages,
) -> None:
    names = [effect.name for effect in stages.stage(NEXT, TRANSFORM).effects]
    commit = names.index("PUT /totesys-processed/_commits/00000002.json")
    assert names.index("PutMetricData") < commit


@pytest.mark.parametrize("first", range(4) if SOAK else [SEED % 4])
@pytest.mark.parametrize("job", JOBS)
def test_answers_lost_refusals_and_resets_at_every_effect(
    stages: Stages, job: str, first: int
) -> None:
    stage = stages.stage(NEXT, job)

    outcome = stages.harness.run(stage.copy(), job, Faults(first))

    told = "\n".join(f"{disturbance.value}: {effect}" for effect, disturbance in outcome.struck)
    by_aws = {e.name for e in stage.effects if not e.name.startswith(("bookmark", "warehouse"))}
    assert by_aws <= {effect.name for effect, _ in outcome.struck}, told
    assert outcome.states[-1] == "SUCCEEDED", outcome.attempts
    cut = [attempt.error_message or "" for attempt in outcome.attempts[:-1]]
    # Of the warehouse a job can only say that it went away; its retry finds out what was done.
    assert all(message.startswith("WarehouseUnreachable") for message in cut), cut
    # The load's own commit is cut before and after it is made, and one that only reads.
    commits = ["during commit 2: " in message for message in cut]
    assert commits == ([False, True, True] if job == LOAD else []), told
    assert_equal(outcome.place, stage, told)


def test_a_full_disk_under_the_spool_fails_the_attempt_and_nothing_else(stages: Stages) -> None:
    stage = stages.stage(NEXT, INGEST)

    outcome = stages.harness.run(
        stage.copy(), INGEST, DiskFull(lambda: stages.harness.sessions(INGEST))
    )

    assert outcome.states == ["FAILED", "SUCCEEDED"], outcome.attempts
    message, log = outcome.attempts[0].error_message, outcome.attempts[0].log
    assert message is not None
    assert log is not None
    told = log.read_text()
    assert message.startswith("WorkerDiskFull: the disk of a worker is full"), told
    assert "File too large" in message
    assert '"event": "candidates"' in told  # the run had come to the spool,
    assert '"event": "snapshot_released"' not in told  # and not past it
    assert_equal(outcome.place, stage, "a full disk")


def assert_equal(place: Place, stage: Stage, told: str) -> None:
    """The place is as the undisturbed run left its own; then it is thrown away."""
    found = contents(place)
    differing = {
        name: (stage.expected.get(name), found.get(name))
        for name in sorted(stage.expected.keys() | found.keys())
        if stage.expected.get(name) != found.get(name)
    }
    assert not differing, f"{told}\ndiffers: {list(differing)}: {next(iter(differing.values()))}"
    place.remove()
