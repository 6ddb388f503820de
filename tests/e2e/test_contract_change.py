"""docs/contract_change.md as written: its diff on a copy of the tree, its commands, its output."""

import os
import re
import subprocess

import pytest

from fixtures.demo import Demo
from fixtures.expected_warehouse import Rows, rows
from fixtures.tree import ROOT
from totesys_demo.deployments import BUCKETS
from totesys_demo.platform import WAREHOUSE, LocalPlatform
from totesys_etl.lake.commits import raw_log

pytestmark = pytest.mark.xdist_group("demo")
TUTORIAL = ROOT / "docs" / "contract_change.md"


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


def test_the_tutorial_runs_as_written(demo: Demo, blocks: dict[str, list[str]]) -> None:
    log = raw_log(demo.platform.stack.client("s3"), BUCKETS["raw_bucket"])
    before, newest = _warehouse(demo.platform), log.head_number()
    versions = log.read(newest).tables["sales_order"].versions
    _bash(demo, blocks["sh"][0])
    subprocess.run(
        ["git", "apply", "-"], cwd=demo.tree, check=True, input=blocks["diff"][0].encode(),
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(demo.tree.parent)},
    )  # fmt: skip
    _bash(demo, "python -m pytest tests/unit/test_contracts_*.py")
    assert "the job scripts" in _bash(demo, blocks["sh"][1])

    printed = _bash(demo, blocks["sh"][2])

    assert _shape(blocks["text"][0]) in _shape(printed)
    contract = log.read(newest + 1)
    assert contract.kind == "contract"
    assert contract.tables["sales_order"].versions == versions
    assert _warehouse(demo.platform) == before

    printed = _bash(demo, blocks["sh"][3])

    assert _shape(blocks["text"][1]) in _shape(printed)
    assert [(c.batch, c.kind) for c in log.range(newest, log.head_number())] == [
        (newest, "changes"),
        (newest + 1, "contract"),
        (newest + 2, "changes"),
    ]
    now = _warehouse(demo.platform)
    assert {name for name in now if now[name] != before[name]} == {
        "fact_sales_order",
        "sales_order_history",
    }
    assert len(now["fact_sales_order"]) == len(before["fact_sales_order"]) + 1


def _bash(demo: Demo, block: str) -> str:
    """Return the output of the commands, typed in the copy's folder; the copy's code is first."""
    path = os.pathsep.join(str(demo.tree / "lib" / name) for name in ("", "awsglue_local"))
    # The copy's files are not the tree's: their coverage would count every line twice.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        ["bash", "-euc", f'export PATH="$PWD/.venv/bin:$PATH"\n{block}'],
        cwd=demo.tree,
        env=inherited | demo.platform.stack.environment() | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (block, done.stdout, done.stderr)
    return done.stdout


def _shape(output: str) -> str:
    """Words and their order, whatever the numbers, moments and widths are."""
    return " ".join(re.sub(r"\b\d[\d:.-]*\b", "0", re.sub(r"-{2,}", "", output)).split())


def _warehouse(platform: LocalPlatform) -> dict[str, Rows]:
    """Return all rows of what was made of orders and payments."""
    queries = {
        "fact_sales_order": "SELECT * FROM fact_sales_order ORDER BY 1",
        "fact_payment": "SELECT * FROM fact_payment ORDER BY 1",
        "dim_transaction": "SELECT * FROM dim_transaction ORDER BY 1",
        "dim_date": "SELECT * FROM dim_date ORDER BY 1",
        "sales_order_history": "SELECT * FROM etl.sales_order_history ORDER BY 1, 2, batch",
    }
    with platform.connect(WAREHOUSE) as warehouse:
        return {name: rows(warehouse, query) for name, query in queries.items()}
