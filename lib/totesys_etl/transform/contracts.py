"""The contracts that a processed commit's star tables were made by, against this wheel's.

Rows made by another mapping cannot stand beside new ones: they would say something else by the
same column, or lack one. So a star table of another contract is made again, never added to.
"""

from __future__ import annotations

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.version import contract_version
from totesys_etl.errors import ContractChanged
from totesys_etl.lake.catalog import star_shapes
from totesys_etl.lake.commits import StarCommit


def star_contracts() -> dict[str, str]:
    """Contract version of every table of the star's database; the ERD's include their mapping."""
    files = {shape.name: contract_version(shape) for shape in star_shapes()}
    return files | {name: contract_version(table) for name, table in STAR_TABLES.items()}


def check_star_contracts(head: StarCommit) -> None:
    """Raises ContractChanged, naming the tables, unless `head` was made by this wheel's."""
    now = star_contracts()
    names = now.keys() | head.contracts.keys()
    other = sorted(n for n in names if now.get(n) != head.contracts.get(n))
    if other:
        raise ContractChanged(
            f"star commit {head.number} was made by other contracts of {', '.join(other)}: rebuild "
            "the star tables from the raw batches by this wheel, or deploy the wheel that made it"
        )
