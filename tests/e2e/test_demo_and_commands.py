"""`make demo` as a reader runs it, then the commands it ends with, on the stack it leaves."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from awsglue_local import cli as glue_local
from awsglue_local.stack import Stack
from totesys_deploy.artifacts import ROOT
from totesys_etl.cli import main as totesys


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """State folder and output of a demonstration with a short history."""
    state = tmp_path_factory.mktemp("demo") / "state"
    command = [sys.executable, "-m", "totesys_demo", "--state", str(state)]
    done = subprocess.run(
        [*command, "--until", "2022-12-16"], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield state, done.stdout
    assert glue_local.main(["down", "--state", str(state)]) == 0


@pytest.fixture
def environment(demo: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What `eval "$(glue-local env)"` sets."""
    for name, value in Stack(demo[0]).attach().environment().items():
        monkeypatch.setenv(name, value)


def test_the_demo_shows_every_change_and_misses_none(demo: tuple[Path, str]) -> None:
    output = demo[1]
    assert "MISSING" not in output
    for part in (
        "fact_sales_order",
        "False -> True",
        "fact_deletion",
        "The life of payment",
        "payment_as_of(",
        "From the COMMIT of the last change",
        "totesys certificate",
    ):
        assert part in output


def test_batches(environment: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert totesys(["batches"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["2", "1"]
    assert totesys(["batches", "--table", "staff"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["1"]


def test_certificate(environment: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert totesys(["certificate", "--table", "payment"]) == 0
    told = capsys.readouterr().out
    assert "lake = source at" in told
    assert "batch 2 committed" in told
    source, warehouse = told.split("\n\n")
    assert [line.split()[0] for line in source.splitlines()[3:]] == ["payment"]
    assert "has not been audited yet" in warehouse


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
    change = "UPDATE sales_order SET staff_id = 7 WHERE sales_order_id = 2"
    assert totesys(["sql", "--source", change]) == 0
    assert capsys.readouterr().out.split() == ["rows", "changed", "------------", "1"]
    assert totesys(["sql", "DELETE FROM fact_payment"]) == 1
    assert "read-only transaction" in capsys.readouterr().err


def test_a_scrub_reads_everything_and_commits_what_has_changed(
    environment: None, capsys: pytest.CaptureFixture[str]
) -> None:
    change = "UPDATE design SET file_location = '/scrubbed' WHERE design_id = 1"
    assert totesys(["sql", "--source", change]) == 0
    capsys.readouterr()
    assert totesys(["scrub"]) == 0
    told = capsys.readouterr().out
    assert "ingest_totesys: SUCCEEDED" in told
    assert re.search(
        r"\d{3,} rows of 11 tables read and compared, source = lake at batch 3 as of .*:"
        r" changes in design(, sales_order)? found and committed",
        told,
    )


def test_a_platform_that_is_not_deployed(
    demo: tuple[Path, str],
    environment: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert totesys(["batches"]) == 1
    assert "ingest_totesys is not deployed in eu-west-1" in capsys.readouterr().err
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert totesys(["certificate"]) == 1
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
