"""A table that lost all its rows, or more than half and more than 100, stops the run: nothing is
committed until a person allows that table by name."""

import pytest

from fixtures.failures import assert_clear, assert_goes_on
from fixtures.harness import Harness
from totesys_etl import errors

EMPTY = "CREATE TABLE kept AS TABLE payment; DELETE FROM payment"
FILL = "INSERT INTO payment SELECT * FROM kept; DROP TABLE kept"
DESIGNS = (
    "INSERT INTO design (design_id, created_at, last_updated, design_name, file_location,"
    " file_name) SELECT g, now(), now(), 'x', '/x', 'x.json' FROM generate_series(1001, 1201) AS g"
)
"""So that there are 211 with those of the first day."""


@pytest.fixture
def harness(shared_harness: Harness) -> Harness:
    return shared_harness


def test_a_table_gone_empty_commits_nothing(harness: Harness) -> None:
    before = harness.raw_head()
    harness.source.execute(EMPTY.encode())

    with pytest.raises(errors.MassDelete) as failure:
        harness.ingest()

    harness.source.execute(FILL.encode())
    assert_clear(failure.value, "payment lost 10 of 10 rows since batch")
    assert_clear(failure.value, "--allow_mass_delete=payment")
    assert_goes_on(harness, before)


def test_a_mass_delete_is_taken_when_it_is_allowed_by_name(harness: Harness) -> None:
    harness.source.execute(EMPTY.encode())

    commit = harness.ingest(allow_mass_delete="payment")

    assert commit is not None
    assert (commit.tables["payment"].deleted, commit.tables["payment"].live) == (10, 0)
    harness.source.execute(FILL.encode())
    returned = harness.ingest()
    assert returned is not None
    assert (returned.tables["payment"].inserted, returned.tables["payment"].versions) == (10, 20)


def test_half_of_a_table_may_go_and_one_row_more_may_not(harness: Harness) -> None:
    harness.source.execute(DESIGNS.encode())
    harness.ingest()
    before = harness.raw_head()
    # 106 of 211: more than 100, and more than half.
    harness.source.execute(
        "CREATE TABLE kept AS SELECT * FROM design WHERE design_id > 1095;"
        " DELETE FROM design WHERE design_id > 1095"
    )
    with pytest.raises(errors.MassDelete) as failure:
        harness.ingest()
    assert_clear(failure.value, "design lost 106 of 211 rows")
    assert harness.raw_head() == before

    harness.source.execute(
        "INSERT INTO design SELECT * FROM kept WHERE design_id = 1096; DROP TABLE kept"
    )
    commit = harness.ingest()

    assert commit is not None
    assert (commit.batch, commit.tables["design"].deleted) == (before + 1, 105)


def test_an_unknown_name_in_allow_mass_delete_is_refused(harness: Harness) -> None:
    with pytest.raises(errors.SettingInvalid, match=r"paymant.*use names of"):
        harness.ingest(allow_mass_delete="paymant")
