"""docs/contract_change.md as written: its diff on a copy of the tree, its commands, its output."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.tree import ROOT, files
from totesys_demo.deployments import BUCKETS
from totesys_demo.platform import SOURCE, WAREHOUSE, LocalPlatform
from totesys_etl.lake.commits import raw_log
from totesys_simulator import seed

TUTORIAL = ROOT / "docs" / "contract_change.md"
COPIED = ("Makefile", "pyproject.toml", "README.md", "LICENSE", "requirements", "lib", "glue_jobs")


@pytest.fixture(scope="module")
def blocks() -> dict[str, list[str]]:
    """The document's blocks by language, in order."""
    found: dict[str, list[str]] = {}
    for language, block in re.findall(
        r"^```(\w+)\n(.*?)^```$", TUTORIAL.read_text(encoding="utf-8"), re.M | re.S
    ):
        found.setdefault(language, []).append(block)
    assert {language: len(each) for language, each in found.items()} == {
        "sh": 4,
        "diff": 1,
        "text": 2,
    }
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with this virtual environment."""
    copy = tmp_path_factory.mktemp("tree")
    for file in files():
        name = file.relative_to(ROOT)
        if name.parts[0] in COPIED or name.parts[:2] == ("tests", "unit"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy / name)
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


@pytest.fixture(scope="module")
def platform(tree: Path, artifacts: Path) -> Iterator[LocalPlatform]:
    """In the copy's own state folder: one batch by the wheel of the tree as it is."""
    deployed = LocalPlatform(tree / ".glue-local")
    deployed.up(artifacts)
    with deployed.connect(SOURCE) as source:
        seed(source)
    deployed.run("totesys_ingest")
    deployed.run("totesys_publish")
    yield deployed
    deployed.down()


def test_the_tutorial_runs_as_written(
    platform: LocalPlatform, tree: Path, blocks: dict[str, list[str]]
) -> None:
    before = _warehouse(platform)
    _bash(platform, tree, blocks["sh"][0])
    subprocess.run(
        ["git", "apply", "-"], cwd=tree, check=True, input=blocks["diff"][0].encode(),
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(tree.parent)},
    )  # fmt: skip
    _bash(platform, tree, "python -m pytest tests/unit/test_contracts_*.py")
    assert "the job scripts" in _bash(platform, tree, blocks["sh"][1])

    told = _bash(platform, tree, blocks["sh"][2])

    assert _shape(blocks["text"][0]) in _shape(told)
    log = raw_log(platform.stack.client("s3"), BUCKETS["raw_bucket"])
    contract = log.read(2)
    assert contract.kind == "contract"
    assert contract.tables["sales_order"].versions == log.read(1).tables["sales_order"].versions
    assert _warehouse(platform) == before

    told = _bash(platform, tree, blocks["sh"][3])

    assert _shape(blocks["text"][1]) in _shape(told)
    assert [(c.batch, c.kind) for c in log.range(1, log.head_number())] == [
        (1, "changes"),
        (2, "contract"),
        (3, "changes"),
    ]
    now = _warehouse(platform)
    assert {name for name, rows in now.items() if rows != before[name]} == {
        "fact_sales_order",
        "sales_order_history",
    }
    assert len(now["fact_sales_order"]) == len(before["fact_sales_order"]) + 1


def _bash(platform: LocalPlatform, tree: Path, block: str) -> str:
    """Output of the commands, typed in the copy's folder. The copy's code comes first."""
    path = os.pathsep.join(str(tree / "lib" / name) for name in ("", "awsglue_local"))
    # The environment is there: make must not set it up anew.
    variables = {"PYTHONPATH": path, "MAKEFLAGS": "--old-file=.venv/.complete"}
    # The copy's files are not the tree's: their coverage would count every line twice.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        ["bash", "-euc", f'export PATH="$PWD/.venv/bin:$PATH"\n{block}'],
        cwd=tree,
        env=inherited | platform.stack.environment() | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (block, done.stdout, done.stderr)
    return done.stdout


def _shape(output: str) -> str:
    """Words and their order, whatever the numbers, moments and widths are."""
    return " ".join(re.sub(r"\b\d[\d:.-]*\b", "0", re.sub(r"-{2,}", "", output)).split())


def _warehouse(platform: LocalPlatform) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of what was made of orders and payments."""
    queries = {
        "fact_sales_order": "SELECT * FROM fact_sales_order ORDER BY 1",
        "fact_payment": "SELECT * FROM fact_payment ORDER BY 1",
        "dim_transaction": "SELECT * FROM dim_transaction ORDER BY 1",
        "dim_date": "SELECT * FROM dim_date ORDER BY 1",
        "sales_order_history": "SELECT * FROM etl.sales_order_history ORDER BY 1, 2, batch",
    }
    with platform.connect(WAREHOUSE) as warehouse:
        return {name: warehouse.execute(query).fetchall() for name, query in queries.items()}
