"""A class data sharing archive of Spark's classes: a JVM that maps it starts in half the time.

Loading and verifying some 15,000 classes is most of what a small job does. The archive is made once
by a warm-up run and kept beside the jars; a JVM whose class path is not the archive's ignores it.
Source: https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

import hashlib
import os
import subprocess  # nosec B404
import sys
import tempfile
from pathlib import Path

import pyspark

from awsglue_local.runtime.jars import cache_root, ensure_jars, locked
from awsglue_local.runtime.java import java_home
from awsglue_local.server.aws import AwsServer

WARMUP = Path(__file__).with_name("warmup.py")
WARMUP_SECONDS = 300


def archive() -> Path:
    """Where the archive for this Java, this Spark and these jars is, or would be."""
    parts = (java_home(), Path(pyspark.__file__).parent, ensure_jars(), conf_folder())
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


def ensure_class_archive() -> None:
    """Makes the archive unless there is one (about half a minute). It only saves time, so where it
    cannot be made a line on standard error says why, and jobs start without it.
    """
    path = archive()
    if path.is_file():
        return
    with locked(path.with_suffix(".lock")):
        if not path.is_file():
            _make(path)


def _make(path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="classes.", dir=path.parent) as name:
        draft = Path(name) / path.name
        with AwsServer(log=Path(name) / "aws.log") as server:
            environment = {
                **os.environ,
                **server.environment(),
                "JAVA_HOME": str(java_home()),
                "TZ": "UTC",
            }
            done = subprocess.run(  # nosec B603
                [sys.executable, str(WARMUP), server.endpoint, str(draft)],
                env=environment,
                capture_output=True,
                text=True,
                timeout=WARMUP_SECONDS,
            )
        if done.returncode == 0 and draft.is_file():
            draft.rename(path)
        else:
            last = (done.stderr.strip() or "no archive was written").splitlines()[-1]
            print(f"glue-local: no class archive, jobs start slower: {last}", file=sys.stderr)
