"""History, a working day, silent edits and deletes: every value arrives, and the history is kept.

The tests of this module are one story on one platform and run in order.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import psycopg
import pytest
from psycopg import sql

from fixtures.alarms import state
from fixtures.expected_warehouse import FACTS, assert_warehouse_equals_source, rows
from fixtures.platform import FIRST_LIVE_DAY, terraform_or_yaml
from fixtures.postgres_versions import newer_than, statements
from fixtures.rights import work_actions
from totesys_demo.deployments import BUCKETS, Deployment, TerraformDeployment
from totesys_demo.platform import SOURCE, WAREHOUSE, LocalPlatform
from totesys_demo.trace import arrivals
from totesys_etl.cli import main as totesys
from totesys_etl.lake.commits import raw_log
from totesys_simulator import Change, Simulator, history, net

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    """What Terraform makes, with its IAM: each call of a job that no policy allows is refused."""
    return terraform_or_yaml()


@pytest.fixture(scope="module")
def postgres_version() -> int:
    """The older of the two: everything here runs on it, all other stories on the newer."""
    return 16


@pytest.fixture(scope="module")
def source(platform: LocalPlatform) -> Iterator[Connection]:
    with platform.connect(SOURCE) as connection:
        yield connection


@pytest.fixture(scope="module")
def warehouse(platform: LocalPlatform) -> Iterator[Connection]:
    with platform.connect(WAREHOUSE) as connection:
        yield connection


def run(platform: LocalPlatform) -> None:
    platform.run("totesys_ingest")
    platform.run("totesys_publish")


@pytest.fixture(scope="module")
def loaded(platform: LocalPlatform, source: Connection, warehouse: Connection) -> None:
    """The first run has taken the whole history. The servers write down what the jobs send."""
    source.execute("ALTER ROLE totesys_ingest SET log_statement = 'all'")
    warehouse.execute("ALTER ROLE totesys_load SET log_statement = 'all'")
    history(source, FIRST_LIVE_DAY)
    run(platform)


@pytest.fixture(scope="module")
def lived(loaded: None, platform: LocalPlatform, source: Connection) -> list[Change]:
    """A working day with every kind of change, then the second run; the net changes."""
    simulator = Simulator(source, 3, clock=datetime.combine(FIRST_LIVE_DAY, datetime.min.time()))
    changes = simulator.workday(FIRST_LIVE_DAY)
    late = simulator.late_commit()
    changes += simulator.delete("payment", 7)
    changes += simulator.refund(11)
    changes += late.commit()
    changes += _by_hand(source, simulator.clock)
    run(platform)
    return net(changes)


def _by_hand(source: Connection, at: datetime) -> list[Change]:
    """A silent edit of every kind there is, and of both sides of the joined dimensions."""
    edits: list[tuple[str, int, str, Any]] = [
        ("sales_order", 2, "staff_id", 7),
        ("purchase_order", 1, "item_code", "ZZZZZZZ"),
        ("design", 3, "file_location", "/usr/share"),
        ("address", 15, "district", "Rutland & (others), 'quoted'"),
        ("department", 3, "location", None),
        ("payment", 3, "company_ac_number", 12345678),
    ]
    changes = []
    for table, key, column, new in edits:
        names = {
            "table": sql.Identifier(table),
            "column": sql.Identifier(column),
            "key": sql.Identifier(f"{table}_id"),
        }
        read = sql.SQL("SELECT {column} FROM {table} WHERE {key} = %s").format(**names)
        (old,) = source.execute(read, (key,)).fetchone() or (None,)
        write = sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s").format(**names)
        source.execute(write, (new, key))
        changes.append(Change(table, key, "update", column, old, new, True, True, at))
    return changes


def test_the_first_run_fills_all_eleven_tables(
    loaded: None, source: Connection, warehouse: Connection
) -> None:
    assert_warehouse_equals_source(source, warehouse)
    for table, (_, record_id, key) in FACTS.items():
        ids = rows(warehouse, f"SELECT {record_id}, {key} FROM {table} ORDER BY 1")
        assert [i for i, _ in ids] == list(range(1, len(ids) + 1)), table
        assert ids == sorted(ids, key=lambda pair: pair[1]), table


def test_twenty_four_foreign_keys_are_enforced(loaded: None, warehouse: Connection) -> None:
    (found,) = rows(
        warehouse,
        """SELECT count(*), count(*) FILTER (WHERE convalidated) FROM pg_constraint
            WHERE contype = 'f' AND conrelid::regclass::text LIKE 'fact_%'""",
    )
    assert found == (24, 24)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        warehouse.execute("UPDATE fact_payment SET currency_id = 99 WHERE payment_record_id = 1")


def test_after_a_working_day_the_warehouse_equals_the_source_again(
    lived: list[Change], source: Connection, warehouse: Connection
) -> None:
    assert_warehouse_equals_source(source, warehouse)


def test_every_single_change_is_found_in_lake_and_warehouse(
    lived: list[Change], platform: LocalPlatform, warehouse: Connection
) -> None:
    s3 = platform.stack.client("s3")
    log = raw_log(s3, BUCKETS["raw_bucket"])
    found = arrivals(lived, [log.read(2)], s3, BUCKETS["raw_bucket"], warehouse)
    assert [arrival.change for arrival in found if not arrival.complete] == []
    assert {change.op for change in lived} == {"insert", "update", "delete"}
    assert sum(change.silent for change in lived) >= 6


def test_facts_keep_their_history(lived: list[Change], warehouse: Connection) -> None:
    assert rows(
        warehouse,
        """SELECT op, sales_staff_id = 7, batch, valid_to IS NULL, known_from = captured_at
             FROM etl.sales_order_history WHERE sales_order_id = 2 ORDER BY batch""",
    ) == [("insert", False, 1, False, True), ("update", True, 2, True, True)]
    # A silent edit leaves last_updated where it was, so it is valid from when it was seen.
    assert rows(
        warehouse,
        """SELECT count(DISTINCT (last_updated_date, last_updated_time)),
                  bool_and((valid_from = captured_at) = (op = 'update'))
             FROM etl.sales_order_history WHERE sales_order_id = 2""",
    ) == [(1, True)]


def test_a_column_that_no_fact_carries_makes_no_version(
    lived: list[Change], warehouse: Connection
) -> None:
    assert rows(
        warehouse, "SELECT op, batch FROM etl.payment_history WHERE payment_id = 3 AND batch = 2"
    ) in ([], [("update", 2)])
    (settled,) = rows(
        warehouse,
        "SELECT count(*) FROM etl.payment_history WHERE payment_id = 3 AND op = 'update'",
    )
    assert settled == (int(any(c.key == 3 and c.column == "paid" for c in lived)),)


def test_a_delete_is_told_and_ends_the_payment(lived: list[Change], warehouse: Connection) -> None:
    assert rows(warehouse, "SELECT fact_table, business_id, batch FROM etl.fact_deletion") == [
        ("fact_payment", 7, 2)
    ]
    assert rows(warehouse, "SELECT * FROM etl.current_payment WHERE payment_id = 7") == []
    assert [r[0] for r in rows(
        warehouse, "SELECT op FROM etl.payment_history WHERE payment_id = 7 ORDER BY batch"
    )] == ["insert", "delete"]  # fmt: skip


def test_as_of_tells_what_was_so_and_what_was_known(
    lived: list[Change], warehouse: Connection
) -> None:
    settled = next(c for c in lived if c.column == "paid")
    paid = "SELECT paid FROM etl.payment_as_of(%s, %s) WHERE payment_id = %s"
    before, after = settled.at - timedelta(seconds=10), settled.at + timedelta(seconds=10)
    (first_known,) = rows(warehouse, "SELECT min(captured_at) FROM etl.fact_payment_event")[0]
    forever = datetime(9999, 1, 1)

    def asked(valid_at: datetime, known_at: datetime) -> list[tuple[Any, ...]]:
        return warehouse.execute(paid, (valid_at, known_at, settled.key)).fetchall()

    assert asked(before, forever) == [(False,)]
    assert asked(after, forever) == [(True,)]
    assert asked(after, first_known) == [(False,)]
    assert asked(datetime(2022, 1, 1), forever) == []


def test_an_idle_run_changes_nothing_and_proves_it(
    lived: list[Change], platform: LocalPlatform, warehouse: Connection
) -> None:
    log = raw_log(platform.stack.client("s3"), BUCKETS["raw_bucket"])
    ledger = "SELECT count(*), max(raw_through) FROM etl.load_ledger"
    before = rows(warehouse, ledger)
    run(platform)
    assert log.head_number() == 2
    assert rows(warehouse, ledger) == before == [(2, 2)]


def test_the_nightly_audit_proves_the_warehouse_and_the_command_shows_it(
    lived: list[Change],
    platform: LocalPlatform,
    warehouse: Connection,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in platform.stack.environment().items():
        monkeypatch.setenv(name, value)
    assert totesys(["certificate", "--batch", "1", "--table", "payment"]) == 0
    told = capsys.readouterr().out
    assert "batch 1 committed" in told
    assert "has not been audited yet: run workflow totesys_audit" in told
    platform.run("totesys_audit")
    assert totesys(["certificate", "--table", "payment"]) == 0
    source, star = capsys.readouterr().out.split("\n\n")
    assert "no change found, newest batch 2" in source
    assert star.startswith("warehouse = lake at batch 2 ")
    cells = star.splitlines()[3].split()
    assert cells[0] == "fact_payment"
    assert rows(warehouse, "SELECT count(*)::text FROM fact_payment") == [(cells[1],)]
    assert rows(warehouse, "SELECT count(*)::text FROM etl.current_payment") == [(cells[3],)]
    assert totesys(["certificate", "--table", "nothing"]) == 1
    assert "there is no such table" in capsys.readouterr().err
    assert totesys(["certificate", "--batch", "9"]) == 1
    assert "00000009.json cannot be used" in capsys.readouterr().err


def test_everything_is_what_the_raw_bucket_comes_to_and_can_be_made_anew(
    lived: list[Change],
    platform: LocalPlatform,
    source: Connection,
    warehouse: Connection,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the command, its jobs under their own policies."""
    for name, value in platform.stack.environment().items():
        monkeypatch.setenv(name, value)
    assert totesys(["rebuild"]) == 0
    told = capsys.readouterr().out
    for part in ("current", "star", "warehouse"):
        assert f"{part} rebuilt from raw batches 1 to 2: in service is as rebuilt" in told

    boto3.resource("s3").Bucket(BUCKETS["work_bucket"]).objects.filter(Prefix="current/").delete()
    warehouse.execute("UPDATE fact_payment SET payment_amount = 0 WHERE payment_record_id = 5")
    assert totesys(["rebuild", "--current"]) == 1
    assert "RebuildDiffers: current in service is not" in capsys.readouterr().err
    assert totesys(["rebuild", "--swap"]) == 0
    told = capsys.readouterr().out
    assert told.count("rebuilt from raw batches 1 to") == told.count("is in service now") == 3
    assert "fact_payment" in told and "payment_record_id 5" in told
    run(platform)
    assert_warehouse_equals_source(source, warehouse)
    assert raw_log(platform.stack.client("s3"), BUCKETS["raw_bucket"]).head_number() == 3


