"""A contract's version: the same everywhere, another one after any change of shape."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.lake_tables import changes
from totesys_etl.contracts.model import SourceColumn, SourceTable
from totesys_etl.contracts.types import Integer, Text, Timestamp
from totesys_etl.contracts.version import contract_version

LIB = Path(__file__).parents[2] / "lib"
TOTE = SourceTable(
    name="tote",
    grain="one tote bag",
    columns=(
        SourceColumn("tote_id", Integer()),
        SourceColumn("colour", Text()),
        SourceColumn("created_at", Timestamp()),
        SourceColumn("last_updated", Timestamp()),
    ),
    primary_key="tote_id",
)


def with_colour(**change: Any) -> SourceTable:
    columns = tuple(replace(c, **change) if c.name == "colour" else c for c in TOTE.columns)
    return replace(TOTE, columns=columns)


def test_the_version_is_twelve_hexadecimal_digits_and_never_moves() -> None:
    assert contract_version(TOTE) == "921f8ac44d94"


def test_another_process_says_the_same() -> None:
    program = (
        "from totesys_etl.contracts import STAR_TABLES\n"
        "from totesys_etl.contracts.version import contract_version\n"
        "print(contract_version(STAR_TABLES['fact_payment']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(LIB), "PYTHONHASHSEED": "7"}
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert said == contract_version(STAR_TABLES["fact_payment"])


@pytest.mark.parametrize(
    "changed",
    [
        with_colour(name="color"),
        with_colour(type=Integer()),
        with_colour(nullable=True),
        with_colour(unique=True),
        with_colour(default="'red'"),
        replace(TOTE, name="bag"),
        replace(TOTE, columns=(TOTE.columns[1], TOTE.columns[0], *TOTE.columns[2:])),
    ],
)
def test_any_change_of_shape_is_another_version(changed: SourceTable) -> None:
    assert contract_version(changed) != contract_version(TOTE)


def test_reworded_grain_is_the_same_version() -> None:
    assert contract_version(replace(TOTE, grain="one bag")) == contract_version(TOTE)


def test_all_tables_have_different_versions() -> None:
    declared = [contract_version(t) for t in SOURCE_TABLES.values()]
    declared += [contract_version(t) for t in STAR_TABLES.values()]
    declared += [contract_version(changes(t)) for t in SOURCE_TABLES.values()]
    assert len(set(declared)) == 33
