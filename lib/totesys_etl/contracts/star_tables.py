"""The 11 warehouse tables: dimensions first, then the facts that refer to them."""

from __future__ import annotations

from totesys_etl.contracts.dimensions import DIMENSIONS
from totesys_etl.contracts.facts import FACTS
from totesys_etl.contracts.model import StarTable

STAR_TABLES: dict[str, StarTable] = {table.name: table for table in (*DIMENSIONS, *FACTS)}
