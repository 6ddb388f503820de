"""Fields by their paths, as AWS Glue writes them: "a", "a.b" inside a struct, `a.b` with a dot."""

import re
from collections.abc import Sequence
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructType

_NAME = re.compile(r"`([^`]+)`|([^.`]+)")
_TYPES = {
    "integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint",
    "decimal": "decimal(10,2)",
}  # fmt: skip
"""AWS's names of types that Spark's DDL has other names, or other defaults, for."""

Path = tuple[str, ...]


def parse(path: str) -> Path:
    """The names in a path."""
    return tuple(quoted or plain for quoted, plain in _NAME.findall(path))


def column(path: Path) -> Column:
    """The field as a column; names with dots in them are quoted."""
    return F.col(".".join(f"`{name}`" for name in path))


def type_of(frame: DataFrame, path: Path) -> DataType | None:
    """The field's type, None where the frame has no such field."""
    found: DataType = frame.schema
    for name in path:
        if not isinstance(found, StructType) or name not in found.fieldNames():
            return None
        found = found[name].dataType
    return found


def spelled(frame: DataFrame, path: Path, *, case_sensitive: bool) -> Path | None:
    """The path as the frame spells it, None where it has no such field."""
    if case_sensitive:
        return path if type_of(frame, path) is not None else None
    found: DataType = frame.schema
    names: list[str] = []
    for wanted in path:
        if not isinstance(found, StructType):
            return None
        same = [name for name in found.fieldNames() if name.lower() == wanted.lower()]
        if not same:
            return None
        names.append(same[0])
        found = found[same[0]].dataType
    return tuple(names)


def spark_type(name: str) -> str:
    """Spark's DDL for a type of AWS Glue."""
    return _TYPES.get(name.strip().lower(), name)


def select(frame: DataFrame, paths: Sequence[str]) -> DataFrame:
    """Only these fields, in their order in `paths`; unknown ones are left out, as on AWS."""
    known = [parse(path) for path in paths if type_of(frame, parse(path)) is not None]
    return structured(frame, [(path, column(path)) for path in known])


def drop(frame: DataFrame, paths: Sequence[str]) -> DataFrame:
    """Without these fields; unknown ones do not matter."""
    for path in map(parse, paths):
        if type_of(frame, path) is None:
            continue
        if len(path) == 1:
            frame = frame.drop(path[0])
        else:
            inner = ".".join(f"`{name}`" for name in path[1:])
            changed = column(path[:1]).dropFields(inner)
            frame = frame.withColumn(path[0], changed)
    return frame


def rename(frame: DataFrame, old: str, new: str) -> DataFrame:
    """One field under another path."""
    before, after = parse(old), parse(new)
    if type_of(frame, before) is None:
        return frame
    if len(before) == len(after) == 1:
        return frame.withColumnRenamed(before[0], after[0])
    kept = [
        (path, column(path))
        for path in leaves(frame.schema)
        if path[: len(before)] != before and path != after
    ]
    return structured(frame, [*kept, (after, column(before))])


def leaves(schema: StructType, above: Path = ()) -> list[Path]:
    """The paths of all fields that are not structs themselves."""
    found: list[Path] = []
    for field in schema.fields:
        here = (*above, field.name)
        if isinstance(field.dataType, StructType):
            found += leaves(field.dataType, here)
        else:
            found.append(here)
    return found


def structured(frame: DataFrame, columns: Sequence[tuple[Path, Column]]) -> DataFrame:
    """A frame of the columns at their paths; longer paths become structs."""
    return frame.select(*_level([(path, value) for path, value in columns]))


def _level(columns: Sequence[tuple[Path, Column]]) -> list[Any]:
    groups: dict[str, list[tuple[Path, Column]]] = {}
    for path, value in columns:
        groups.setdefault(path[0], []).append((path[1:], value))
    built = []
    for name, inside in groups.items():
        whole = [value for rest, value in inside if not rest]
        value = whole[-1] if whole else F.struct(*_level(inside))
        built.append(value.alias(name))
    return built
