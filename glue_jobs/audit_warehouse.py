"""AWS Glue job: proves that warehouse, star tables and catalogue are the replay of all changes."""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.audit.run import audit
from totesys_etl.audit.settings import AuditSettings
from totesys_etl.metrics import run_seconds


def main() -> None:
    """Run the job; it is committed last."""
    args = getResolvedOptions(sys.argv, AuditSettings.options(sys.argv))
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    with run_seconds(args["JOB_NAME"]):
        audit(glue_context, AuditSettings.from_arguments(args))
    job.commit()


if __name__ == "__main__":
    main()
