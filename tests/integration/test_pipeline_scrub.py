"""A scrub rests on no fingerprint: it reads every file of current rows and every row again."""

import io

import boto3
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fixtures.harness import Harness
from totesys_etl import errors
from totesys_etl.lake.commits import raw_log


def test_a_scrub_of_a_sound_lake_commits_what_has_changed(harness: Harness) -> None:
    assert harness.ingest() is not None
    harness.source.execute("UPDATE payment SET paid = NOT paid WHERE payment_id = 3")

    commit = harness.ingest(compare="scrub")

    assert commit is not None
    assert {name for name, table in commit.tables.items() if table.changes} == {"payment"}
    assert harness.ingest(compare="scrub") is None


def test_a_value_changed_in_a_file_is_found(harness: Harness) -> None:
    """Fingerprints of source and commit agree, so that an ordinary run does not look there."""
    assert harness.ingest() is not None
    head = raw_log(boto3.client("s3"), harness.arguments["raw_bucket"]).head()
    assert head is not None
    (file,) = head.tables["payment"].current["00000"].files
    stored = boto3.resource("s3").Object(harness.arguments["work_bucket"], file.key)
    table = pq.read_table(io.BytesIO(stored.get()["Body"].read()))
    at = table.schema.get_field_index("company_ac_number")
    one_more = pc.add(table.column(at), pa.scalar(1, pa.int32()))
    body = io.BytesIO()
    pq.write_table(table.set_column(at, table.schema.field(at), one_more), body)
    stored.put(Body=body.getvalue())
    assert harness.ingest() is None

    with pytest.raises(errors.CertificateFailed, match=r"payment range 00000 .* rebuild --current"):
        harness.ingest(compare="scrub")

    assert harness.raw_head() == head.batch
