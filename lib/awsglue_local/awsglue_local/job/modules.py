"""Python modules that a run names: wheels, zips of wheels, single files in S3, packages by name.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
"""

import hashlib
import importlib.metadata
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from awsglue_local.errors import RunError
from awsglue_local.job.arguments import INSTALLER_OPTION, listed

ZIP_OF_WHEELS = ".gluewheels.zip"
_TAG = re.compile(r"-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl$")


@dataclass
class Modules:
    """`folders` go onto the module path; `names` are distributions of this environment."""

    folders: list[Path] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def collect(s3: Any, arguments: Mapping[str, str], cache: Path) -> Modules:
    """What --extra-py-files and --additional-python-modules name; RunError for what can not be had.

    Unpacked files are kept in `cache` by their ETag, so that the next run finds them there.
    """
    modules = Modules()
    for location in listed(arguments, "--extra-py-files"):
        modules.folders.append(_folder(s3, location, cache))
    no_index = "--no-index" in arguments.get(INSTALLER_OPTION, "")
    for entry in listed(arguments, "--additional-python-modules"):
        if entry.endswith(".txt"):
            for line in _text(s3, entry):
                modules.names.append(_installed(line, no_index))
        elif entry.startswith("s3://"):
            if entry.endswith(".zip") and not (entry.endswith(ZIP_OF_WHEELS) and no_index):
                raise RunError(
                    f"--additional-python-modules {entry}: AWS Glue takes a zip of wheels when its "
                    f"name ends in {ZIP_OF_WHEELS} and {INSTALLER_OPTION} is --no-index"
                )
            modules.folders.append(_folder(s3, entry, cache))
        else:
            modules.names.append(_installed(entry, no_index))
    return modules


def download(s3: Any, location: str, folder: Path) -> Path:
    """A file of S3 in `folder`, under its own name; RunError when it can not be read."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    target = folder / key.rpartition("/")[2]
    try:
        s3.download_file(bucket, key, str(target))
    except s3.exceptions.ClientError as error:
        raise _unreadable(location, error) from error
    return target


def download_tree(s3: Any, location: str, folder: Path) -> None:
    """A file of S3, or every file below a location that ends with /, in `folder`."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    if not location.endswith("/"):
        download(s3, location, folder)
        return
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
    try:
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    except s3.exceptions.ClientError as error:
        raise _unreadable(location, error) from error
    if not keys:
        raise _unreadable(location, FileNotFoundError("nothing is there"))
    for each in keys:
        target = (folder / each.removeprefix(key)).resolve()
        if not each.endswith("/") and target.is_relative_to(folder.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            download(s3, f"s3://{bucket}/{each}", target.parent)


def _folder(s3: Any, location: str, cache: Path) -> Path:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    try:
        tag = s3.head_object(Bucket=bucket, Key=key)["ETag"]
    except s3.exceptions.ClientError as error:
        raise _unreadable(location, error) from error
    folder = cache / hashlib.sha256(f"{location} {tag}".encode()).hexdigest()[:24]
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="unpack-", dir=cache) as name:
            work = Path(name)
            (work / "modules").mkdir()
            _add(download(s3, location, work), work / "modules", location)
            try:
                (work / "modules").rename(folder)
            except OSError:
                if not folder.is_dir():  # else another run was faster
                    raise
    return folder


def _add(file: Path, modules: Path, location: str) -> None:
    if file.suffix == ".whl":
        _unpack_wheel(file, modules, location)
    elif file.suffix == ".zip":
        _unpack(file, modules)
        # A zip of wheels is one of the forms Glue 5 takes.
        for wheel in sorted(modules.rglob("*.whl")):
            _unpack_wheel(wheel, modules, location)
    elif file.suffix == ".py":
        shutil.move(file, modules / file.name)
    else:
        raise RunError(f"{location} is neither .py, .zip nor .whl, so it can not be a module")


def _unpack_wheel(file: Path, modules: Path, location: str) -> None:
    """As pip would install it; commands and headers are of no use to a job."""
    _check_tags(file.name, location)
    _unpack(file, modules)
    for data in sorted(modules.glob("*.data")):
        for kind in ("purelib", "platlib"):
            if (data / kind).is_dir():
                shutil.copytree(data / kind, modules, dirs_exist_ok=True)
        shutil.rmtree(data)


def _unpack(file: Path, modules: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        archive.extractall(modules)
    file.unlink()


def _check_tags(name: str, location: str) -> None:
    """A wheel for another Python or system could be unpacked, but not imported."""
    found = _TAG.search(name)
    if found is None:
        raise RunError(f"{location}: {name} is not named as a wheel is (name-version-tags.whl)")
    this = f"{sys.version_info.major}{sys.version_info.minor}"
    pythons = found["python"].split(".")
    fits = {f"cp{this}", f"py{this}", f"py{this[0]}"}.intersection(pythons) or (
        found["abi"] == "abi3" and any(tag.startswith("cp3") for tag in pythons)
    )
    system = {"linux": "linux", "darwin": "macosx"}.get(sys.platform, sys.platform)
    if not fits or not (found["platform"] == "any" or system in found["platform"]):
        raise RunError(
            f"{location}: {name} does not fit Python {sys.version_info.major}."
            f"{sys.version_info.minor} on {sys.platform}; ship a wheel that does"
        )


def _text(s3: Any, location: str) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        lines = download(s3, location, Path(name)).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _installed(requirement: str, no_index: bool) -> str:
    """On AWS pip installs it at the start; here it must be installed already, in the version asked
    for.
    """
    found = re.match(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?:==\s*([^\s;]+))?", requirement)
    if found is None:
        raise RunError(f"--additional-python-modules {requirement!r} is not a package name")
    name, version = found[1], found[2]
    if no_index:
        raise RunError(
            f"--additional-python-modules {requirement}: with --no-index pip finds no {name}; "
            "name its wheel in S3"
        )
    try:
        installed = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise RunError(
            f"--additional-python-modules {requirement}: install {name} in this environment, or "
            "name its wheel in S3"
        ) from error
    if version and installed != version:
        raise RunError(
            f"--additional-python-modules {requirement}: {name} {installed} is installed here; "
            f"install {version}, or name its wheel in S3"
        )
    return name


def _unreadable(location: str, error: Exception) -> RunError:
    return RunError(f"{location} can not be read ({error}); upload it first")