def test_every_call_of_the_jobs_is_allowed_by_their_policies(
    platform: LocalPlatform, deployment: Deployment, lived: list[Change]
) -> None:
    """Last in this file: the calls of all runs above."""
    if not isinstance(deployment, TerraformDeployment):
        pytest.skip("without Terraform there are no policies")
    calls = platform.stack.calls()
    assert [call for call in calls if not call["allowed"]] == []
    assert all(call["statement"] for call in calls)
    print(f"calls recorded: {sum(c['count'] for c in calls)}, distinct: {len(calls)}, none denied")
    made = {(call["role"].rpartition("/")[2], call["action"]) for call in calls}
    for role, action in (
        ("totesys-ingest", "secretsmanager:GetSecretValue"),
        ("totesys-ingest", "glue:BatchCreatePartition"),
        ("totesys-ingest", "s3:PutObject"),
        ("totesys-transform", "s3:GetObject"),
        ("totesys-transform", "glue:UpdateTable"),
        ("totesys-load", "glue:GetConnection"),
        ("totesys-audit", "glue:GetPartitions"),
        ("totesys-audit", "s3:PutObject"),
        ("totesys-rebuild", "s3:PutObject"),
        ("totesys-rebuild", "glue:UpdateTable"),
    ):
        assert (role, action) in made


