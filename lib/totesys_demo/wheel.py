"""Builds the wheel that ships to AWS Glue, from a copy, so that the tree stays as it is."""

from __future__ import annotations

import importlib.metadata
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ("psycopg", "psycopg-binary")
"""Their one requirement, typing_extensions, is part of AWS Glue 5.1."""
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


def bundle_modules(target: Path) -> Path:
    """A zip of wheels with what the jobs import and AWS Glue does not have, made anew from what is
    installed here; the file in folder `target`.
    """
    target.mkdir(parents=True, exist_ok=True)
    bundle = target / "modules.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        for name in BUNDLED:
            distribution = importlib.metadata.distribution(name)
            tag = str(distribution.read_text("WHEEL")).partition("Tag: ")[2].split()[0]
            wheel = f"{name.replace('-', '_')}-{distribution.version}-{tag}.whl"
            archive.writestr(wheel, _packed(distribution))
    return bundle


def _packed(distribution: importlib.metadata.Distribution) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        for file in distribution.files or ():
            # Compiled files belong to this machine, and commands (../../bin) to its environment.
            if "__pycache__" not in file.parts and ".." not in file.parts:
                wheel.write(str(file.locate()), file.as_posix())
    return content.getvalue()


if __name__ == "__main__":
    print(build_wheel(Path(sys.argv[1])))
