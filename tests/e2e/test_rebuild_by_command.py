"""`totesys rebuild --swap` as on AWS: three jobs under their own policies.

What each job does, and what it refuses, is in tests/integration/test_rebuild_*.
"""

import pytest

from fixtures.story import Rebuilt

pytestmark = pytest.mark.xdist_group("terraform-platform")


def test_everything_is_what_the_raw_bucket_comes_to_and_can_be_made_anew(rebuilt: Rebuilt) -> None:
    assert rebuilt.answer.code == 0, rebuilt.answer.err
    printed = rebuilt.answer.out
    for part in ("current", "star", "warehouse"):
        assert f"{part} rebuilt from raw batches 1 to" in printed
    assert printed.count("is in service now") == 3
    assert "fact_payment" in printed and "payment_record_id 5" in printed
    assert rebuilt.after == rebuilt.before
    assert rebuilt.batches[1] == rebuilt.batches[0] + 1, "a commit that names the new files"
    assert rebuilt.current_files >= 11


def test_a_command_whose_job_fails_ends_with_the_error_of_the_job(rebuilt: Rebuilt) -> None:
    assert rebuilt.comparison.code == 1
    assert "RebuildDiffers: current in service is not" in rebuilt.comparison.err