def test_no_policy_allows_a_call_that_no_job_makes(
    platform: LocalPlatform, deployment: Deployment, lived: list[Change]
) -> None:
    if not isinstance(deployment, TerraformDeployment):
        pytest.skip("without Terraform there are no policies")
    made = {(c["role"].rpartition("/")[2], c["action"]) for c in platform.stack.calls()}
    others = {  # by Glue's own part of awsglue; for a partition that a crashed run had added
        ("ingest", "glue:GetJobBookmark"),
        ("ingest", "glue:ResetJobBookmark"),
        ("ingest", "glue:BatchUpdatePartition"),
    }
    for role in ("ingest", "transform", "load"):
        allowed = {(role, action) for action in work_actions(platform, role)}
        assert allowed - others - {(r.removeprefix("totesys-"), a) for r, a in made} == set()


def test_the_source_is_asked_nothing_newer_than_postgresql_13(
    platform: LocalPlatform, lived: list[Change]
) -> None:
    sent = statements(platform.stack.state_dir / "postgres" / SOURCE / "server.log")
    assert any("pg_export_snapshot" in statement for statement in sent)
    assert {s: newer_than(13, s) for s in sent if newer_than(13, s)} == {}


def test_the_warehouse_is_asked_nothing_newer_than_postgresql_15(
    platform: LocalPlatform, lived: list[Change]
) -> None:
    sent = statements(platform.stack.state_dir / "postgres" / WAREHOUSE / "server.log")
    assert any(statement.startswith("CREATE TABLE") for statement in sent)
    assert {s: newer_than(15, s) for s in sent if newer_than(15, s)} == {}


