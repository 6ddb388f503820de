"""Values that no warehouse type can hold: into quarantine, and nothing else is held up.

The tests are one story on one lake and run in order.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from pyspark.sql import SparkSession

from awsglue_local.databases.postgres import PostgresServer
from awsglue_local.server.aws import AwsServer
from fixtures.harness import Harness, new_harness
from totesys_etl import metrics
from totesys_etl.contracts.lake_tables import QUARANTINE
from totesys_etl.lake.star import read_star


@pytest.fixture(scope="module")
def harness(
    aws: AwsServer,
    postgres: PostgresServer,
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Harness]:
    """An empty lake, so that the first versions can be bad ones."""
    with new_harness(aws, postgres, spark, tmp_path_factory.mktemp("harness")) as created:
        yield created


def test_bad_values_wait_in_quarantine_until_they_are_corrected(
    harness: Harness, spark: SparkSession
) -> None:
    harness.source.execute("UPDATE payment SET payment_amount = 'NaN' WHERE payment_id = 1")
    harness.source.execute("UPDATE payment SET payment_date = '2022-02-30' WHERE payment_id = 2")
    harness.source.execute(
        "UPDATE sales_order SET last_updated = 'infinity' WHERE sales_order_id = 3"
    )
    told = _quarantined_metric()
    harness.ingest()
    harness.transform()
    harness.load()

    head = harness.star_head()
    assert head is not None
    partitions = head.tables["quarantine"].partitions
    found = read_star(spark, harness.arguments["processed_bucket"], QUARANTINE, partitions)
    assert sorted(
        tuple(row)
        for row in found.select("star_table", "business_id", "column_name", "value").collect()
    ) == [
        ("fact_payment", 1, "payment_amount", "NaN"),
        ("fact_payment", 2, "payment_date", "2022-02-30"),
        ("fact_sales_order", 3, "last_updated_date", "infinity"),
        ("fact_sales_order", 3, "last_updated_time", "infinity"),
    ]
    assert _quarantined_metric() - told == 3
    assert _ids(harness, "payment") == [3, 4, 5, 6, 7, 8, 9, 10]
    assert _ids(harness, "sales_order") == [1, 2, 4, 5]

    harness.source.execute("UPDATE payment SET payment_amount = 1.5 WHERE payment_id = 1")
    harness.source.execute("UPDATE payment SET payment_date = '2022-02-28' WHERE payment_id = 2")
    harness.source.execute("UPDATE sales_order SET last_updated = now() WHERE sales_order_id = 3")
    harness.ingest()
    harness.transform()
    harness.load()

    assert _ids(harness, "payment") == list(range(1, 11))
    assert _ids(harness, "sales_order") == [1, 2, 3, 4, 5]
    corrected = harness.warehouse.execute(
        "SELECT payment_record_id, payment_amount::text FROM etl.current_payment"
        " WHERE payment_id IN (1, 2) ORDER BY 1"
    ).fetchall()
    assert [record for record, _ in corrected] == [11, 12]
    assert corrected[0][1] == "1.50"


def test_an_unknown_currency_is_named_unknown_and_reported(
    harness: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.source.execute("UPDATE currency SET currency_code = 'XQZ' WHERE currency_id = 3")
    harness.ingest()
    harness.transform()
    harness.load()

    assert '"unknown_currency_codes": ["XQZ"]' in capsys.readouterr().out
    names = harness.warehouse.execute("SELECT currency_name FROM dim_currency ORDER BY currency_id")
    assert names.fetchall() == [("Pound Sterling",), ("US Dollar",), ("Unknown",)]


def _quarantined_metric() -> float:
    """All that the alarm on quarantine was ever told on this AWS server, by other tests too."""
    now = datetime.now(UTC)
    points = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=metrics.NAMESPACE,
        MetricName=metrics.QUARANTINED,
        StartTime=now - timedelta(days=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def _ids(harness: Harness, entity: str) -> list[int]:
    rows = harness.warehouse.execute(
        f"SELECT {entity}_id FROM etl.current_{entity} ORDER BY 1".encode()
    )
    return [row[0] for row in rows.fetchall()]
