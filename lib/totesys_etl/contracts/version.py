"""A short name for the exact shape of a table."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from enum import Enum
from typing import Any

from totesys_etl.contracts.lake_tables import LakeTable
from totesys_etl.contracts.model import SourceTable, StarTable

PROSE = frozenset({"grain", "description"})
"""Fields that people read: rewording them is no change of the contract."""


def contract_version(table: SourceTable | StarTable | LakeTable) -> str:
    """12 hexadecimal digits of the sha256 over the contract's canonical JSON.

    The same in every process; another one after any change but of prose.
    """
    text = json.dumps(_plain(table), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value):
        fields = {
            f.name: _plain(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if f.name not in PROSE
        }
        # The class tells Text() from Integer(): both have no fields.
        return {"is": type(value).__name__, **fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
