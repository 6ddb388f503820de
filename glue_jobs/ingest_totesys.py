"""AWS Glue job: commits the exact difference between totesys and the lake as one batch.

Arguments: JOB_NAME, source_connection, raw_bucket, work_bucket, processed_bucket, raw_database;
optional: allow_mass_delete (table names, comma separated, for one run), compare (ranges, whole or
scrub), snapshot_minutes.
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.pipeline.ingest import IngestSettings, ingest
from totesys_etl.pipeline.run_seconds import run_seconds

REQUIRED = [
    "JOB_NAME",
    "source_connection",
    "raw_bucket",
    "work_bucket",
    "processed_bucket",
    "raw_database",
]
OPTIONAL = ["allow_mass_delete", "compare", "snapshot_minutes"]


def main() -> None:
    """Arguments -> pipeline -> commit of the job bookmark, last."""
    given = [name for name in OPTIONAL if f"--{name}" in sys.argv]
    args = getResolvedOptions(sys.argv, REQUIRED + given)
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    with run_seconds(args["JOB_NAME"]):
        ingest(glue_context, IngestSettings.from_arguments(args))
    job.commit()


if __name__ == "__main__":
    main()
