"""A seed stands for the same sample wherever it is used, and a soak that is resumed goes on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.histories import SMALL, Round, histories, run_histories
from fixtures.seeds import Repeat, seed_of_this_run, seeds_of_a_soak
from fixtures.soak import SoakState, code_digest, unfinished_seed


def drawn(seed: int) -> list[list[Round]]:
    """Return the histories of a seed."""
    drawn: list[list[Round]] = []
    run_histories(histories(SMALL, rounds=2, writes=6), 20, seed, drawn.append)
    return drawn


def test_a_seed_is_the_same_histories_again_and_another_one_others() -> None:
    first = drawn(739946)

    assert len(first) == 20
    assert drawn(739946) == first
    assert drawn(739947) != first


def test_a_history_that_fails_is_reported_at_its_shortest() -> None:
    failed: list[list[Round]] = []

    def fail_on_two_rounds(history: list[Round]) -> None:
        if len(history) == 2:
            failed.append(history)
            raise AssertionError("two rounds")

    with pytest.raises(AssertionError, match="two rounds"):
        run_histories(histories(SMALL, rounds=2, writes=6), 20, 1, fail_on_two_rounds)

    def steps(history: list[Round]) -> int:
        return sum(len(r.before + r.first_look + r.opened + r.reading) for r in history)

    assert steps(failed[-1]) == min(map(steps, failed))


def test_the_seed_is_the_day_unless_one_is_given(tmp_path: Path) -> None:
    today = datetime.now(UTC).toordinal()

    assert seed_of_this_run({}, tmp_path) in (today, datetime.now(UTC).toordinal())
    assert seed_of_this_run({"SEED": "12"}, tmp_path) == 12


def test_a_soak_goes_on_with_the_seed_of_the_interrupted_one(tmp_path: Path) -> None:
    SoakState(tmp_path, "histories", 12, "code")

    assert seed_of_this_run({"SOAK": "1"}, tmp_path) == 12
    assert seed_of_this_run({"SOAK": "1", "SEED": "13"}, tmp_path) == 13
    assert seed_of_this_run({}, tmp_path) != 12


def test_what_an_interrupted_soak_has_done_is_remembered(tmp_path: Path) -> None:
    SoakState(tmp_path, "crash points", 12, "code").add("next load", "a", "b")

    again = SoakState(tmp_path, "crash points", 12, "code")
    again.add("next load", "c")

    assert SoakState(tmp_path, "crash points", 12, "code").done("next load") == ["a", "b", "c"]
    assert again.done("next ingest") == []
    assert SoakState(tmp_path, "histories", 12, "code").done("next load") == []


@pytest.mark.parametrize(("seed", "code"), [(13, "code"), (12, "other code")])
def test_of_another_seed_or_other_code_nothing_is_done(
    tmp_path: Path, seed: int, code: str
) -> None:
    SoakState(tmp_path, "histories", 12, "code").add("two tables", "12")

    assert SoakState(tmp_path, "histories", seed, code).done("two tables") == []


def test_a_finished_soak_is_followed_by_a_new_one(tmp_path: Path) -> None:
    assert unfinished_seed(tmp_path) is None
    histories_of_it = SoakState(tmp_path, "histories", 12, "code")
    crash_points_of_it = SoakState(tmp_path, "crash points", 12, "code")
    histories_of_it.finish()
    assert unfinished_seed(tmp_path) == 12
    crash_points_of_it.finish()
    assert unfinished_seed(tmp_path) is None


def test_a_soak_has_seeds_of_its_own_and_the_first_is_its_name() -> None:
    seeds = seeds_of_a_soak(739946, 500) + seeds_of_a_soak(739947, 500)

    assert seeds[0] == 739946
    assert len(set(seeds)) == 1000


def test_a_change_of_the_code_changes_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "glue_jobs" / "job.py"
    file.parent.mkdir()
    file.write_text("a = 1\n")
    before = code_digest(tmp_path)
    assert code_digest(tmp_path) == before
    file.write_text("a = 2\n")
    assert code_digest(tmp_path) != before


def test_the_command_that_repeats_a_test_names_its_seed() -> None:
    repeat = Repeat("tests/proof/test_crash_points.py::test_x[next-load]")

    assert repeat(12) == (
        "repeat: SEED=12 make test-proof ARGS='tests/proof/test_crash_points.py::test_x[next-load]'"
    )
