"""AWS Glue's transforms: `ApplyMapping.apply(frame=..., mappings=...)` and the like.

Those that are not imitated are there by name and refuse when they are used.
Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-transforms.html
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from awsglue import _transformations
from awsglue._refusal import TRANSFORMS_PAGE, missing_attribute, refusal
from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection

__all__ = [
    "ApplyMapping", "Coalesce", "DropFields", "DropNullFields", "ErrorsAsDynamicFrame", "Filter",
    "FlatMap", "GlueTransform", "Join", "Map", "MapToCollection", "Relationalize", "RenameField",
    "Repartition", "ResolveChoice", "SelectFields", "SelectFromCollection", "Spigot",
    "SplitFields", "SplitRows", "Unbox", "Union", "UnnestFrame",
]  # fmt: skip


class GlueTransform:
    """A transform is called as an object, or by its class's `apply`."""

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Calls the transform."""
        return cls()(*args, **kwargs)

    @classmethod
    def name(cls) -> str:
        """The transform's name."""
        return cls.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise refusal(f"awsglue.transforms.{type(self).__name__}", TRANSFORMS_PAGE)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute(type(self).__name__, name, TRANSFORMS_PAGE)


class ApplyMapping(GlueTransform):
    """DynamicFrame.apply_mapping."""

    def __call__(
        self, frame: DynamicFrame, mappings: Sequence[Sequence[str]], case_sensitive: bool = False,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.apply_mapping(mappings, case_sensitive)


class SelectFields(GlueTransform):
    """DynamicFrame.select_fields."""

    def __call__(
        self, frame: DynamicFrame, paths: Sequence[str], transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.select_fields(paths)


class DropFields(GlueTransform):
    """DynamicFrame.drop_fields."""

    def __call__(
        self, frame: DynamicFrame, paths: Sequence[str], transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.drop_fields(paths)


class RenameField(GlueTransform):
    """DynamicFrame.rename_field."""

    def __call__(
        self, frame: DynamicFrame, old_name: str, new_name: str, transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.rename_field(old_name, new_name)


class SplitFields(GlueTransform):
    """DynamicFrame.split_fields."""

    def __call__(
        self, frame: DynamicFrame, paths: Sequence[str], name1: str | None = None,
        name2: str | None = None, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrameCollection:  # fmt: skip
        return frame.split_fields(paths, name1 or f"{frame.name}1", name2 or f"{frame.name}2")


class ResolveChoice(GlueTransform):
    """DynamicFrame.resolveChoice."""

    def __call__(
        self, frame: DynamicFrame, specs: Sequence[tuple[str, str]] | None = None,
        choice: str = "", database: str | None = None, table_name: str | None = None,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0, catalog_id: str | None = None,
    ) -> DynamicFrame:  # fmt: skip
        return frame.resolveChoice(specs, choice)


class Filter(GlueTransform):
    """DynamicFrame.filter."""

    def __call__(
        self, frame: DynamicFrame, f: Callable[[dict[str, Any]], bool],
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.filter(f)


class Map(GlueTransform):
    """DynamicFrame.map."""

    def __call__(
        self, frame: DynamicFrame, f: Callable[[dict[str, Any]], Any],
        preservesPartitioning: bool = False, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.map(f)


class Join(GlueTransform):
    """DynamicFrame.join."""

    def __call__(
        self, frame1: DynamicFrame, frame2: DynamicFrame, keys1: Sequence[str],
        keys2: Sequence[str], transformation_ctx: str = "",
    ) -> DynamicFrame:  # fmt: skip
        return frame1.join(keys1, keys2, frame2)


class Union(GlueTransform):
    """DynamicFrame.union."""

    def __call__(
        self, frame1: DynamicFrame, frame2: DynamicFrame, transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame1.union(frame2)


class DropNullFields(GlueTransform):
    """Without the fields that have no value in any row."""

    def __call__(
        self, frame: DynamicFrame, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        kept = _transformations.drop_null_fields(frame.toDF())
        return DynamicFrame.fromDF(kept, frame.glue_ctx, frame.name)


class UnnestFrame(GlueTransform):
    """DynamicFrame.unnest."""

    def __call__(
        self, frame: DynamicFrame, transformation_ctx: str = "", info: str = "",
        stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.unnest()


class Repartition(GlueTransform):
    """DynamicFrame.repartition."""

    def __call__(
        self, frame: DynamicFrame, num_partitions: int, transformation_ctx: str = "",
        info: str = "", stageThreshold: int = 0, totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.repartition(num_partitions)


class Coalesce(GlueTransform):
    """DynamicFrame.coalesce."""

    def __call__(
        self, frame: DynamicFrame, num_partitions: int, shuffle: bool = False,
        transformation_ctx: str = "", info: str = "", stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:  # fmt: skip
        return frame.coalesce(num_partitions, shuffle)


class SelectFromCollection(GlueTransform):
    """DynamicFrameCollection.select."""

    def __call__(
        self, dfc: DynamicFrameCollection, key: str, transformation_ctx: str = ""
    ) -> DynamicFrame:
        return dfc.select(key)


class MapToCollection(GlueTransform):
    """DynamicFrameCollection.map."""

    def __call__(
        self, dfc: DynamicFrameCollection, callable: Callable[..., DynamicFrame],
        transformation_ctx: str = "",
    ) -> DynamicFrameCollection:  # fmt: skip
        return dfc.map(callable, transformation_ctx)


class ErrorsAsDynamicFrame(GlueTransform):
    """DynamicFrame.errorsAsDynamicFrame."""

    def __call__(self, frame: DynamicFrame) -> DynamicFrame:
        return frame.errorsAsDynamicFrame()


class FlatMap(GlueTransform):
    """Not imitated."""


class Relationalize(GlueTransform):
    """Not imitated."""


class Spigot(GlueTransform):
    """Not imitated."""


class SplitRows(GlueTransform):
    """Not imitated."""


class Unbox(GlueTransform):
    """Not imitated."""


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise refusal(f"awsglue.transforms.{name}", TRANSFORMS_PAGE)
