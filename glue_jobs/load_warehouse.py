"""AWS Glue job: loads every processed commit the warehouse does not have, one transaction each.

Arguments: JOB_NAME, processed_bucket, warehouse_connection; optional, for one run: rebuild
(compare or swap), which makes the warehouse anew from the newest commit, in a database beside it.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.pipeline.load import LoadSettings, load
from totesys_etl.pipeline.rebuild_warehouse import rebuild_warehouse
from totesys_etl.pipeline.run_seconds import run_seconds

REQUIRED = ["JOB_NAME", "processed_bucket", "warehouse_connection"]
OPTIONAL = ["rebuild"]


def main() -> None:
    """Arguments -> pipeline -> job.commit(), last."""
    given = [name for name in OPTIONAL if f"--{name}" in sys.argv]
    args = getResolvedOptions(sys.argv, REQUIRED + given)
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