def test_a_dead_schedule_breaches_the_freshness_alarm_and_a_live_one_does_not(
    platform: LocalPlatform, deployment: Deployment, lived: list[Change]
) -> None:
    if not isinstance(deployment, TerraformDeployment):
        pytest.skip("without Terraform there are no alarms")
    cloudwatch = platform.stack.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["totesys-freshness"])["MetricAlarms"]
    assert alarm["Threshold"] == 30 * 60
    platform.run("totesys_ingest")
    now = datetime.now(UTC)
    assert state(cloudwatch, alarm, now + timedelta(seconds=30)) == "OK"
    assert state(cloudwatch, alarm, now + timedelta(minutes=15)) == "OK"
    assert state(cloudwatch, alarm, now + timedelta(minutes=26)) == "ALARM"
    cloudwatch.put_metric_data(
        Namespace="totesys",
        MetricData=[
            {"MetricName": "WarehouseLag", "Value": 1801.0, "Timestamp": now + timedelta(minutes=m)}
            for m in (15, 30)
        ],
    )
    assert state(cloudwatch, alarm, now + timedelta(minutes=31)) == "ALARM"


@pytest.mark.parametrize(
    ("proof", "metric", "late"),
    [
        ("source", "MinutesSinceSourceVerified", 61.0),
        ("warehouse", "MinutesSinceWarehouseVerified", 2161.0),
    ],
)
def test_a_proof_that_is_too_old_or_not_told_breaches_its_alarm(
    platform: LocalPlatform,
    deployment: Deployment,
    lived: list[Change],
    proof: str,
    metric: str,
    late: float,
) -> None:
    if not isinstance(deployment, TerraformDeployment):
        pytest.skip("without Terraform there are no alarms")
    cloudwatch = platform.stack.client("cloudwatch")
    name = f"totesys-verified-{proof}"
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    platform.run("totesys_ingest")
    now = datetime.now(UTC)
    assert state(cloudwatch, alarm, now + timedelta(minutes=1)) == "OK"
    assert state(cloudwatch, alarm, now + timedelta(minutes=65)) == "ALARM"
    told = {"MetricName": metric, "Value": late, "Timestamp": now + timedelta(minutes=90)}
    cloudwatch.put_metric_data(Namespace="totesys", MetricData=[told])
    assert state(cloudwatch, alarm, now + timedelta(minutes=120)) == "ALARM"


def test_a_row_in_quarantine_alerts(
    platform: LocalPlatform, deployment: Deployment, source: Connection, lived: list[Change]
) -> None:
    """Last in this file: from here on the warehouse lacks a version."""
    if not isinstance(deployment, TerraformDeployment):
        pytest.skip("without Terraform there are no alarms")
    cloudwatch = platform.stack.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["totesys-quarantine"])["MetricAlarms"]
    assert alarm["AlarmActions"] == ["arn:aws:sns:eu-west-2:123456789012:totesys-alerts"]
    assert state(cloudwatch, alarm, datetime.now(UTC) + timedelta(seconds=30)) == "OK"
    source.execute(
        "UPDATE purchase_order SET agreed_delivery_date = 'soon' WHERE purchase_order_id = 2"
    )
    run(platform)
    assert state(cloudwatch, alarm, datetime.now(UTC) + timedelta(seconds=30)) == "ALARM"
