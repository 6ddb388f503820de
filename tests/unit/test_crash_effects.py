"""What counts as a side effect of a job, and by which name: all that is not known to be a read."""

import json

import pytest

from fixtures.crashes.aws_gate import effect_name
from fixtures.crashes.effects import Disturbance, Effect, Effects
from fixtures.crashes.points import Kills, Point, all_points
from fixtures.relay import Request

TABLE = {"DatabaseName": "totesys_raw", "TableInput": {"Name": "staff"}, "VersionId": "7"}


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (Request("GET", "/bucket/key", ""), ""),
        (Request("HEAD", "/bucket/key", ""), ""),
        (Request("PUT", "/bucket/key", ""), "PUT /bucket/key"),
        (Request("DELETE", "/bucket/key", ""), "DELETE /bucket/key"),
        (Request("POST", "/bucket?delete", ""), "POST /bucket?delete"),
        (Request("POST", "/", "AWSGlue.GetTable"), ""),
        (Request("POST", "/", "AWSGlue.BatchGetPartition"), ""),
        (
            Request("POST", "/", "AWSGlue.UpdateTable", body=json.dumps(TABLE).encode()),
            "UpdateTable totesys_raw staff",
        ),
        (Request("POST", "/", "AWSGlue.SomethingNew", body=b"{}"), "SomethingNew"),
        (Request("POST", "/", "AWSGlue.Getaway", body=b"{}"), "Getaway"),
        (Request("POST", "/", "", body=b"Action=PutMetricData&Version=1"), "PutMetricData"),
        (Request("POST", "/", "", body=b"Action=ListMetrics&Version=1"), ""),
        (Request("POST", "/service/S/operation/PutMetricData", ""), "PutMetricData"),
    ],
)
def test_everything_is_an_effect_but_what_is_known_to_be_a_read(
    request_: Request, name: str
) -> None:
    assert effect_name(request_) == name


def test_two_runs_that_do_the_same_have_effects_of_the_same_names() -> None:
    effects = Effects()
    for run, case, hour in (("jr_aa", 7, "10"), ("jr_bb_attempt_1", 12, "11")):
        effects.meet(f"PUT /totesys-raw-case{case}/_verified/2026-11-22T{hour}-15-00.000Z-{run}")

    assert effects.met == [
        Effect("PUT /totesys-raw/_verified/<time>-<run>", ordinal) for ordinal in (1, 2)
    ]


def test_attempts_are_killed_each_at_its_point_and_count_anew() -> None:
    ended: list[str] = []
    effects = Effects()
    kills = Kills(all_points([Effect("a", 1), Effect("a", 2)]))
    with effects.planned(kills, lambda: ended.append("killed"), lambda: True):
        for _ in range(5):
            for _ in range(2):
                disturbance = effects.meet("a")
                if disturbance is not None:
                    effects.kill()
                    break

    before, after = Disturbance.KILLED_BEFORE, Disturbance.KILLED_AFTER
    first, second = Effect("a", 1), Effect("a", 2)
    assert effects.struck == [(first, before), (first, after), (second, before), (second, after)]
    assert effects.met == [first, first, first, second, first, second, first, second]
    assert (len(ended), kills.left) == (4, [])
    assert str(Point(second, after)) == "killed after it: a (2)"


def test_what_a_killed_attempt_still_does_is_no_point_of_the_next_one() -> None:
    running = [True]
    effects = Effects()
    first, second = Effect("a", 1), Effect("b", 1)
    kills = Kills(
        [Point(first, Disturbance.KILLED_AFTER), Point(second, Disturbance.KILLED_BEFORE)]
    )
    with effects.planned(kills, running.clear, lambda: bool(running)):
        assert effects.meet("a") is Disturbance.KILLED_AFTER
        assert effects.meet("b") is None  # by another thread, before the kill
        effects.kill()
        assert effects.meet("b") is None  # had begun before the kill
        running.append(True)
        assert effects.meet("b") is Disturbance.KILLED_BEFORE

    assert [effect for effect, _ in effects.struck] == [first, second]
