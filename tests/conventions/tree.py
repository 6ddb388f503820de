"""The files of the project: tracked ones, and new ones that git does not ignore."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Absolute paths, sorted; needs git and a clone."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return tuple(sorted(path for name in listed if name and (path := ROOT / name).is_file()))


def python_files() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]


def documents() -> list[Path]:
    return [path for path in files() if path.suffix == ".md"]


def shown(path: Path) -> str:
    """How a message names a file."""
    return path.relative_to(ROOT).as_posix()
