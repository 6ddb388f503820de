"""Arguments of the ingest that a person may set: what is taken, what is refused."""

import pytest

from totesys_etl.errors import SettingInvalid
from totesys_etl.ingest.settings import IngestSettings

GIVEN = {
    "JOB_NAME": "ingest_totesys",
    "JOB_RUN_ID": "jr_1",
    "source_connection": "totesys",
    "raw_bucket": "raw",
    "work_bucket": "work",
    "processed_bucket": "processed",
    "raw_database": "totesys_raw",
}


def test_what_is_not_given_has_a_default() -> None:
    settings = IngestSettings.from_arguments(GIVEN)
    assert (settings.compare, settings.snapshot_seconds) == ("ranges", 900)
    assert settings.allow_mass_delete == frozenset()


@pytest.mark.parametrize("compare", ["ranges", "whole", "scrub"])
def test_ways_to_compare(compare: str) -> None:
    assert IngestSettings.from_arguments(GIVEN | {"compare": compare}).compare == compare


def test_minutes_of_a_snapshot() -> None:
    assert IngestSettings.from_arguments(GIVEN | {"snapshot_minutes": "2"}).snapshot_seconds == 120


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"compare": "all"}, "--compare 'all': use ranges, whole or scrub"),
        ({"snapshot_minutes": "0"}, "--snapshot_minutes '0': use a whole number from 1 on"),
        ({"snapshot_minutes": "1.5"}, "--snapshot_minutes '1.5': use a whole number"),
        ({"raw_bucket": " "}, "--raw_bucket is empty"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingInvalid, match=told):
        IngestSettings.from_arguments(GIVEN | given)
