"""`pip install totesys-etl[cli]`, and nothing else: the commands work without Spark and Glue."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from fixtures.demo import Demo
from fixtures.tree import ROOT
from totesys_deploy.artifacts import BUNDLE

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def installed(artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program `totesys` in an environment of its own, with the locked versions."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(artifacts / BUNDLE) as archive:
        (name,) = (n for n in archive.namelist() if n.startswith("wheels/totesys_etl-"))
        wheel = archive.extract(name, folder)
    lock = (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(==[^\s;]+)", lock, re.MULTILINE)
    (folder / "constraints.txt").write_text("".join(f"{name}{pin}\n" for name, pin in pins))
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "install", "--quiet", "-c", str(folder / "constraints.txt"), f"{wheel}[cli]"],
        check=True,
    )
    return folder / "venv" / "bin" / "totesys"


def answer(program: Path, demo: Demo, *words: str) -> str:
    """Return what `totesys` prints on the demo's platform."""
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [program, *words],
        env=variables | demo.platform.stack.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_environment_has_no_spark(installed: Path) -> None:
    code = "import importlib.util as u; print(u.find_spec('pyspark'), u.find_spec('awsglue'))"
    python = installed.with_name("python")
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "None None\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--help"], "rebuild"),
        (["batches"], "captured"),
        (["certificate"], "lake = source at"),
        (["sql", "SELECT count(*) AS payments FROM current_payment"], "payments"),
        (["sql", "--csv", "SELECT 1 AS one"], "one\n1\n"),
        (
            ["sql", "--lake", "--csv", "SELECT count(*) > 0 AS any FROM totesys_star.fact_payment"],
            "any\n",
        ),
        (["audit", "--help"], "audit_warehouse"),
        (["rebuild", "--help"], "--swap"),
        (["scrub", "--help"], "every"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_answers(installed: Path, demo: Demo, words: list[str], expected: str) -> None:
    assert expected in answer(installed, demo, *words)
