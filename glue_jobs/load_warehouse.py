"""AWS Glue job: loads every processed commit the warehouse does not have, one transaction each.

Arguments: JOB_NAME, processed_bucket, warehouse_connection.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.pipeline.load import LoadSettings, load
from totesys_etl.pipeline.run_seconds import run_seconds

REQUIRED = ["JOB_NAME", "processed_bucket", "warehouse_connection"]


def main() -> None:
    """Arguments -> pipeline -> job.commit(), last."""
    args = getResolvedOptions(sys.argv, REQUIRED)
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    with run_seconds(args["JOB_NAME"]):
        load(glue_context, LoadSettings.from_arguments(args))
    job.commit()


if __name__ == "__main__":
    main()
