"""A class data sharing archive of Spark's classes: a JVM that maps it starts in half the time.

Loading and verifying some 15,000 classes is most of what a small job does. The archive is made once
by a warm-up run and kept beside the jars; a JVM whose class path is not the archive's ignores it.
Source: https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from awsglue_local.runtime.jars import cache_root, ensure_jars
from awsglue_local.runtime.java import java_home

WARMUP = Path(__file__).with_name("warmup.py")


def archive() -> Path:
    """Where the archive for this Java, this Spark and these jars is, or would be."""
    pyspark = find_spec("pyspark")  # not imported: that costs half a second
    parts = (java_home(), pyspark and pyspark.origin, ensure_jars(), conf_folder())
    digest = hashlib.sha256(WARMUP.read_bytes())
    for part in parts:
        digest.update(str(part).encode())
    release = java_home() / "release"
    digest.update(release.read_bytes() if release.is_file() else b"")
    return cache_root() / f"classes-{digest.hexdigest()[:12]}.jsa"


def conf_folder() -> Path:
    """An empty SPARK_CONF_DIR: Spark puts that folder on the class path, which must not vary."""
    folder = cache_root() / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
