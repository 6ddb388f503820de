"""AWS Glue job: proves that warehouse, star tables and catalogue are what all changes come to.

Arguments: JOB_NAME, raw_bucket, processed_bucket, raw_database, star_database,
warehouse_connection.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.pipeline.audit import AuditSettings, audit
from totesys_etl.pipeline.run_seconds import run_seconds

REQUIRED = [
    "JOB_NAME",
    "raw_bucket",
    "processed_bucket",
    "raw_database",
    "star_database",
    "warehouse_connection",
]


def main() -> None:
    """Arguments -> pipeline -> job.commit(), last."""
    args = getResolvedOptions(sys.argv, REQUIRED)
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    with run_seconds(args["JOB_NAME"]):
        audit(glue_context, AuditSettings.from_arguments(args))
    job.commit()


if __name__ == "__main__":
    main()
