"""Reading files in S3: all of a location's, or those that are new since the job bookmark.

A bookmark here is the set of objects read, with their ETags; a new object or one that was written
again is read by the next run. AWS goes by times of modification and a list of recent files, so that
it may take seconds until a new file is seen.
Source: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html and
aws-glue-programming-etl-connect-s3-home.html
"""

import fnmatch
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from awsglue import _bookmark_session
from awsglue._connection import client
from awsglue._refusal import S3_PAGE, refusal
from awsglue.dynamicframe import Rows

FORMATS = ("parquet", "json", "csv", "orc")
_FOR_SPEED = ("groupFiles", "groupSize", "useS3ListImplementation", "inPartition")
"""AWS reads the same rows with and without these."""
_READER_OPTIONS: dict[str, dict[str, str]] = {
    "parquet": {},
    "orc": {},
    "json": {"multiline": "multiLine"},
    "csv": {
        "withHeader": "header", "separator": "sep", "quoteChar": "quote", "escaper": "escape",
        "multiLine": "multiLine",
    },
}  # fmt: skip
_IGNORED_OPTIONS = ("optimizePerformance", "compression", "useGlueParquetWriter", "blockSize")


@dataclass(frozen=True)
class Location:
    """Files below `path`; `partition` are values of partition columns that all of them have."""

    path: str
    partition: Mapping[str, Any]


def read(
    spark: SparkSession,
    locations: Sequence[Location],
    format_: str | None,
    format_options: Mapping[str, Any],
    options: Mapping[str, Any],
    transformation_ctx: str,
) -> Rows:
    """The files' rows, when asked for. Notes the files for the job's bookmark."""
    reader_options = _reader_options(format_, format_options)
    recurse = str(options.get("recurse", "true")).lower() != "false"
    exclusions = _exclusions(options.get("exclusions"))
    bookmark = _bookmark_session.files(transformation_ctx)
    found: list[tuple[Location, list[str]]] = []
    for location in locations:
        objects = _objects(location.path, recurse, exclusions)
        if bookmark is not None:
            objects = bookmark.new(objects)
            bookmark.reached(objects)
        if objects:
            found.append((location, sorted(objects)))
    if not found:
        return Rows(lambda: spark.createDataFrame([], "none int"), has_rows=False)
    return Rows(lambda: _load(spark, found, str(format_), reader_options))


def _load(
    spark: SparkSession,
    found: Sequence[tuple[Location, list[str]]],
    format_: str,
    reader_options: Mapping[str, str],
) -> DataFrame:
    frames = []
    for location, files in found:
        reader = spark.read.options(**reader_options)
        if not location.partition:
            reader = reader.option("basePath", location.path)
        frame = reader.format(format_).load(files)
        if format_ == "csv" and reader_options.get("header", "false") == "false":
            frame = frame.toDF(*(name.replace("_c", "col", 1) for name in frame.columns))
        for name, value in location.partition.items():
            frame = frame.withColumn(name, value)
        frames.append(frame)
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.unionByName(frame, allowMissingColumns=True)
    return whole


def _reader_options(format_: str | None, given: Mapping[str, Any]) -> dict[str, str]:
    if format_ not in FORMATS:
        raise refusal(f"format={format_!r} of an S3 source", S3_PAGE)
    known = _READER_OPTIONS[format_]
    options: dict[str, str] = {}
    for name, value in given.items():
        if name in known:
            options[known[name]] = str(value).lower() if isinstance(value, bool) else str(value)
        elif name not in _IGNORED_OPTIONS:
            raise refusal(f"format_options[{name!r}] of format {format_}", S3_PAGE)
    return options


def _objects(path: str, recurse: bool, exclusions: Sequence[str]) -> dict[str, str]:
    """s3 path -> ETag of the data files at or below `path`."""
    bucket, _, key = path.removeprefix("s3://").removeprefix("s3a://").partition("/")
    pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    found: dict[str, str] = {}
    for page in pages:
        for entry in page.get("Contents", ()):
            below = entry["Key"].removeprefix(key)
            inside = below == "" or key == "" or key.endswith("/") or below.startswith("/")
            names = below.strip("/").split("/")
            hidden = any(name.startswith(("_", ".")) for name in names)
            if not inside or hidden or entry["Key"].endswith("/"):
                continue
            if not recurse and len(names) > 1:
                continue
            whole = f"s3://{bucket}/{entry['Key']}"
            if not any(fnmatch.fnmatch(whole, pattern) for pattern in exclusions):
                found[whole] = entry["ETag"]
    return found


def _exclusions(given: Any) -> list[str]:
    """Glob patterns, as a JSON list in a string or as a list; ** goes across folders."""
    patterns = json.loads(given) if isinstance(given, str) else (given or [])
    return [str(pattern).replace("**", "*") for pattern in patterns]


def check_options(options: Mapping[str, Any]) -> list[str]:
    """The paths of connection_options; what is not imitated is refused."""
    paths = options.get("paths") or ([options["path"]] if options.get("path") else [])
    if not paths:
        raise ValueError("connection option paths of an S3 source is required")
    for name in options:
        if name not in ("paths", "path", "recurse", "exclusions", *_FOR_SPEED):
            raise refusal(f"connection option {name} of an S3 source", S3_PAGE)
    return [str(path) for path in paths]
