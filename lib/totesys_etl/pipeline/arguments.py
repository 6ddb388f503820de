"""What the three jobs take from their arguments alike."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from totesys_etl.errors import SettingInvalid


def text(args: Mapping[str, Any], name: str) -> str:
    """Argument `name`, stripped; SettingInvalid when it is missing or empty."""
    value = str(args.get(name) or "").strip()
    if not value:
        raise SettingInvalid(f"job argument --{name} is empty: set it in the job's arguments")
    return value


def run_id(args: Mapping[str, Any]) -> str:
    """Glue's JOB_RUN_ID; outside Glue, where it is absent, an id of this process's own."""
    return str(args.get("JOB_RUN_ID") or f"jr_{uuid.uuid4().hex}")


def whole_number(args: Mapping[str, Any], name: str, default: int) -> int:
    """Argument `name` as a number from 1 on, `default` when it is absent; SettingInvalid if it is
    something else."""
    value = str(args.get(name) or default)
    if not value.isdecimal() or int(value) < 1:
        raise SettingInvalid(f"job argument --{name} {value!r}: use a whole number from 1 on")
    return int(value)


def names(args: Mapping[str, Any], name: str) -> frozenset[str]:
    """A comma separated list of names; empty when the argument is absent."""
    return frozenset(part.strip() for part in str(args.get(name) or "").split(",") if part.strip())
