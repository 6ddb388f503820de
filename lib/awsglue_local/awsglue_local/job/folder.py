"""The folder a job run works from: its script, its modules, its Spark settings and its fence."""

import importlib.metadata
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awsglue_local.errors import RunError

# Imported by Python itself before the script. A development install puts the project's own sources
# on every process's path; on AWS a job sees Glue's modules and what its arguments name, and so it
# does here.
_FENCE = """\
import os
import sys
import sysconfig

named = [os.path.realpath(path) for path in os.environ["PYTHONPATH"].split(os.pathsep)]
kinds = ("stdlib", "platstdlib", "purelib", "platlib")
own = tuple(os.path.realpath(sysconfig.get_path(kind)) for kind in kinds)


def allowed(path):
    real = os.path.realpath(path)
    return real in named or real.endswith(".zip") or any(
        real == folder or real.startswith(folder + os.sep) for folder in own
    )


def editable(finder):
    return "__editable__" in f"{getattr(finder, '__module__', '')}{getattr(finder, '__name__', '')}"


sys.path[:] = [path for path in sys.path if allowed(path)]
sys.meta_path[:] = [finder for finder in sys.meta_path if not editable(finder)]
"""


@dataclass(frozen=True)
class JobFolder:
    """Where a run finds things; all below one folder."""

    root: Path

    @property
    def script_folder(self) -> Path:
        return self.root / "scripts"

    @property
    def modules(self) -> Path:
        return self.root / "modules"

    @property
    def fence(self) -> Path:
        return self.root / "fence"

    @property
    def spark_settings(self) -> Path:
        return self.root / "spark.conf"


def prepare(
    root: Path, s3: Any, script: str, modules: Iterable[str], spark_conf: Mapping[str, str]
) -> tuple[JobFolder, Path]:
    """Fills a fresh folder; the second value is the script's file. RunError names what can not be
    had.
    """
    folder = JobFolder(root)
    for path in (folder.script_folder, folder.modules, folder.fence):
        path.mkdir(parents=True)
    script_file = _download(s3, script, folder.script_folder)
    for module in modules:
        if module.startswith("s3://"):
            _add_module(_download(s3, module, folder.root), folder.modules)
        else:
            _check_installed(module)
    (folder.fence / "sitecustomize.py").write_text(_FENCE)
    lines = (f"{key} {value}\n" for key, value in sorted(spark_conf.items()))
    folder.spark_settings.write_text("".join(lines))
    return folder, script_file


def _download(s3: Any, location: str, folder: Path) -> Path:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    target = folder / key.rpartition("/")[2]
    try:
        s3.download_file(bucket, key, str(target))
    except s3.exceptions.ClientError as error:
        raise RunError(f"{location} can not be read ({error}); upload it first") from error
    return target


def _add_module(file: Path, modules: Path) -> None:
    if file.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(file) as archive:
            archive.extractall(modules)
        file.unlink()
        # A zip of wheels is one of the forms Glue 5 takes.
        for wheel in sorted(modules.rglob("*.whl")):
            _add_module(wheel, modules)
    elif file.suffix == ".py":
        shutil.move(file, modules / file.name)
    else:
        raise RunError(f"module {file.name} is neither .py, .zip nor .whl")


def _check_installed(requirement: str) -> None:
    """On AWS pip installs it at the start; here it must be installed already, in the version asked
    for.
    """
    found = re.match(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?:==(.+))?", requirement)
    if found is None:
        raise RunError(f"--additional-python-modules {requirement!r} is not a package name")
    name, version = found[1], found[2]
    try:
        installed = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise RunError(
            f"--additional-python-modules {requirement}: install {name} in this environment"
        ) from error
    if version and installed != version:
        raise RunError(
            f"--additional-python-modules {requirement}: {name} {installed} is installed here"
        )
