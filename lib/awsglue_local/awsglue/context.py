"""GlueContext: the way into Spark, connections and bookmarked JDBC reads.

Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-glue-context.html
"""

import os
import sys
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from pyspark import SparkContext
from pyspark.sql import SparkSession, SQLContext

from awsglue._connection import jdbc_conf
from awsglue._frame_reader import DynamicFrameReader
from awsglue._frame_writer import DynamicFrameWriter
from awsglue._refusal import CONTEXT_PAGE, missing_attribute, refusal
from awsglue.dynamicframe import DynamicFrame

CATALOG_VARIABLE = "GLUE_LOCAL_CATALOG"
"""In the environment of jobs with --enable-glue-datacatalog."""


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
        if os.environ.get(CATALOG_VARIABLE):
            from awsglue._catalog_sql import register

            register(session)
        self.create_dynamic_frame = DynamicFrameReader(self)
        self.write_dynamic_frame = DynamicFrameWriter(self)

    def create_dynamic_frame_from_options(
        self, connection_type: str, connection_options: Mapping[str, Any] | None = None,
        format: str | None = None, format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "", push_down_predicate: str = "", **kwargs: Any,
    ) -> DynamicFrame:  # fmt: skip
        """create_dynamic_frame.from_options under its older name."""
        return self.create_dynamic_frame.from_options(
            connection_type, connection_options, format, format_options, transformation_ctx,
            push_down_predicate, **kwargs,
        )  # fmt: skip

    def create_dynamic_frame_from_catalog(
        self, database: str | None = None, table_name: str | None = None,
        redshift_tmp_dir: str = "", transformation_ctx: str = "", push_down_predicate: str = "",
        additional_options: Mapping[str, Any] | None = None, catalog_id: str | None = None,
        **kwargs: Any,
    ) -> DynamicFrame:  # fmt: skip
        """create_dynamic_frame.from_catalog under its older name."""
        return self.create_dynamic_frame.from_catalog(
            database, table_name, redshift_tmp_dir, transformation_ctx, push_down_predicate,
            additional_options, catalog_id, **kwargs,
        )  # fmt: skip

    def write_dynamic_frame_from_options(
        self, frame: DynamicFrame, connection_type: str,
        connection_options: Mapping[str, Any] | None = None, format: str | None = None,
        format_options: Mapping[str, Any] | None = None, transformation_ctx: str = "",
    ) -> DynamicFrame:  # fmt: skip
        """write_dynamic_frame.from_options under its older name."""
        return self.write_dynamic_frame.from_options(
            frame, connection_type, connection_options, format, format_options, transformation_ctx
        )

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
