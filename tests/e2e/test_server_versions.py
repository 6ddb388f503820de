"""The jobs send the databases no SQL that an older PostgreSQL, as production has it, refuses."""

import pytest

from fixtures.postgres_versions import newer_than, statements
from fixtures.story import Rebuilt, Story
from totesys_demo.platform import SOURCE, WAREHOUSE

pytestmark = pytest.mark.xdist_group("terraform-platform")


def test_the_source_is_asked_nothing_newer_than_postgresql_13(story: Story) -> None:
    sent = statements(story.platform.stack.state_dir / "postgres" / SOURCE / "server.log")
    assert any("pg_export_snapshot" in statement for statement in sent)
    assert {s: newer_than(13, s) for s in sent if newer_than(13, s)} == {}


def test_the_warehouse_is_asked_nothing_newer_than_postgresql_15(
    story: Story, rebuilt: Rebuilt
) -> None:
    sent = statements(story.platform.stack.state_dir / "postgres" / WAREHOUSE / "server.log")
    assert any(statement.startswith("CREATE TABLE") for statement in sent)
    assert {s: newer_than(15, s) for s in sent if newer_than(15, s)} == {}
