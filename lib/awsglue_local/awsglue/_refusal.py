"""Refusing, with the AWS page that describes what is refused."""

_GUIDE = "https://docs.aws.amazon.com/glue/latest/dg"

API_PAGE = f"{_GUIDE}/aws-glue-programming-python-extensions.html"
TYPES_PAGE = f"{_GUIDE}/aws-glue-api-crawler-pyspark-extensions-types.html"
CONTEXT_PAGE = f"{_GUIDE}/aws-glue-api-crawler-pyspark-extensions-glue-context.html"
FRAME_PAGE = f"{_GUIDE}/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html"
READER_PAGE = f"{_GUIDE}/aws-glue-api-crawler-pyspark-extensions-dynamic-frame-reader.html"
TRANSFORMS_PAGE = f"{_GUIDE}/aws-glue-programming-python-transforms.html"
S3_PAGE = f"{_GUIDE}/aws-glue-programming-etl-connect-s3-home.html"
WRITER_PAGE = f"{_GUIDE}/aws-glue-api-crawler-pyspark-extensions-dynamic-frame-writer.html"
CATALOG_SQL_PAGE = f"{_GUIDE}/aws-glue-programming-etl-glue-data-catalog-hive.html"
JDBC_PAGE = f"{_GUIDE}/aws-glue-programming-etl-connect-jdbc-home.html"
JOB_PAGE = f"{_GUIDE}/aws-glue-api-crawler-pyspark-extensions-job.html"
CONNECTION_PAGE = f"{_GUIDE}/connection-properties.html"


class NotImitatedError(NotImplementedError, AttributeError):
    """AWS Glue has it, this imitation does not. Also an AttributeError, so that hasattr() stays
    truthful.
    """


def refusal(what: str, page: str) -> NotImplementedError:
    """The error for something that AWS Glue can do and the imitation can not."""
    return NotImplementedError(f"{what} is not imitated locally; on AWS see {page}")


def missing_attribute(owner: str, name: str, page: str) -> AttributeError:
    """The error for reading an attribute that the imitation lacks."""
    if name.startswith("__"):
        return AttributeError(f"{owner} has no attribute {name}")
    return NotImitatedError(f"{owner}.{name} is not imitated locally; on AWS see {page}")
