"""Writing rows to S3, as AWS Glue's sinks do: files are added, never replaced.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-connect-s3-home.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame

from awsglue._refusal import S3_PAGE, refusal

_FORMATS = {"parquet": "parquet", "glueparquet": "parquet", "json": "json", "csv": "csv",
            "orc": "orc"}  # fmt: skip
_WRITER_OPTIONS: dict[str, dict[str, str]] = {
    "parquet": {"compression": "compression"},
    "orc": {"compression": "compression"},
    "json": {},
    "csv": {"separator": "sep", "quoteChar": "quote", "escaper": "escape",
            "writeHeader": "header"},
}  # fmt: skip


def write(
    frame: DataFrame,
    path: str,
    format_: str | None,
    format_options: Mapping[str, Any],
    partition_keys: Sequence[str],
    compression: str | None = None,
) -> None:
    """Appends the rows as files below `path`, a folder per partition. Nothing without columns."""
    kind = _FORMATS.get(str(format_))
    if kind is None:
        raise refusal(f"format={format_!r} of an S3 sink", S3_PAGE)
    if not frame.columns:
        return
    writer = frame.write.mode("append").format(kind)
    if kind == "csv":
        writer = writer.option("header", "true")
    for name, value in format_options.items():
        known = _WRITER_OPTIONS[kind].get(name)
        if known is None and name != "useGlueParquetWriter":
            raise refusal(f"format_options[{name!r}] of an S3 sink", S3_PAGE)
        if known is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            writer = writer.option(known, "" if text == "-1" else text)
    if compression:
        writer = writer.option("compression", compression)
    if partition_keys:
        writer = writer.partitionBy(*partition_keys)
    writer.save(path)


def check_options(options: Mapping[str, Any]) -> tuple[str, list[str], str | None]:
    """(path, partitionKeys, compression) of connection_options; the rest is refused."""
    for name in options:
        if name not in ("path", "partitionKeys", "compression"):
            raise refusal(f"connection option {name} of an S3 sink", S3_PAGE)
    if not options.get("path"):
        raise ValueError("connection option path of an S3 sink is required")
    return str(options["path"]), list(options.get("partitionKeys", ())), options.get("compression")
