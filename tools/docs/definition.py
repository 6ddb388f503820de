"""workflows.yaml as the generators read it: a deployment's parameters stand by their names."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tools.docs import ROOT

Entry = dict[str, Any]


def definition() -> dict[str, list[Entry]]:
    """Return the sections of workflows.yaml; `${name}` is the text "name"."""
    text = (ROOT / "glue_jobs" / "workflows.yaml").read_text(encoding="utf-8")
    sections: dict[str, list[Entry]] = yaml.safe_load(re.sub(r"\$\{(\w+)\}", r"\1", text))
    return sections


def by_name(section: str) -> dict[str, Entry]:
    """Return the entries of one section by their names."""
    return {entry["Name"]: entry for entry in definition()[section]}
