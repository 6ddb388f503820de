"""`totesys rebuild --swap` as on AWS: three jobs under their own policies.

What each job does, and what it refuses, is in tests/integration/test_rebuild_*.
"""

import pytest

from fixtures.story import Rebuilt

pytestmark = pytest.mark.xdist_group("terraform-platform")


def test_everything_is_written_again_from_the_raw_bucket(rebuilt: Rebuilt) -> None:
    assert rebuilt.answer.code == 0, rebuilt.answer.err
    printed = rebuilt.answer.out
    for line in (
        "current rows: every range is as batch",
        "star tables: written again from batches 1 to",
        "warehouse: loaded again, equal to the files of processed commit",
    ):
        assert line in printed
    assert rebuilt.after == rebuilt.before
    assert rebuilt.batches[1] == rebuilt.batches[0] + 1, "a commit that names the new files"
    assert rebuilt.current_files >= 11


def test_a_command_whose_job_fails_ends_with_the_error_of_the_job(rebuilt: Rebuilt) -> None:
    assert rebuilt.audit.code == 1
    assert "AuditFailed" in rebuilt.audit.err
    assert "fact_payment" in rebuilt.audit.err and "payment_record_id 5" in rebuilt.audit.err
