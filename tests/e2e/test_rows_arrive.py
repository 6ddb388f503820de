"""History, a working day, silent edits and deletes: every value arrives in the warehouse."""

import psycopg
import pytest

from fixtures.expected_warehouse import assert_all_equal, rows
from fixtures.story import Story
from totesys_demo.deployments import BUCKETS
from totesys_demo.trace import arrivals
from totesys_etl.lake.commits import raw_log

pytestmark = pytest.mark.xdist_group("terraform-platform")


def test_the_first_run_fills_all_eleven_tables(story: Story) -> None:
    assert_all_equal(story.after_history.tables)
    for fact, ids in story.after_history.record_ids.items():
        assert [record_id for record_id, _ in ids] == list(range(1, len(ids) + 1)), fact
        assert ids == sorted(ids, key=lambda pair: pair[1]), fact
        assert len(ids) > 100, fact


def test_twenty_four_foreign_keys_are_enforced(story: Story) -> None:
    (found,) = rows(
        story.warehouse,
        """SELECT count(*), count(*) FILTER (WHERE convalidated) FROM pg_constraint
            WHERE contype = 'f' AND conrelid::regclass::text LIKE 'fact_%'""",
    )
    assert found == (24, 24)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        story.warehouse.execute(
            "UPDATE fact_payment SET currency_id = 99 WHERE payment_record_id = 1"
        )


def test_after_a_working_day_the_warehouse_equals_the_source_again(story: Story) -> None:
    assert_all_equal(story.after_day.tables)
    assert story.after_day.tables != story.after_history.tables


def test_every_single_change_is_found_in_lake_and_warehouse(story: Story) -> None:
    s3 = story.platform.stack.client("s3")
    commit = raw_log(s3, BUCKETS["raw_bucket"]).read(2)
    found = arrivals(story.changes, [commit], s3, BUCKETS["raw_bucket"], story.warehouse)
    assert [arrival.change for arrival in found if not arrival.complete] == []
    assert {change.op for change in story.changes} == {"insert", "update", "delete"}
    assert sum(change.silent for change in story.changes) >= 6


def test_an_idle_run_changes_nothing_and_proves_it(story: Story) -> None:
    assert story.after_day.newest_batch == 2
    assert story.after_day.ledger == [(2, 2)]
    assert story.after_idle_run == story.after_day
    assert "no change found, newest batch 2" in story.certificate.out


def test_the_nightly_audit_proves_the_warehouse_and_the_command_shows_it(story: Story) -> None:
    assert (story.certificate.code, story.certificate.err) == (0, "")
    _, audit = story.certificate.out.split("\n\n")
    assert audit.startswith("warehouse = lake at batch 2 ")
    cells = audit.splitlines()[3].split()
    assert cells[0] == "fact_payment"
    assert rows(story.warehouse, "SELECT count(*)::text FROM fact_payment") == [(cells[1],)]
    assert rows(story.warehouse, "SELECT count(*)::text FROM etl.current_payment") == [(cells[3],)]
