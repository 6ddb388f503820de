"""A package that is installed for development only can not be imported by a job."""

import os
import subprocess
import venv
from pathlib import Path

import pytest

from awsglue_local.job.fence import sitecustomize

FINDER = """
import importlib.util
import sys

class EditableFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "mine":
            return importlib.util.spec_from_file_location(name, {file!r})

def install():
    sys.meta_path.append(EditableFinder)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment without packages; its folder."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    return folder


def imported(environment: Path, fence: Path | None) -> str:
    """What `import mine` says there, behind the fence or without it."""
    done = subprocess.run(
        [environment / "bin" / "python", "-c", "import mine; print(mine.WHO)"],
        env=os.environ | {"PYTHONPATH": str(fence or "")}, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr.splitlines()[-1]


@pytest.mark.parametrize("kind", ["a folder on the path", "a finder"])
def test_a_development_install_does_not_reach_a_job(
    environment: Path, tmp_path: Path, kind: str
) -> None:
    [packages] = environment.glob("lib/python*/site-packages")
    project, fence = tmp_path / "project", tmp_path / "fence"
    project.mkdir()
    fence.mkdir()
    (project / "mine.py").write_text("WHO = 'mine'")
    (fence / "sitecustomize.py").write_text(sitecustomize([], [], os.environ))
    entry = packages / "__editable__.mine.pth"
    finder = packages / "__editable___mine_finder.py"
    if kind == "a finder":
        finder.write_text(FINDER.format(file=str(project / "mine.py")))
        entry.write_text(f"import {finder.stem}; {finder.stem}.install()\n")
    else:
        entry.write_text(f"{project}\n")
    try:
        assert imported(environment, None) == "mine"
        assert imported(environment, fence) == "ModuleNotFoundError: No module named 'mine'"
    finally:
        entry.unlink()
        finder.unlink(missing_ok=True)
