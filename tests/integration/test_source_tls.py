"""sslmode=verify-full with a CA that the job is given: psycopg, and JDBC on Spark's executors."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from fixtures.source_invoice import EXPECTED, INVOICE, assert_rows, reader, source
from fixtures.tls import Identity, tls_before
from glue_fixtures.servers import Database
from totesys_etl.connection import Endpoint
from totesys_etl.errors import SettingInvalid, SourceUnreachable
from totesys_etl.ingest.snapshot import open_snapshot

__all__ = ["reader", "source"]  # fixtures


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The job's folder, where AWS Glue lays the files of --extra-files."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def port(folder: Path, source: Database) -> Iterator[int]:
    with tls_before(source.port, Identity.create(folder, "totesys")) as port:
        yield port


def over_tls(reader: Endpoint, port: int, authority: str | Path) -> Endpoint:
    database = reader.conninfo()["dbname"]
    url = f"jdbc:postgresql://127.0.0.1:{port}/{database}"
    url += f"?sslmode=verify-full&sslrootcert={authority}"
    return Endpoint(url, reader.user, reader.password, "totesys")


def test_both_drivers_check_the_certificate_with_the_given_ca(
    spark: SparkSession, reader: Endpoint, port: int, folder: Path
) -> None:
    # The driver of this session opens files relative to where it was started, so by their paths.
    endpoint = over_tls(reader, port, folder / "totesys.pem")
    with open_snapshot(spark, endpoint) as snapshot:
        assert_rows(spark, snapshot.read(INVOICE, 2), EXPECTED)


def test_a_server_that_another_ca_signed_is_refused(
    spark: SparkSession, reader: Endpoint, port: int, folder: Path
) -> None:
    other = Identity.create(folder, "other").certificate
    with (
        pytest.raises(SourceUnreachable, match="certificate verify failed"),
        open_snapshot(spark, over_tls(reader, port, other)),
    ):
        raise AssertionError("a session over a connection that should have been refused")


def test_a_ca_of_the_jobs_folder_is_laid_into_the_executors_folders(
    spark: SparkSession, reader: Endpoint, port: int, folder: Path
) -> None:
    from totesys_etl.ingest.reading import _share_certificate

    _share_certificate(spark, over_tls(reader, port, "totesys.pem"))
    added = [
        str(path) for path in spark.sparkContext._jsc.sc().listFiles().mkString("|").split("|")
    ]
    assert any(path.endswith("/totesys.pem") for path in added)
    with pytest.raises(SettingInvalid, match=r"sslrootcert=missing\.pem.*--extra-files"):
        _share_certificate(spark, over_tls(reader, port, "missing.pem"))
