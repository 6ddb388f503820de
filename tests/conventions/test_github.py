"""GitHub's workflows: actions pinned by commit, least permissions, commands that exist."""

import re
from typing import Any

import pytest
import yaml

from fixtures.tree import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job.get("steps", ())]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_is_pinned_and_may_little(path: Any) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["permissions"] == {"contents": "read"}
    for job in document["jobs"].values():
        assert "steps" not in job or job["timeout-minutes"] <= 90
        assert str(job.get("uses", "./")).startswith("./")
        if "id-token" in job.get("permissions", {}):
            assert job["environment"], "a role is taken behind a gate only"
    for step in steps(document):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
        for target in re.findall(r"^\s*make (\S+)", step.get("run", ""), re.M):
            assert target in TARGETS
        # Whatever a person could name must come by the environment, never into the script's text.
        assert "${{" not in step.get("run", "")


def test_there_are_checks_and_a_deployment() -> None:
    assert [path.name for path in FILES] == ["check.yml", "deploy.yml"]
