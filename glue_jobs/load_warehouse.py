"""AWS Glue job: loads every processed commit the warehouse does not have, one transaction each.

With --rebuild swap, for one run: all rows again from the newest commit, in one transaction.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.load.run import load
from totesys_etl.load.settings import LoadSettings
from totesys_etl.metrics import run_seconds
from totesys_etl.rebuild.warehouse import rebuild_warehouse


def main() -> None:
    """Run the job; it is committed last."""
    args = getResolvedOptions(sys.argv, LoadSettings.options(sys.argv))
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    settings = LoadSettings.from_arguments(args)
    run = rebuild_warehouse if settings.rebuild else load
    with run_seconds(args["JOB_NAME"]):
        run(glue_context, settings)
    job.commit()


if __name__ == "__main__":
    main()
