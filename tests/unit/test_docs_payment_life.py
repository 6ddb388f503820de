"""The rules by which docs/img/payment_life.svg dates what each batch saw."""

from dataclasses import replace
from datetime import datetime, timedelta

from tools.docs.pictures.payment_life import CREATED, EVENTS, SETTLED, as_of, valid_from, versions

INSERT, SETTLEMENT, SILENT_EDIT, DELETE = EVENTS
NOON = datetime(2024, 11, 18, 12)


def test_every_event_counts_from_the_moment_that_the_source_tells_or_the_batch_saw() -> None:
    assert [since for _, since in versions()] == [
        CREATED,
        SETTLED,
        SILENT_EDIT.captured_at,
        DELETE.captured_at,
    ]


def test_a_silent_edit_and_a_delete_count_from_later_than_they_happened() -> None:
    late = [event.what for event, since in versions() if since > event.happened]
    assert late == ["silent edit", "delete"]


def test_a_moment_in_the_future_is_cut_to_the_capture() -> None:
    wrong_clock = replace(SETTLEMENT, last_updated=datetime(2099, 1, 1))
    assert valid_from(wrong_clock, INSERT, CREATED) == SETTLEMENT.captured_at


def test_a_version_is_a_millisecond_after_the_one_before_at_least() -> None:
    backwards = replace(SETTLEMENT, last_updated=CREATED - timedelta(days=1))
    assert valid_from(backwards, INSERT, CREATED) == CREATED + timedelta(milliseconds=1)


def test_what_is_answered_depends_on_what_was_known() -> None:
    assert as_of(NOON, SETTLEMENT.captured_at) == SETTLEMENT.state
    assert as_of(NOON, SILENT_EDIT.captured_at) == SILENT_EDIT.state
    assert as_of(CREATED, DELETE.captured_at) == INSERT.state
    assert as_of(DELETE.captured_at, DELETE.captured_at) == "no row"
    assert as_of(NOON, CREATED) == "no row"
