"""AWS Glue job: star tables from all batches not yet transformed, as one processed commit.

Arguments: JOB_NAME, raw_bucket, work_bucket, processed_bucket, star_database. No connection.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.pipeline.run_seconds import run_seconds
from totesys_etl.pipeline.transform import TransformSettings, transform

REQUIRED = ["JOB_NAME", "raw_bucket", "work_bucket", "processed_bucket", "star_database"]


def main() -> None:
    """Arguments -> pipeline -> job.commit(), last."""
    args = getResolvedOptions(sys.argv, REQUIRED)
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    with run_seconds(args["JOB_NAME"]):
        transform(glue_context.spark_session, TransformSettings.from_arguments(args))
    job.commit()


if __name__ == "__main__":
    main()
