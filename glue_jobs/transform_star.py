"""AWS Glue job: star tables from all batches not yet transformed, as one processed commit.

With --rebuild swap, for one run: all star tables again, in place of those in use.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.metrics import run_seconds
from totesys_etl.rebuild.star import rebuild_star
from totesys_etl.transform.run import transform
from totesys_etl.transform.settings import TransformSettings


def main() -> None:
    """Run the job; it is committed last."""
    args = getResolvedOptions(sys.argv, TransformSettings.options(sys.argv))
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
