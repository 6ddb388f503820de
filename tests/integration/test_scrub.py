"""A scrub rests on no fingerprint: it reads every file of current rows and every row again."""

import boto3
import pytest

from fixtures.damage import altered
from fixtures.harness import Harness
from totesys_etl import errors
from totesys_etl.lake.commits import raw_log


@pytest.fixture
def harness(shared_harness: Harness) -> Harness:
    return shared_harness


def test_a_scrub_of_a_sound_lake_commits_what_has_changed(harness: Harness) -> None:
    harness.source.execute("UPDATE payment SET paid = NOT paid WHERE payment_id = 3")

    commit = harness.ingest(compare="scrub")

    assert commit is not None
    assert {name for name, table in commit.tables.items() if table.changes} == {"payment"}
    assert harness.ingest(compare="scrub") is None


def test_a_value_changed_in_a_file_is_found(harness: Harness) -> None:
    """Fingerprints of source and commit agree, so that an ordinary run does not look there."""
    head = raw_log(boto3.client("s3"), harness.arguments["raw_bucket"]).head()
    assert head is not None
    (file,) = head.tables["payment"].current["00000"].files

    with altered(harness.arguments["work_bucket"], file, "company_ac_number", 1):
        assert harness.ingest() is None
        with pytest.raises(
            errors.CertificateFailed, match=r"payment range 00000 .* rebuild --current"
        ):
            harness.ingest(compare="scrub")

    assert harness.raw_head() == head.batch
    assert harness.ingest(compare="scrub") is None
