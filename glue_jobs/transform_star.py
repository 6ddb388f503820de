"""AWS Glue job: star tables from all batches not yet transformed, as one processed commit.

Arguments: JOB_NAME, raw_bucket, work_bucket, processed_bucket, star_database; optional, for one
run: rebuild (compare or swap), which makes the star tables anew from all batches. No connection.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.pipeline.rebuild_star import rebuild_star
from totesys_etl.pipeline.run_seconds import run_seconds
from totesys_etl.pipeline.transform import TransformSettings, transform

REQUIRED = ["JOB_NAME", "raw_bucket", "work_bucket", "processed_bucket", "star_database"]
OPTIONAL = ["rebuild"]


def main() -> None:
    """Arguments -> pipeline -> job.commit(), last."""
    given = [name for name in OPTIONAL if f"--{name}" in sys.argv]
    args = getResolvedOptions(sys.argv, REQUIRED + given)
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    settings = TransformSettings.from_arguments(args)
    run = rebuild_star if settings.rebuild else transform
    with run_seconds(args["JOB_NAME"]):
        run(glue_context.spark_session, settings)
    job.commit()


if __name__ == "__main__":
    main()
