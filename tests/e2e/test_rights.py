"""Least privilege, by the calls that the jobs made: none is refused, no right is left over."""

import pytest

from fixtures.platform import needs_terraform
from fixtures.rights import work_actions
from fixtures.story import Rebuilt, Story

pytestmark = [pytest.mark.xdist_group("terraform-platform"), needs_terraform]


def test_every_call_of_the_jobs_is_allowed_by_their_policies(
    story: Story, rebuilt: Rebuilt
) -> None:
    calls = story.platform.stack.calls()
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


def test_no_policy_allows_a_call_that_no_job_makes(story: Story, rebuilt: Rebuilt) -> None:
    made = {(c["role"].rpartition("/")[2], c["action"]) for c in story.platform.stack.calls()}
    others = {  # by Glue's own part of awsglue; for a partition that a crashed run had added
        ("ingest", "glue:GetJobBookmark"),
        ("ingest", "glue:ResetJobBookmark"),
        ("ingest", "glue:BatchUpdatePartition"),
    }
    for role in ("ingest", "transform", "load"):
        allowed = {(role, action) for action in work_actions(story.platform, role)}
        assert allowed - others - {(r.removeprefix("totesys-"), a) for r, a in made} == set()
