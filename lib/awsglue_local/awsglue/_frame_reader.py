"""`glue_context.create_dynamic_frame`.

Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame-reader.html

"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from awsglue._refusal import READER_PAGE, missing_attribute, refusal
from awsglue.dynamicframe import DynamicFrame, Rows

if TYPE_CHECKING:
    from awsglue.context import GlueContext


class DynamicFrameReader:
    """Makes DynamicFrames of sources."""

    def __init__(self, glue_context: GlueContext) -> None:
        self._glue_context = glue_context

    def from_options(
        self,
        connection_type: str,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **kwargs: Any,
    ) -> DynamicFrame:
        """A PostgreSQL table over a Glue connection, or files in S3; with a transformation_ctx and
        a job bookmark only what is new.

        connection_options of postgresql: useConnectionProperties "true", connectionName, dbtable,
        and for a bookmark jobBookmarkKeys (one column) and jobBookmarkKeysSortOrder (asc or desc);
        of s3: paths, recurse, exclusions. `format` of s3: parquet, json, csv, orc.
        """
        options = dict(connection_options or {})
        if connection_type == "s3":
            _refuse_all({"push_down_predicate": push_down_predicate, **kwargs}, "S3")
            return self._files(options, format, dict(format_options or {}), transformation_ctx)
        if connection_type in ("parquet", "orc"):
            # AWS takes a format in the place of the connection type.
            return self._files(options, connection_type, {}, transformation_ctx)
        if connection_type != "postgresql":
            raise refusal(
                f"create_dynamic_frame.from_options(connection_type={connection_type!r})",
                READER_PAGE,
            )
        others = {
            "format": format,
            "format_options": format_options,
            "push_down_predicate": push_down_predicate,
            **kwargs,
        }
        _refuse_all(others, "JDBC")
        return self._table(options, transformation_ctx)

    def from_catalog(
        self,
        database: str | None = None,
        table_name: str | None = None,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        additional_options: Mapping[str, Any] | None = None,
        catalog_id: str | None = None,
        **kwargs: Any,
    ) -> DynamicFrame:
        """A table of the Data Catalog: files in S3 (partitions as registered, cut down by
        push_down_predicate), or a PostgreSQL table that names its connection.
        """
        from awsglue import _catalog, _s3_files

        if kwargs.get("name_space") and database:
            raise Exception("Parameter name_space and database are both specified, choose one.")
        database = database or kwargs.pop("name_space", None)
        _refuse_all({"redshift_tmp_dir": redshift_tmp_dir, **kwargs}, "the Data Catalog")
        entry = _catalog.table(database, table_name, catalog_id)
        additional = dict(additional_options or {})
        parameters = entry.get("Parameters", {})
        if parameters.get("classification") == "postgresql":
            dbtable = ".".join(entry["StorageDescriptor"]["Location"].split(".")[-2:])
            connection = {
                "useConnectionProperties": "true",
                "connectionName": parameters["connectionName"],
                "dbtable": dbtable,
            }
            return self._table({**connection, **additional}, transformation_ctx)
        format_, format_options = _catalog.format_of(entry)
        spark = self._glue_context.spark_session
        locations = _catalog.locations(spark, entry, push_down_predicate)
        rows = _s3_files.read(
            spark, locations, format_, format_options, additional, transformation_ctx
        )
        return self._frame(rows, transformation_ctx)

    def _files(
        self, options: dict[str, Any], format_: str | None, format_options: dict[str, Any], ctx: str
    ) -> DynamicFrame:
        from awsglue import _s3_files

        locations = [_s3_files.Location(path, {}) for path in _s3_files.check_options(options)]
        spark = self._glue_context.spark_session
        rows = _s3_files.read(spark, locations, format_, format_options, options, ctx)
        return self._frame(rows, ctx)

    def _table(self, options: dict[str, Any], ctx: str) -> DynamicFrame:
        from awsglue._jdbc_source import read_table

        load, has_rows = read_table(self._glue_context.spark_session, options, ctx)
        return self._frame(Rows(load, has_rows), ctx)

    def _frame(self, rows: Rows, ctx: str) -> DynamicFrame:
        return DynamicFrame(rows, self._glue_context, ctx)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("create_dynamic_frame", name, READER_PAGE)


def _refuse_all(values: Mapping[str, Any], source: str) -> None:
    for name, value in values.items():
        if value:
            raise refusal(
                f"create_dynamic_frame.from_options({name}=...) for {source}", READER_PAGE
            )
