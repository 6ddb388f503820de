"""What is asked of Glue for candidates; a stand-in takes the place of GlueContext."""

from typing import Any

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.ingest.bookmark import bookmark_keys


class _Empty:
    """A DynamicFrame of an empty increment: its DataFrame has no columns."""

    columns: tuple[str, ...] = ()

    def toDF(self) -> "_Empty":  # noqa: N802
        return self


class _Glue:
    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    @property
    def create_dynamic_frame(self) -> "_Glue":
        return self

    def from_options(
        self, connection_type: str, connection_options: dict[str, Any], *, transformation_ctx: str
    ) -> _Empty:
        self.asked.append((connection_type, connection_options, transformation_ctx))
        return _Empty()


def test_an_empty_increment_has_no_candidates() -> None:
    glue = _Glue()
    assert bookmark_keys(glue, "totesys", SOURCE_TABLES["transaction"]) is None
    assert glue.asked == [
        (
            "postgresql",
            {
                "useConnectionProperties": "true",
                "connectionName": "totesys",
                "dbtable": "public.transaction",
                "jobBookmarkKeys": ["last_updated"],
                "jobBookmarkKeysSortOrder": "asc",
            },
            "candidates_transaction",
        )
    ]
