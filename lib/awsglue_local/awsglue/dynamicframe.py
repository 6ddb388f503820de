"""DynamicFrame over Spark's DataFrame.

A record here has its frame's types: AWS's choice types, which hold values of several types in one
column, do not arise. `transformation_ctx`, `info` and the error thresholds are taken and unused: a
row that can not be transformed fails the job here, on AWS it becomes an error record.

Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from awsglue import _fields, _transformations
from awsglue._refusal import FRAME_PAGE, missing_attribute, refusal

if TYPE_CHECKING:
    from awsglue.context import GlueContext


@dataclass(frozen=True)
class Rows:
    """Make a DataFrame when it is asked for; `has_rows` where that is known before."""

    load: Callable[[], DataFrame]
    has_rows: bool | None = None


class DynamicFrame:
    """Rows whose schema comes from the rows: where there are none, there are no columns either."""

    def __init__(self, jdf: DataFrame | Rows, glue_ctx: GlueContext, name: str = "") -> None:
        self.glue_ctx = glue_ctx
        self.name = name
        self._given = jdf if isinstance(jdf, Rows) else Rows(lambda: jdf)

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: GlueContext, name: str = "") -> DynamicFrame:
        """A DataFrame's rows; its schema stays even where there is no row."""
        return cls(Rows(lambda: dataframe, has_rows=True), glue_ctx, name)

    @cached_property
    def _rows(self) -> DataFrame:
        frame = self._given.load()
        known = self._given.has_rows
        if frame.isEmpty() if known is None else not known:
            return self.glue_ctx.spark_session.createDataFrame([], StructType([]))
        return frame

    def toDF(self, options: Any = None) -> DataFrame:
        """The rows as a DataFrame; without any column when a source had no row."""
        if options:
            raise refusal("DynamicFrame.toDF(options)", FRAME_PAGE)
        return self._rows

    def count(self) -> int:
        """The number of rows."""
        return self._rows.count()

    def schema(self) -> StructType:
        """Spark's StructType (AWS returns a type of its own); empty when there is no row."""
        return self._rows.schema

    def printSchema(self) -> None:
        """Prints the schema."""
        self._rows.printSchema()

    def show(self, num_rows: int = 20) -> None:
        """Prints rows as JSON, one a line."""
        for line in self._rows.toJSON().take(num_rows):
            print(line)

    def getNumPartitions(self) -> int:
        """The number of Spark's partitions."""
        return self._rows.rdd.getNumPartitions()

    def select_fields(
        self, paths: str | Sequence[str], transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """Only the fields at these paths."""
        return self._with(_fields.select(self._rows, _listed(paths)))

    def drop_fields(
        self, paths: str | Sequence[str], transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """Without the fields at these paths."""
        return self._with(_fields.drop(self._rows, _listed(paths)))

    def rename_field(
        self, oldName: str, newName: str, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """One field under another name."""
        return self._with(_fields.rename(self._rows, oldName, newName))

    def apply_mapping(
        self, mappings: Sequence[Sequence[str]], case_sensitive: bool = False,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """(source path, source type, target path, target type) for each field that is kept."""
        mapped = _transformations.apply_mapping(self._rows, mappings, case_sensitive=case_sensitive)
        return self._with(mapped)

    def applyMapping(self, *args: Any, **kwargs: Any) -> DynamicFrame:
        """apply_mapping under its older name."""
        return self.apply_mapping(*args, **kwargs)

    def resolveChoice(
        self, specs: Sequence[tuple[str, str]] | None = None, choice: str = "",
        database: str | None = None, table_name: str | None = None, transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
        catalog_id: str | None = None,
    ) -> DynamicFrame:  # fmt: skip
        """Casts by specs [(path, "cast:type"), ...]; there are no choices to resolve otherwise."""
        return self._with(_transformations.resolve_choice(self._rows, specs, choice))

    def filter(
        self, f: Callable[[dict[str, Any]], bool], transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The rows for which `f(row as a dict)` is true."""
        return self._with(_transformations.filter_rows(self._rows, f))

    def map(
        self, f: Callable[[dict[str, Any]], Mapping[str, Any]],
        preservesPartitioning: bool = False, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The dicts that `f` makes of each row as a dict."""
        return self._with(_transformations.map_rows(self._rows, f))

    def join(
        self, paths1: str | Sequence[str], paths2: str | Sequence[str], frame2: DynamicFrame,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """Rows of both whose keys are equal."""
        joined = _transformations.join(self._rows, frame2.toDF(), _listed(paths1), _listed(paths2))
        return self._with(joined)

    def union(
        self, other_frame: DynamicFrame, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The rows of both; a field that one of them lacks is NULL there."""
        return self._with(self._rows.unionByName(other_frame.toDF(), allowMissingColumns=True))

    def split_fields(
        self, paths: str | Sequence[str], name1: str, name2: str, transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrameCollection:  # fmt: skip
        """Frame `name1` with the fields at these paths, frame `name2` with the others."""
        parts = {name1: self.select_fields(paths), name2: self.drop_fields(paths)}
        return DynamicFrameCollection(parts, self.glue_ctx)

    def unnest(
        self, transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """Fields of structs at the top, named by their paths."""
        return self._with(_transformations.unnest(self._rows))

    def repartition(
        self, num_partitions: int, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The rows in so many partitions."""
        return self._with(self._rows.repartition(num_partitions))

    def coalesce(
        self, num_partitions: int, shuffle: bool = False, transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        """The rows in at most so many partitions."""
        if shuffle:
            return self.repartition(num_partitions)
        return self._with(self._rows.coalesce(num_partitions))

    def errorsCount(self) -> int:
        """0: there are no error records here, a row that fails fails the job."""
        return 0

    def stageErrorsCount(self) -> int:
        """0, as errorsCount."""
        return 0

    def errorsAsDynamicFrame(self) -> DynamicFrame:
        """A frame without rows."""
        return self._with(self.glue_ctx.spark_session.createDataFrame([], StructType([])))

    def assertErrorThreshold(self) -> None:
        """Passes: there are no error records."""

    def _with(self, frame: DataFrame) -> DynamicFrame:
        return DynamicFrame.fromDF(frame, self.glue_ctx, self.name)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("DynamicFrame", name, FRAME_PAGE)


class DynamicFrameCollection:
    """Frames by name."""

    def __init__(self, dynamic_frames: Mapping[str, DynamicFrame], glue_ctx: GlueContext) -> None:
        self._frames = dict(dynamic_frames)
        self._glue_ctx = glue_ctx

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._frames.keys()

    def values(self) -> Iterable[DynamicFrame]:
        """The frames."""
        return self._frames.values()

    def select(self, key: str, transformation_ctx: str = "") -> DynamicFrame:
        """The frame of that name; KeyError lists the names there are."""
        if key not in self._frames:
            raise KeyError(f"there is no frame {key}; there are: {', '.join(self._frames)}")
        return self._frames[key]

    def map(
        self, callable: Callable[..., DynamicFrame], transformation_ctx: str = ""
    ) -> DynamicFrameCollection:
        """`callable(frame, transformation_ctx)` of each frame, under the same names."""
        made = {key: callable(frame, transformation_ctx) for key, frame in self._frames.items()}
        return DynamicFrameCollection(made, self._glue_ctx)

    def __getitem__(self, key: str) -> DynamicFrame:
        return self.select(key)

    def __len__(self) -> int:
        return len(self._frames)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("DynamicFrameCollection", name, FRAME_PAGE)


def _listed(paths: str | Sequence[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else list(paths)


def __getattr__(name: str) -> object:
    """The reader and the writer are here on AWS; they know this module, so they come when asked."""
    if name == "DynamicFrameReader":
        from awsglue._frame_reader import DynamicFrameReader

        return DynamicFrameReader
    if name == "DynamicFrameWriter":
        from awsglue._frame_writer import DynamicFrameWriter

        return DynamicFrameWriter
    raise missing_attribute("awsglue.dynamicframe", name, FRAME_PAGE)
