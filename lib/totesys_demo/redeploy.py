"""`make redeploy`: a platform that runs on this machine gets the code as it is now; data stays."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from awsglue_local.errors import LocalGlueError
from awsglue_local.stack import Stack
from totesys_demo.deployments import upload
from totesys_deploy.artifacts import build_artifacts
from totesys_deploy.errors import ArtifactsUnavailable


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0; 2 when nothing runs there or the wheel cannot be built."""
    parser = argparse.ArgumentParser(prog="make redeploy", description=__doc__)
    parser.add_argument(
        "--state", type=Path, default=Path(".glue-local"), help="folder of the local stack"
    )
    state = parser.parse_args(argv).state
    try:
        stack = Stack(state).attach()
        with tempfile.TemporaryDirectory() as folder:
            bundle = build_artifacts(Path(folder))
            upload(stack, bundle.parent)
            print(f"{bundle.name} and the job scripts: every run from now on uses them")
    except (LocalGlueError, ArtifactsUnavailable) as error:
        print(f"redeploy: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
