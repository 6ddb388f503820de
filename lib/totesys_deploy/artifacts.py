"""What ships to AWS Glue: one zip with the wheel of totesys_etl and the wheels that Glue lacks.

Glue installs a zip of wheels, without an index, when its name ends as BUNDLE does, its files lie in
wheels/ and requirements.txt among them names what is wanted. It has the same bytes whenever the
same tree is built, so a deployment without a change changes nothing.
Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html, A.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from awsglue_local.runtime.jars import cache_root
from totesys_deploy.errors import ArtifactsUnavailable

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "glue.lock"
"""What the jobs import beyond AWS Glue's own modules, with hashes."""
BUNDLE = "modules.gluewheels.zip"
PLATFORM = "manylinux2014_x86_64"
"""AWS Glue 5.1: Amazon Linux 2023, glibc 2.34, Python 3.11."""
_EPOCH = 315_532_800  # 1980-01-01, the earliest date of a zip
_DATE = (1980, 1, 1, 0, 0, 0)
_BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


def build_artifacts(target: Path) -> Path:
    """modules.gluewheels.zip in folder `target`."""
    with tempfile.TemporaryDirectory() as folder:
        return bundle_modules(target, build_wheel(Path(folder)))


def build_wheel(target: Path) -> Path:
    """Builds totesys_etl into folder `target`, from a copy, so that the tree stays as it is.

    Raises ArtifactsUnavailable, with the build's output, when the build fails.
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
        _run([sys.executable, "-c", _BUILD, str(target.resolve())], copy, "build the wheel")
    return max(target.glob("totesys_etl-*.whl"), key=lambda path: path.stat().st_mtime)


def bundle_modules(target: Path, *own: Path) -> Path:
    """The zip in folder `target`: the locked wheels and `own`, complete for pip with --no-index.

    The locked ones are fetched once, into the cache folder of this machine.
    """
    target.mkdir(parents=True, exist_ok=True)
    bundle = target / BUNDLE
    wheels = sorted([*_wheels().glob("*.whl"), *own], key=lambda path: path.name)
    pins = sorted("==".join(wheel.name.split("-")[:2]) for wheel in wheels)
    files = {wheel.name: wheel.read_bytes() for wheel in wheels}
    files["requirements.txt"] = "".join(f"{pin}\n" for pin in pins).encode()
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"wheels/{name}", _DATE), content)
    return bundle


def _wheels() -> Path:
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder = cache_root() / f"wheels-{digest}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="wheels-") as name:
        draft = Path(name) / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
        command += ["--platform", PLATFORM, "--implementation", "cp", "--python-version", "311"]
        command += ["--dest", str(draft), "--requirement", str(LOCK)]
        _run(command, ROOT, f"fetch the wheels that {LOCK.relative_to(ROOT)} names")
        try:
            draft.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return folder


def _run(command: list[str], folder: Path, purpose: str) -> None:
    variables = os.environ | {"SOURCE_DATE_EPOCH": str(_EPOCH)}
    done = subprocess.run(
        command, cwd=folder, env=variables, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise ArtifactsUnavailable(f"could not {purpose}:\n{done.stdout}{done.stderr}")


def main() -> None:
    """Builds into the folder of the first argument, and says what is there."""
    file = build_artifacts(Path(sys.argv[1]))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    print(f"{file}  {file.stat().st_size:,} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
