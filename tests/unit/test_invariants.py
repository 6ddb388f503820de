"""Conservation laws over commits that somebody has changed one number of."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from totesys_etl.audit.invariants import (
    certificate_invariants,
    quarantined,
    raw_invariants,
    star_invariants,
)
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.lake_tables import DIM_DELETION, FACT_DELETION, QUARANTINE
from totesys_etl.lake.certificates import Certificate, TableCertificate
from totesys_etl.lake.commits import (
    CHANGES,
    DataFile,
    KeyRange,
    RawCommit,
    RawTable,
    StarCommit,
    StarTableState,
)

AT = datetime(2026, 11, 22)
FACTS = {name: str(t.source) for name, t in STAR_TABLES.items() if name.startswith("fact_")}


def table(inserted: int, updated: int, deleted: int, live: int, versions: int) -> RawTable:
    changed = inserted + updated + deleted
    return RawTable(
        contract="c",
        columns=(),
        columns_seen=(),
        inserted=inserted,
        updated=updated,
        deleted=deleted,
        versions=versions,
        live=live,
        changes=(DataFile("k", changed, 1, "0"),) if changed else (),
        current={"00000": KeyRange((), live, live, 7)},
    )


def raw(batch: int, **tables: RawTable) -> RawCommit:
    every = {name: tables.get(name, table(0, 0, 0, 0, 0)) for name in SOURCE_TABLES}
    return RawCommit(batch, CHANGES, "jr", AT, "2026-11-22", "1", "totesys", "1:1:", every)


RAW = (
    raw(1, payment=table(10, 0, 0, 10, 10), staff=table(3, 0, 0, 3, 0)),
    raw(2, payment=table(2, 3, 1, 11, 15), staff=table(0, 0, 0, 3, 0)),
)


def star(number: int, versions: int, **payment: int) -> StarCommit:
    nothing = StarTableState({}, (), 0, 0, 0)
    names = [*STAR_TABLES, FACT_DELETION.name, DIM_DELETION.name, QUARANTINE.name]
    tables = dict.fromkeys(names, nothing)
    tables["fact_payment"] = replace(nothing, **payment)
    counted = {name: versions if name == "fact_payment" else 0 for name in FACTS}
    return StarCommit(number, "jr", number, number, AT, counted, {}, tables)


STARS = (
    star(1, 10, added=9, quarantined=1, rows=9),
    star(2, 15, added=5, quarantined=0, rows=14),
)


def test_commits_that_add_up_break_no_law() -> None:
    assert list(raw_invariants(RAW)) == []
    assert list(star_invariants(STARS, RAW)) == []
    assert quarantined(STARS, "fact_payment") == 1
    rebuilt = replace(star(3, 15, added=0, quarantined=0, rows=14), raw_from=3, raw_through=2)
    assert list(star_invariants((*STARS, rebuilt), RAW)) == []


def test_a_commit_that_puts_rebuilt_files_in_service_holds_no_batch() -> None:
    swap = replace(star(3, 15, added=0, quarantined=0, rows=14), raw_from=3, raw_through=2)
    assert list(star_invariants((*STARS, swap), RAW)) == []
    back = replace(swap, raw_through=1)
    told = "processed commit 3: batches 3 to 1 do not follow batch 2"
    assert next(star_invariants((*STARS, back), RAW)).startswith(told)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"inserted": 3}, "batch 2, payment: 10 rows before + 3 inserted - 1 deleted are not 11"),
        ({"live": 12}, "batch 2, payment: 11 live rows in its key ranges, not 12"),
        ({"updated": 4}, "batch 2, payment: 6 rows in its files of changes, 7 counted"),
        ({"updated": 10}, "batch 2, payment: more rows updated and deleted than the 10 there were"),
        ({"changes": ()}, "batch 2, payment: 0 rows in its files of changes, 6 counted"),
    ],
)
def test_every_number_of_a_batch_counts(changed: dict[str, Any], told: str) -> None:
    tables = dict(RAW[1].tables)
    tables["payment"] = replace(tables["payment"], **changed)
    found = list(raw_invariants((RAW[0], replace(RAW[1], tables=tables))))
    assert any(one.startswith(told) for one in found), found
    assert all("payment" in one for one in found)


@pytest.mark.parametrize(
    ("commit", "told"),
    [
        (star(2, 15, added=4, quarantined=0, rows=14), "5 versions are not 4 loaded + 0 quaran"),
        (star(2, 16, added=6, quarantined=0, rows=15), "16 versions, batch 2 has 15"),
        (star(2, 15, added=5, quarantined=0, rows=13), "9 rows before + 5 are not 13"),
        (replace(STARS[1], raw_from=3, raw_through=3), "batches 3 to 3 do not follow batch 1"),
    ],
)
def test_every_number_of_a_processed_commit_counts(commit: StarCommit, told: str) -> None:
    found = list(star_invariants((STARS[0], commit), RAW))
    assert any(told in one for one in found), found
    assert all(one.startswith("processed commit 2") for one in found)


def test_the_certificate_is_of_its_batch() -> None:
    proofs = {
        name: TableCertificate(t.live, 1, "7", 0, 0, 0, 0, 0, ())
        for name, t in RAW[1].tables.items()
    }
    certificate = Certificate("jr_1", AT, 2, AT, AT, "1:1:", True, proofs)
    assert list(certificate_invariants(certificate, RAW[1])) == []
    proofs["staff"] = replace(proofs["staff"], fingerprint="8")
    assert list(certificate_invariants(replace(certificate, tables=proofs), RAW[1])) == [
        "certificate of run jr_1: staff is not batch 2's"
    ]
