"""The quick start of the README, as written there."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_quick_start_runs_as_written(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    files = dict(re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)```", text, re.MULTILINE | re.DOTALL))
    assert sorted(files) == ["orders_job.py", "workflows.yaml"]
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    found = re.search(r"^```sh\n(glue-local up .*?)```", text, re.MULTILINE | re.DOTALL)
    assert found
    commands = found[1].strip().splitlines()
    assert commands[-1] == "glue-local down"
    search_path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    written = []
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=os.environ | {"PATH": search_path},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        written.append(done.stdout)
        if command == "glue-local run nightly":
            logs = sorted((tmp_path / ".glue-local" / "logs" / "orders").iterdir())
            written += [log.read_text() for log in logs]
    counts = re.findall(r"new orders: \d+", "\n".join(written))
    assert set(counts) == {"new orders: 3", "new orders: 1"}
    assert not (tmp_path / ".glue-local").exists()
