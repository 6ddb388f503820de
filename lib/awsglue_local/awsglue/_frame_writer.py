"""`glue_context.write_dynamic_frame`.

Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame-writer.html

"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from awsglue._refusal import WRITER_PAGE, missing_attribute, refusal
from awsglue.dynamicframe import DynamicFrame

if TYPE_CHECKING:
    from awsglue.context import GlueContext


class DynamicFrameWriter:
    """Writes DynamicFrames to sinks; each method returns the frame."""

    def __init__(self, glue_context: GlueContext) -> None:
        self._glue_context = glue_context

    def from_options(
        self,
        frame: DynamicFrame,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Files in S3: connection_options path, partitionKeys, compression; `format` parquet,
        glueparquet, json, csv or orc. Files are added to what is there.
        """
        from awsglue import _s3_sink

        if connection_type != "s3":
            raise refusal(
                f"write_dynamic_frame.from_options(connection_type={connection_type!r})",
                WRITER_PAGE,
            )
        path, keys, compression = _s3_sink.check_options(dict(connection_options or {}))
        rows = _checked(frame).toDF()
        _s3_sink.write(rows, path, format, dict(format_options or {}), keys, compression)
        return frame

    def from_catalog(
        self,
        frame: DynamicFrame,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        additional_options: Mapping[str, Any] | None = None,
        catalog_id: str | None = None,
        **kwargs: Any,
    ) -> DynamicFrame:
        """Files below a catalogue table's location, in its format. Partitions are not registered:
        that takes enableUpdateCatalog, which is not imitated.
        """
        from awsglue import _catalog, _s3_sink

        for name in (*(additional_options or {}), *kwargs):
            if name != "partitionKeys":
                raise refusal(f"write_dynamic_frame.from_catalog option {name}", WRITER_PAGE)
        entry = _catalog.table(database, table_name, catalog_id)
        format_, options = _catalog.format_of(entry)
        header = {"writeHeader": options.get("withHeader", True)} if format_ == "csv" else {}
        keys = [key["Name"] for key in entry.get("PartitionKeys") or []]
        location = entry["StorageDescriptor"]["Location"]
        _s3_sink.write(_checked(frame).toDF(), location, format_, header, keys)
        return frame

    def from_jdbc_conf(
        self,
        frame: DynamicFrame,
        catalog_connection: str,
        connection_options: Mapping[str, Any] | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Appends to the PostgreSQL table that connection_options name (dbtable, database)."""
        from awsglue._jdbc_source import jdbc_options

        options = dict(connection_options or {})
        table = options.pop("dbtable", None)
        database = options.pop("database", None)
        if options:
            raise refusal(f"from_jdbc_conf option {next(iter(options))}", WRITER_PAGE)
        if not table:
            raise ValueError("connection option dbtable of a JDBC sink is required")
        jdbc = jdbc_options(catalog_connection)
        if database:
            server = jdbc["url"].partition("?")[0].rpartition("/")[0]
            jdbc["url"] = f"{server}/{database}"
        rows = _checked(frame).toDF()
        if rows.columns:
            rows.write.format("jdbc").options(**jdbc, dbtable=table).mode("append").save()
        return frame

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("write_dynamic_frame", name, WRITER_PAGE)


def _checked(frame: DynamicFrame) -> DynamicFrame:
    if not isinstance(frame, DynamicFrame):
        raise TypeError(f"frame must be a DynamicFrame, got {type(frame).__name__}")
    return frame
