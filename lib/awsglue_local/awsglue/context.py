"""GlueContext: the way into Spark, connections and bookmarked JDBC reads.

Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-glue-context.html
"""

import sys
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from pyspark import SparkContext
from pyspark.sql import SparkSession, SQLContext

from awsglue._connection import jdbc_conf
from awsglue._refusal import CONTEXT_PAGE, READER_PAGE, missing_attribute, refusal
from awsglue.dynamicframe import DynamicFrame


class GlueContext(SQLContext):
    """Accepts a SparkContext, a SparkSession or nothing, as on Glue 5.1."""

    def __init__(
        self, sparkContext: SparkContext | SparkSession | None = None, **options: Any
    ) -> None:
        if options:
            raise refusal(f"GlueContext({', '.join(sorted(options))}=...)", CONTEXT_PAGE)
        # A process has one SparkContext, which the builder takes when it runs already.
        session = (
            sparkContext
            if isinstance(sparkContext, SparkSession)
            else SparkSession.builder.getOrCreate()
        )
        with warnings.catch_warnings():
            # Spark calls SQLContext deprecated; GlueContext is one all the same.
            warnings.simplefilter("ignore", FutureWarning)
            super().__init__(session.sparkContext, session)
        self.spark_session = session
        self.create_dynamic_frame = DynamicFrameReader(self)

    def get_logger(self) -> "GlueLogger":
        """The job's logger, with info, warn and error; writes to standard error."""
        return GlueLogger()

    def extract_jdbc_conf(
        self, connection_name: str, catalog_id: str | None = None
    ) -> dict[str, str]:
        """A Glue connection's JDBC settings, all strings: user, password, vendor, enforceSSL,
        customJDBCCert, skipCustomJDBCCertValidation, customJDBCCertString, url (without database;
        deprecated by AWS) and fullUrl.
        """
        return jdbc_conf(connection_name, catalog_id)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("GlueContext", name, CONTEXT_PAGE)


class DynamicFrameReader:
    """`glue_context.create_dynamic_frame`."""

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
        """A PostgreSQL table over a Glue connection; with a transformation_ctx and a job bookmark
        only its new rows.

        connection_options: useConnectionProperties "true", connectionName, dbtable, and for a
        bookmark jobBookmarkKeys (one column) and jobBookmarkKeysSortOrder (asc or desc).
        """
        from awsglue._jdbc_source import read_table

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
        for name, value in others.items():
            if value:
                raise refusal(
                    f"create_dynamic_frame.from_options({name}=...) for JDBC", READER_PAGE
                )
        rows, has_rows = read_table(
            self._glue_context.spark_session, dict(connection_options or {}), transformation_ctx
        )
        return DynamicFrame(rows, self._glue_context, transformation_ctx, has_rows=has_rows)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("create_dynamic_frame", name, READER_PAGE)


class GlueLogger:
    """Glue's logger writes to the job's error stream."""

    def info(self, message: str) -> None:
        """Logs at INFO."""
        self._write("INFO", message)

    def warn(self, message: str) -> None:
        """Logs at WARN."""
        self._write("WARN", message)

    def error(self, message: str) -> None:
        """Logs at ERROR."""
        self._write("ERROR", message)

    def _write(self, level: str, message: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        print(f"{stamp} {level} GlueLogger: {message}", file=sys.stderr, flush=True)
