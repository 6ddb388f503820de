"""AWS Glue job: writes current rows again, from all changes, where their files are lost or damaged.

Started by `totesys rebuild --current --swap`.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.metrics import run_seconds
from totesys_etl.rebuild.current import rebuild_current
from totesys_etl.rebuild.settings import RebuildCurrentSettings


def main() -> None:
    """Run the rebuild; the job is committed last."""
    args = getResolvedOptions(sys.argv, RebuildCurrentSettings.options(sys.argv))
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    with run_seconds(args["JOB_NAME"]):
        rebuild_current(glue_context.spark_session, RebuildCurrentSettings.from_arguments(args))
    job.commit()


if __name__ == "__main__":
    main()
