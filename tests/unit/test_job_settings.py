"""Arguments of the jobs: declared once, what a person may set, what is refused."""

import pytest

from totesys_etl.errors import SettingInvalid
from totesys_etl.ingest.settings import IngestSettings
from totesys_etl.job import JobSettings
from totesys_etl.load.settings import LoadSettings
from totesys_etl.transform.settings import TransformSettings

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
    assert (settings.compare, settings.snapshot_minutes) == ("ranges", 15)
    assert settings.allow_mass_delete == frozenset()


@pytest.mark.parametrize("compare", ["ranges", "whole", "scrub"])
def test_ways_to_compare(compare: str) -> None:
    assert IngestSettings.from_arguments(GIVEN | {"compare": compare}).compare == compare


def test_minutes_of_a_snapshot() -> None:
    assert IngestSettings.from_arguments(GIVEN | {"snapshot_minutes": "2"}).snapshot_minutes == 2


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


def test_tables_that_may_lose_rows_are_tables() -> None:
    settings = IngestSettings.from_arguments(GIVEN | {"allow_mass_delete": "staff, stuff"})
    assert settings.allow_mass_delete == {"staff", "stuff"}
    with pytest.raises(SettingInvalid, match="--allow_mass_delete names stuff, which are no"):
        settings.check_tables(["staff", "design"])
    settings.check_tables(["staff", "stuff"])


def test_a_script_asks_glue_for_what_is_required_and_for_options_that_are_given() -> None:
    asked = IngestSettings.options(["ingest_totesys.py", "--compare", "whole"])
    assert asked == [
        "JOB_NAME", "source_connection", "raw_bucket", "work_bucket", "processed_bucket",
        "raw_database", "compare",
    ]  # fmt: skip
    assert IngestSettings.required() == set(GIVEN) - {"JOB_NAME", "JOB_RUN_ID"}
    assert IngestSettings.optional() == {"allow_mass_delete", "compare", "snapshot_minutes"}


def test_a_run_outside_glue_gets_an_id_of_its_own() -> None:
    given = {name: value for name, value in GIVEN.items() if name != "JOB_RUN_ID"}
    ids = {IngestSettings.from_arguments(given).run_id for _ in range(2)}
    assert len(ids) == 2
    assert all(run_id.startswith("jr_") for run_id in ids)


@pytest.mark.parametrize("settings", [TransformSettings, LoadSettings])
def test_a_rebuild_is_a_swap_or_is_refused(settings: type[JobSettings]) -> None:
    given = GIVEN | {"star_database": "totesys_star", "warehouse_connection": "warehouse"}
    settings.from_arguments(given | {"rebuild": "swap"})
    with pytest.raises(SettingInvalid, match="--rebuild 'compare': use swap"):
        settings.from_arguments(given | {"rebuild": "compare"})
