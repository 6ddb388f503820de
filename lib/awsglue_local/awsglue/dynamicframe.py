"""DynamicFrame, as far as a JDBC source needs it.

Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html

"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from awsglue._refusal import FRAME_PAGE, missing_attribute, refusal

if TYPE_CHECKING:
    from awsglue.context import GlueContext


class DynamicFrame:
    """Rows whose schema comes from the rows: where there are none, there are no columns either."""

    def __init__(
        self,
        rows: Callable[[], DataFrame],
        glue_ctx: "GlueContext",
        name: str = "",
        *,
        has_rows: bool | None = None,
    ) -> None:
        self.glue_ctx = glue_ctx
        self.name = name
        self._load = rows
        self._has_rows = has_rows

    @cached_property
    def _source(self) -> DataFrame:
        return self._load()

    @cached_property
    def _rows(self) -> DataFrame:
        empty = self._source.isEmpty() if self._has_rows is None else not self._has_rows
        if empty:
            return self.glue_ctx.spark_session.createDataFrame([], StructType([]))
        return self._source

    def toDF(self, options: Any = None) -> DataFrame:
        """The rows as a DataFrame; without any column when there is no row."""
        if options:
            raise refusal("DynamicFrame.toDF(options)", FRAME_PAGE)
        return self._rows

    def count(self) -> int:
        """The number of rows."""
        return self._rows.count()

    def schema(self) -> StructType:
        """Spark's StructType (AWS returns a type of its own); empty when there is no row."""
        return self._rows.schema

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("DynamicFrame", name, FRAME_PAGE)
