"""Makes the class archive that lets Spark start in half the time, once per machine."""

import os
import subprocess  # nosec B404
import sys
import tempfile
from pathlib import Path

from awsglue_local.runtime.class_archive import WARMUP, archive
from awsglue_local.runtime.jars import locked
from awsglue_local.runtime.java import java_home
from awsglue_local.server.aws import AwsServer

WARMUP_SECONDS = 300


def ensure_class_archive() -> None:
    """Makes the archive unless there is one (about half a minute). It only saves time, so where it
    cannot be made a line on standard error says why, and jobs start without it.
    """
    path = archive()
    if path.is_file():
        return
    with locked(path.with_suffix(".lock")):
        if not path.is_file():
            print(
                "glue-local: preparing Spark, once on this machine (half a minute)", file=sys.stderr
            )
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
