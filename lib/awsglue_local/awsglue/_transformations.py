"""What DynamicFrame does with rows, over Spark's DataFrame."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from awsglue import _fields
from awsglue._refusal import FRAME_PAGE, refusal

Record = dict[str, Any]


def apply_mapping(
    frame: DataFrame, mappings: Sequence[Sequence[str]], *, case_sensitive: bool
) -> DataFrame:
    """(source path, source type, target path, target type) each; fields that no mapping names, and
    mappings whose source does not exist, are left out.
    """
    columns = []
    for mapping in mappings:
        if len(mapping) != 4:
            raise refusal(f"a mapping of {len(mapping)} parts: {tuple(mapping)!r}", FRAME_PAGE)
        source, _, target, target_type = mapping
        found = _fields.spelled(frame, _fields.parse(source), case_sensitive=case_sensitive)
        if found is not None:
            value = _fields.column(found).cast(_fields.spark_type(target_type))
            columns.append((_fields.parse(target), value))
    return _fields.structured(frame, columns)


def resolve_choice(
    frame: DataFrame, specs: Sequence[tuple[str, str]] | None, choice: str
) -> DataFrame:
    """Casts by `specs`. Columns of several types (choices) do not occur here, so what only resolves
    those changes nothing.
    """
    if specs and choice:
        raise ValueError("resolveChoice takes specs or choice, not both")
    if choice.startswith("match_catalog"):
        raise refusal("resolveChoice(choice='match_catalog')", FRAME_PAGE)
    for path, action in specs or ():
        kind, _, type_name = action.partition(":")
        place = _fields.parse(path)
        if kind not in ("cast", "project", "make_cols", "make_struct"):
            raise ValueError(f"resolveChoice of {path}: {action!r} is no action of AWS Glue")
        if kind == "cast" and _fields.type_of(frame, place) is not None:
            value = _fields.column(place).cast(_fields.spark_type(type_name))
            columns = [
                (leaf, value if leaf == place else _fields.column(leaf))
                for leaf in _fields.leaves(frame.schema)
            ]
            frame = _fields.structured(frame, columns)
    return frame


def filter_rows(frame: DataFrame, f: Callable[[Record], bool]) -> DataFrame:
    """The rows for which `f`, given each as a dict, says so."""
    kept = frame.rdd.filter(lambda row: bool(f(row.asDict(recursive=True))))
    return frame.sparkSession.createDataFrame(kept, frame.schema)


def map_rows(frame: DataFrame, f: Callable[[Record], Mapping[str, Any]]) -> DataFrame:
    """What `f` makes of each row; the schema comes from the results: without rows there is none."""
    records = frame.rdd.map(lambda row: dict(f(row.asDict(recursive=True)))).cache()
    if records.isEmpty():
        return frame.sparkSession.createDataFrame([], StructType([]))
    return frame.sparkSession.createDataFrame(records, samplingRatio=1.0)


def join(
    left: DataFrame, right: DataFrame, keys1: Sequence[str], keys2: Sequence[str]
) -> DataFrame:
    """Rows whose keys are equal, with the fields of both."""
    if len(keys1) != len(keys2):
        raise ValueError(f"join needs as many keys on both sides, got {keys1} and {keys2}")
    shared = sorted(set(left.columns) & set(right.columns))
    if shared:
        raise refusal(
            f"join of frames that both have {', '.join(shared)} (rename first)", FRAME_PAGE
        )
    condition = F.lit(True)
    for one, two in zip(keys1, keys2, strict=True):
        condition &= left[one] == right[two]
    return left.join(right, condition)


def unnest(frame: DataFrame) -> DataFrame:
    """Fields of structs at the top, named by their paths; arrays stay."""
    return frame.select(
        *(_fields.column(path).alias(".".join(path)) for path in _fields.leaves(frame.schema))
    )


def drop_null_fields(frame: DataFrame) -> DataFrame:
    """Without the columns that have no value in any row (or no type)."""
    if not frame.columns:
        return frame
    counted = frame.agg(*(F.count(_fields.column((name,))).alias(name) for name in frame.columns))
    [counts] = counted.collect()
    return frame.select(*(_fields.column((name,)) for name in frame.columns if counts[name]))
