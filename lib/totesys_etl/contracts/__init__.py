"""Every table declared once. Printers turn the declarations into each target's own language."""

from __future__ import annotations

from totesys_etl.contracts.checks import check_set, load_order
from totesys_etl.contracts.source_tables import SOURCE_TABLES
from totesys_etl.contracts.star_tables import STAR_TABLES

__all__ = ["SOURCE_TABLES", "STAR_TABLES", "check_set", "load_order"]

check_set(SOURCE_TABLES, STAR_TABLES)
