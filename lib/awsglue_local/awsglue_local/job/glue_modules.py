"""The Python distributions that AWS Glue 5.1 has installed for Spark jobs, by their PyPI names.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html and
the requirements that AWS publishes with aws-glue-libs for Glue 5.1. What they require is there too.
"""

DISTRIBUTIONS = (
    "boto3",
    "botocore",
    "numpy",
    "orjson",
    "pandas",
    "pyarrow",
    "pytest",
    "python-dateutil",
    "pytz",
    "requests",
    "s3fs",
    "setuptools",
    "simplejson",
    "typing_extensions",
    "tzdata",
    "urllib3",
    "uv",
)
SPARK = ("pyspark", "py4j")
"""Part of Spark itself there; installed as distributions here."""
OWN = ("awsglue",)
"""Part of Glue itself."""
BEHIND_AWSGLUE = (
    "awsglue_local",
    "awsglue_local.errors",
    "awsglue_local.job",
    "awsglue_local.job.bookmarks",
)
"""What the imitation of awsglue rests on: these modules and no others of the package."""
