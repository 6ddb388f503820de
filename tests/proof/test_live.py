"""`make live` for a while: rows reach the warehouse by schedule and event alone."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.seeds import SOAK
from totesys_deploy.artifacts import ROOT


@pytest.mark.skipif(not SOAK, reason="waits six minutes for schedules: part of `make soak`")
def test_rows_reach_the_warehouse_by_themselves(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "totesys_demo.live", "--state", str(tmp_path / "state"),
        "--until", "2022-11-18", "--speed", "8", "--pace", "0.5", "--loads", "1",
        "--seconds", "360",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    loads = re.findall(r"warehouse: commit (\d+), freshness ([\d.]+) s", done.stdout)
    assert loads, done.stdout
    assert all(float(seconds) < 1800 for _, seconds in loads), loads
    assert "totesys_ingest" in done.stdout
    assert "totesys_transform_load" in done.stdout
    assert not (tmp_path / "state").exists()
