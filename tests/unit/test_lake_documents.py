"""Commits and certificates as JSON: what is written is read back, anything else is refused."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from totesys_etl.lake import documents
from totesys_etl.lake.commits import (
    DataFile,
    KeyRange,
    RawCommit,
    RawTable,
    StarCommit,
    StarPartition,
    StarTableState,
)

FILE = DataFile(key="changes/currency/x/00000.parquet", rows=3, bytes=900, sha256="ab" * 32)
RAW = RawCommit(
    batch=1,
    kind="changes",
    run_id="jr_1",
    captured_at=datetime(2026, 11, 22, 10, 0, 0, 123000),
    ingest_date="2026-11-22",
    system_identifier="7300000000000000001",
    database="totesys",
    pg_snapshot="731:731:",
    tables={
        "currency": RawTable(
            contract="0123456789ab",
            columns=("currency_id integer primary key", "currency_code character varying(3)"),
            columns_seen=("currency_id", "currency_code"),
            inserted=3,
            updated=0,
            deleted=0,
            versions=0,
            live=3,
            changes=(FILE,),
            current={"00000": KeyRange(files=(FILE,), rows=3, live=3, fingerprint=2**61 + 1)},
        )
    },
)
STAR = StarCommit(
    number=1,
    run_id="jr_2",
    raw_from=1,
    raw_through=1,
    captured_at=RAW.captured_at,
    versions={"fact_payment": 7},
    contracts={"fact_payment": "0123456789ab"},
    tables={
        "fact_payment": StarTableState(
            partitions={"2024-08": StarPartition(files=(FILE,), rows=3)},
            rewritten=("2024-08",),
            added=3,
            quarantined=0,
            rows=3,
        )
    },
)


@pytest.mark.parametrize("commit", [RAW, STAR], ids=["raw", "star"])
def test_what_is_written_is_read_back(commit: RawCommit | StarCommit) -> None:
    assert documents.from_bytes(type(commit), documents.to_bytes(commit)) == commit


def test_equal_values_give_equal_bytes() -> None:
    turned = replace(
        RAW, tables=dict(reversed({**RAW.tables, "a": RAW.tables["currency"]}.items()))
    )
    straight = replace(RAW, tables={**RAW.tables, "a": RAW.tables["currency"]})

    assert documents.to_bytes(turned) == documents.to_bytes(straight)


def test_a_moment_is_iso_with_milliseconds() -> None:
    assert b'"captured_at": "2026-11-22T10:00:00.123Z"' in documents.to_bytes(RAW)


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 11, 22, 10, 0, 0, 123456), datetime(2026, 11, 22, tzinfo=UTC)],
    ids=["microseconds", "aware"],
)
def test_a_moment_that_would_change_is_not_written(moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"RawCommit.captured_at"):
        documents.to_bytes(replace(RAW, captured_at=moment))


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ('"format": 1', '"format": 2', "format 2, this code knows 1"),
        ('"batch": 1', '"batch": "1"', "RawCommit.batch: '1' is not int"),
        ('"batch": 1', '"batch": true', "RawCommit.batch: True is not int"),
        ('"batch": 1', '"number": 1', r"RawCommit: fields \['batch', 'number'\]"),
        ('"inserted": 3', '"inserted": null', "tables.currency.inserted: None is not int"),
        ("{", "", "not JSON"),
    ],
)
def test_what_this_code_does_not_write_is_refused(written: str, instead: str, message: str) -> None:
    text = documents.to_bytes(RAW).decode()
    changed = text.replace(written, instead, 1)
    assert changed != text

    with pytest.raises(documents.DocumentUnreadable, match=message):
        documents.from_bytes(RawCommit, changed.encode())


def test_a_number_that_is_not_whole_has_no_place() -> None:
    @dataclass(frozen=True)
    class Weight:
        kilograms: float

    with pytest.raises(TypeError, match=r"Weight.kilograms: float"):
        documents.to_bytes(Weight(0.1))
