"""AWS Glue job: commits the exact difference between totesys and the lake as one batch."""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.ingest.run import ingest
from totesys_etl.ingest.settings import IngestSettings
from totesys_etl.metrics import run_seconds


def main() -> None:
    """Ingest; the job bookmark is committed last."""
    args = getResolvedOptions(sys.argv, IngestSettings.options(sys.argv))
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    with run_seconds(args["JOB_NAME"]):
        ingest(glue_context, IngestSettings.from_arguments(args))
    job.commit()


if __name__ == "__main__":
    main()
