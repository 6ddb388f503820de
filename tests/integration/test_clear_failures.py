"""What else can be wrong around a run: a message for people, and never a secret or a row in a log.

What the source can do wrong is in test_source_changes, test_mass_delete_guard and
test_lost_snapshots.
"""

import pytest

from fixtures.failures import assert_clear, assert_goes_on
from fixtures.harness import PASSWORD, Harness
from totesys_etl import errors


@pytest.fixture
def harness(shared_harness: Harness) -> Harness:
    return shared_harness


@pytest.mark.parametrize("bucket", ["raw_bucket", "work_bucket"])
def test_a_missing_bucket(bucket: str, harness: Harness) -> None:
    before = harness.raw_head()
    harness.source.execute(
        "UPDATE design SET file_location = file_location || '/' WHERE design_id = 2"
    )

    with pytest.raises(errors.BucketMissing) as failure:
        harness.ingest(**{bucket: "no-such-bucket-here"})

    assert_clear(failure.value, "no-such-bucket-here")
    assert_goes_on(harness, before)


def test_a_warehouse_table_that_contradicts_the_contract(harness: Harness) -> None:
    harness.transform()
    harness.warehouse.execute("CREATE TABLE dim_staff (staff_id text PRIMARY KEY, nonsense int)")

    with pytest.raises(errors.WarehouseContradictsContract) as failure:
        harness.load()

    assert_clear(failure.value, "dim_staff")
    harness.warehouse.execute("DROP TABLE dim_staff")
    assert harness.load() == 1


def test_no_secret_and_no_row_content_in_the_log(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.source.execute("UPDATE address SET city = 'New Patienceburgh ' WHERE address_id = 1")
    harness.source.execute(
        "UPDATE purchase_order SET item_code = 'QQQQQQQ' WHERE purchase_order_id = 1"
    )
    harness.source.execute("UPDATE staff SET last_name = 'O''Keefe' WHERE staff_id = 1")
    assert harness.ingest() is not None
    harness.transform()
    harness.load()

    printed = capsys.readouterr()
    assert '"committed"' in printed.out
    for text in (PASSWORD, "New Patienceburgh", "O'Keefe", "QQQQQQQ"):
        assert text not in printed.out + printed.err
