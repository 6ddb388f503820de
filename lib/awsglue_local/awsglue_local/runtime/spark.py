"""Spark as Glue 5.1 has it (3.5.6, Java 17, UTC, S3A), on this machine and against the local AWS
server.
"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from awsglue_local.runtime.class_archive import archive, conf_folder
from awsglue_local.runtime.jars import ensure_jars
from awsglue_local.runtime.java import java_home

DEFAULT_REGION = "eu-west-2"
CREDENTIALS = "com.amazonaws.auth.EnvironmentVariableCredentialsProvider"
S3A = "org.apache.hadoop.fs.s3a.S3AFileSystem"
JAVA_OPTIONS = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
    " -Xlog:disable -Xlog:all=error:stderr"
)
"""A job of a few seconds never earns back what the optimising compiler costs. The first compiler
alone would have room for 48 MB of code, which a session of twenty jobs fills; then it stops."""
QUICK_START = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Expressions are interpreted: compiling Java for each of them pays from some 100,000 rows on."""
THROUGHPUT = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.driver.defaultJavaOptions": "-XX:+UseParallelGC",
    "spark.driver.memory": "8g",
}
"""What to set instead for millions of rows; Spark's own defaults but for the memory."""
LOOKED_UP = (
    *(f"functions.{name}" for name in ("col", "expr", "lit", "not", "when")),
    *(f"PythonUtils.{name}" for name in ("getBroadcastThreshold", "toSeq")),
    *("PythonRDD", "SerDeUtil", "SimplePythonFunction", "SparkSession", "SparkSession$"),
    *("java.sql.DriverManager", "java.util.Properties"),
    *("org.apache.spark.sql.execution.python.UserDefinedPythonFunction",),
    *("org.apache.spark.sql.types.StructType", "org.apache.spark.storage.StorageLevel"),
)
"""What PySpark asks the JVM for again and again, some for every column, and each time the JVM
searches its class path for it: a fifth of its time in a small job. So the answers are kept."""
MASTER = "local[2,4]"  # four attempts a task, as a cluster has; plain local[2] never retries


def spark_conf(
    endpoint: str | None = None,
    region: str = DEFAULT_REGION,
    *,
    driver_memory: str = "4g",
    shuffle_partitions: int = 4,
    jars: Path | None = None,
) -> dict[str, str]:
    """Every Spark setting of a local session or job, S3 endpoint included (None: AWS's own).

    Credentials come from the environment of the process that starts the JVM.
    """
    hadoop = {
        "fs.s3.impl": S3A,
        "fs.s3a.impl": S3A,
        "fs.s3a.path.style.access": "true",
        "fs.s3a.endpoint.region": region,
        "fs.s3a.aws.credentials.provider": CREDENTIALS,
        "fs.s3a.change.detection.mode": "none" if endpoint else "server",
    }
    if endpoint:
        hadoop["fs.s3a.endpoint"] = endpoint
        hadoop["fs.s3a.connection.ssl.enabled"] = str(endpoint.startswith("https")).lower()
    return {
        # On the class path from the start, as on Glue: DriverManager sees the PostgreSQL driver.
        "spark.driver.extraClassPath": f"{jars or ensure_jars()}/*",
        "spark.driver.defaultJavaOptions": f"{JAVA_OPTIONS} -XX:SharedArchiveFile={archive()}",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.driver.memory": driver_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "WARN",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.adaptive.enabled": "true",
        **QUICK_START,
        "spark.sql.shuffle.partitions": str(shuffle_partitions),
        "spark.default.parallelism": str(shuffle_partitions),
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
        "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
        "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
        "spark.sql.catalogImplementation": "in-memory",
    } | {f"spark.hadoop.{key}": value for key, value in hadoop.items()}


def local_session(
    endpoint: str | None = None,
    master: str = MASTER,
    conf: Mapping[str, str] | None = None,
    *,
    region: str = DEFAULT_REGION,
) -> SparkSession:
    """A session in this process; `conf` overrides. Starts the JVM unless one runs already (about 3
    s).
    """
    os.environ["JAVA_HOME"] = str(java_home())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # The JVM and Python's workers take their zone from the environment they are started in.
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["SPARK_CONF_DIR"] = str(conf_folder())
    builder = SparkSession.builder.master(master).appName("awsglue-local")
    for key, value in {**spark_conf(endpoint, region), **(conf or {})}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    for name in LOOKED_UP:
        _keep(session.sparkContext._jvm, name)
    return session


def _keep(jvm: object, name: str) -> None:
    """Looks up a class, or a class's method, that `jvm` then has as an attribute of its own."""
    holder = jvm
    for part in name.split("."):
        found = getattr(holder, part)
        setattr(holder, part, found)
        holder = found
