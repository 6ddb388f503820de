"""Builds the wheel that ships to AWS Glue, from a copy, so that the tree stays as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


def build_wheel(target: Path) -> Path:
    """Builds totesys_etl into folder `target` and returns the wheel's path.

    Raises subprocess.CalledProcessError, with the build's output, when the build fails.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, copy / name)
        shutil.copytree(
            ROOT / "lib" / "totesys_etl",
            copy / "lib" / "totesys_etl",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        subprocess.run(
            [sys.executable, "-c", _BUILD, str(target.resolve())],
            cwd=copy,
            check=True,
            capture_output=True,
            text=True,
        )
    return max(target.glob("totesys_etl-*.whl"), key=lambda path: path.stat().st_mtime)


if __name__ == "__main__":
    print(build_wheel(Path(sys.argv[1])))
