"""Star tables of another contract are not added to; the message names them."""

from datetime import datetime

import pytest

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.errors import ContractChanged
from totesys_etl.lake.commits import StarCommit
from totesys_etl.transform.contracts import check_star_contracts, star_contracts


def _made_by(contracts: dict[str, str]) -> StarCommit:
    return StarCommit(7, "jr_7", 1, 9, datetime(2026, 11, 22), {}, contracts, {})


def test_every_table_of_the_stars_database_has_a_contract() -> None:
    assert star_contracts().keys() - STAR_TABLES.keys() == {
        "fact_deletion",
        "dim_deletion",
        "quarantine",
    }
    check_star_contracts(_made_by(star_contracts()))


def test_tables_that_are_new_gone_or_other_ones_are_named() -> None:
    made = star_contracts() | {"fact_payment": "0123456789ab", "dim_gone": "0123456789ab"}
    del made["dim_date"]

    with pytest.raises(ContractChanged) as refused:
        check_star_contracts(_made_by(made))

    assert "star commit 7" in str(refused.value)
    assert "other contracts of dim_date, dim_gone, fact_payment: rebuild" in str(refused.value)
