"""`make demo` as a reader runs it, then the commands it ends with, on the stack it leaves."""

import os
import re
import subprocess
import sys

import pytest

from fixtures.demo import Demo
from fixtures.tree import ROOT
from totesys_etl.cli import main as totesys

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def environment(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `eval "$(glue-local env)"` sets."""
    for name, value in demo.platform.stack.environment().items():
        monkeypatch.setenv(name, value)


def test_the_demo_shows_every_change_and_misses_none(demo: Demo) -> None:
    assert "MISSING" not in demo.output
    for part in (
        "fact_sales_order",
        "False -> True",
        "fact_deletion",
        "The life of payment",
        "payment_as_of(",
        "From the COMMIT of the last change",
        "totesys certificate",
    ):
        assert part in demo.output


def test_batches(environment: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert totesys(["batches"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ["2", "1"]
    assert totesys(["batches", "--table", "staff"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["1"]


def test_certificate(environment: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert totesys(["certificate", "--table", "payment"]) == 0
    printed = capsys.readouterr().out
    assert "lake = source at" in printed
    source, warehouse = printed.split("\n\n")
    assert [line.split()[0] for line in source.splitlines()[3:]] == ["payment"]
    assert "has not been audited yet: run totesys audit" in warehouse
    for batch in ("1", "2"):
        assert totesys(["certificate", "--batch", batch, "--table", "payment"]) == 0
        assert f"batch {batch} committed" in capsys.readouterr().out
    assert totesys(["certificate", "--table", "nothing"]) == 2
    assert "there is no such table" in capsys.readouterr().err
    assert totesys(["certificate", "--batch", "9"]) == 2
    assert "00000009.json cannot be used" in capsys.readouterr().err


def test_sql_of_warehouse_and_lake_agree_record_ids_included(
    environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for table, columns in {
        "fact_sales_order": "sales_record_id, sales_order_id, created_date, created_time",
        "fact_purchase_orders": "purchase_record_id, purchase_order_id, item_unit_price",
        "fact_payment": "payment_record_id, payment_id, last_updated_time, payment_amount, paid",
        "dim_counterparty": "counterparty_id, counterparty_legal_name, counterparty_legal_district",
        "dim_transaction": "transaction_id, transaction_type, sales_order_id, purchase_order_id",
        "dim_date": "date_id, day_of_week, month_name, quarter",
    }.items():
        answers = []
        for where, name in (([], table), (["--lake"], f"totesys_star.{table}")):
            asked = columns
            for time in ("created_time", "last_updated_time"):
                if not where:  # the lake holds a time as text with milliseconds
                    asked = asked.replace(time, f"to_char({time}, 'HH24:MI:SS.MS') AS {time}")
            assert totesys(["sql", "--csv", *where, f"SELECT {asked} FROM {name} ORDER BY 1"]) == 0
            answers.append(capsys.readouterr().out)
        assert answers[0] == answers[1], table
        assert answers[0].count("\n") > 10


def test_the_raw_changes_can_be_asked(
    environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    query = "SELECT batch, op, count(*) FROM totesys_raw.payment GROUP BY ALL ORDER BY ALL"
    assert totesys(["sql", "--lake", "--csv", query]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.rsplit(",", 1)[0] for line in lines[1:]} == {
        "1,insert",
        "2,delete",
        "2,insert",
        "2,update",
    }


def test_the_demo_source_can_be_changed_and_the_warehouse_can_not(
    environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    change = "UPDATE sales_order SET staff_id = staff_id WHERE sales_order_id = 2"
    assert totesys(["sql", "--source", change]) == 0
    assert capsys.readouterr().out.split() == ["rows", "changed", "------------", "1"]
    assert totesys(["sql", "DELETE FROM fact_payment"]) == 2
    assert "read-only transaction" in capsys.readouterr().err


def test_a_scrub_reads_everything_and_commits_what_has_changed(
    environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    change = "UPDATE design SET file_location = '/scrubbed' WHERE design_id = 1"
    assert totesys(["sql", "--source", change]) == 0
    capsys.readouterr()
    assert totesys(["scrub"]) == 0
    printed = capsys.readouterr().out
    assert "ingest_totesys: SUCCEEDED" in printed
    assert re.search(
        r"\d{3,} rows of 11 tables read and compared, source = lake at batch \d+ as of .*:"
        r" changes in design found and committed",
        printed,
    )


def test_a_platform_that_is_not_deployed(
    environment: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert totesys(["batches"]) == 2
    assert "ingest_totesys is not deployed in eu-west-1" in capsys.readouterr().err
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert totesys(["certificate"]) == 2
    assert "glue-local env" in capsys.readouterr().err


def test_the_demo_refuses_a_password_in_a_url() -> None:
    url = "postgresql://someone:secret@127.0.0.1/totesys"  # pragma: allowlist secret
    done = subprocess.run(
        [sys.executable, "-m", "totesys_demo", "--source-url", url],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "TOTESYS_SOURCE_PASSWORD" in done.stderr
    assert "secret@" not in done.stderr
