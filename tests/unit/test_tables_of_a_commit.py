"""A lake of other tables than the contracts' is refused with the names of the tables."""

import pytest

from totesys_etl.contracts.evolution import check_tables
from totesys_etl.errors import ContractChanged


def test_the_same_tables_pass() -> None:
    check_tables("batch 3", {"currency": 1, "staff": 2}, {"staff": 1, "currency": 2}, ["staff"])


def test_a_table_that_is_new_in_the_contracts_passes_where_it_is_not_needed() -> None:
    check_tables("batch 3", ["currency"], ["currency", "stock"], needed=["currency"])


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (["currency"], "staff only in the contracts. Deploy"),
        (["currency", "staff", "stock"], "stock only in batch 3. Deploy"),
        (["staff", "stock"], "currency only in the contracts; stock only in batch 3. Deploy"),
    ],
)
def test_other_tables_are_named(held: list[str], told: str) -> None:
    with pytest.raises(ContractChanged) as refused:
        check_tables("batch 3", held, ["currency", "staff"], ["currency", "staff"])
    assert told in str(refused.value)
