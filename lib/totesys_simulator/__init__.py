"""A realistic totesys in any PostgreSQL 13 or later, and an oracle that tells each change."""

from .activity import Simulator
from .change import TABLES, Change
from .history import history
from .late_commit import LateCommit
from .net import net
from .roles import create_reader
from .scale import scale
from .schema import create_totesys
from .seed import seed

__all__ = [
    "TABLES",
    "Change",
    "LateCommit",
    "Simulator",
    "create_reader",
    "create_totesys",
    "history",
    "net",
    "scale",
    "seed",
]
