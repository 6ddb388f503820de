"""The jars Spark needs for S3 and PostgreSQL: resolved once by Spark's own Ivy, then kept in a
cache folder.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess  # nosec B404
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from awsglue_local.errors import JarsUnavailableError
from awsglue_local.runtime.java import java_home

# The slim form: three modules of the AWS SDK in place of its 270 MB bundle. hadoop-aws has the
# version of PySpark's own Hadoop client; the PostgreSQL driver has Glue 5.x's version.
PACKAGES = (
    "org.apache.hadoop:hadoop-aws:3.3.4",
    "com.amazonaws:aws-java-sdk-s3:1.12.262",
    "com.amazonaws:aws-java-sdk-dynamodb:1.12.262",
    "com.amazonaws:aws-java-sdk-sts:1.12.262",
    "org.postgresql:postgresql:42.7.3",
)
EXCLUDES = (
    "com.amazonaws:aws-java-sdk-bundle",
    # What Spark brings itself: a second, older copy would stand before it on the class path.
    "commons-codec:commons-codec",
    "commons-logging:commons-logging",
    "joda-time:joda-time",
    "org.apache.httpcomponents:httpclient",
    "org.apache.httpcomponents:httpcore",
    "com.fasterxml.jackson.core:jackson-core",
    "com.fasterxml.jackson.core:jackson-annotations",
    "com.fasterxml.jackson.core:jackson-databind",
)
RESOLVE_SECONDS = 600
_RESOLVE = """
import json, sys
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[1]")
for key, value in json.load(sys.stdin).items():
    builder = builder.config(key, value)
builder.getOrCreate().stop()
"""


def cache_root() -> Path:
    """$GLUE_LOCAL_CACHE, else ~/.cache/awsglue-local."""
    configured = os.environ.get("GLUE_LOCAL_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "awsglue-local"


def ensure_jars() -> Path:
    """The folder of cached jars, filled on first use; safe when two processes ask at once.

    The folder's name carries a digest of the coordinates, so another version list is another
    folder. Ivy's resolvers come from Spark; a mirror is set by GLUE_LOCAL_IVY_SETTINGS (an
    ivysettings.xml). Raises JarsUnavailableError with the resolver's last words.
    """
    digest = hashlib.sha256("\n".join((*PACKAGES, "-", *EXCLUDES)).encode()).hexdigest()[:12]
    folder = cache_root() / f"jars-{digest}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_suffix(".lock")):
        if not folder.is_dir():
            _fill(folder)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock file, against other processes."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fill(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=folder.parent) as name:
        work = Path(name)
        _resolve(work / "ivy")
        found = sorted((work / "ivy" / "jars").glob("*.jar"))
        if len(found) < len(PACKAGES):
            raise JarsUnavailableError(
                f"expected at least {len(PACKAGES)} jars, got {[f.name for f in found]}"
            )
        filled = work / "jars"
        filled.mkdir()
        for jar in found:
            shutil.move(jar, filled / jar.name)
        filled.rename(folder)


def _resolve(ivy: Path) -> None:
    conf = {
        "spark.jars.packages": ",".join(PACKAGES),
        "spark.jars.excludes": ",".join(EXCLUDES),
        "spark.jars.ivy": str(ivy),
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
    }
    settings = os.environ.get("GLUE_LOCAL_IVY_SETTINGS")
    if settings:
        conf["spark.jars.ivySettings"] = settings
    environment = {key: value for key, value in os.environ.items() if key not in _SPARK_VARIABLES}
    environment["JAVA_HOME"] = str(java_home())
    try:
        done = subprocess.run(  # nosec B603
            [sys.executable, "-c", _RESOLVE],
            input=json.dumps(conf),
            env=environment,
            capture_output=True,
            text=True,
            timeout=RESOLVE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise JarsUnavailableError(
            f"resolving {', '.join(PACKAGES)} took longer than {RESOLVE_SECONDS} s; "
            "is a Maven repository reachable?"
        ) from error
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise JarsUnavailableError(
            f"Spark could not resolve {', '.join(PACKAGES)}. A Maven repository must be reachable "
            f"once, or be named in an ivysettings.xml by GLUE_LOCAL_IVY_SETTINGS.\n{tail}"
        )


# A caller's Spark settings must not leak into the resolving child.
_SPARK_VARIABLES = (
    "SPARK_CONF_DIR",
    "SPARK_HOME",
    "PYSPARK_SUBMIT_ARGS",
    "PYSPARK_GATEWAY_PORT",
    "PYSPARK_GATEWAY_SECRET",
)
