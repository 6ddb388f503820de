"""One consistent view of totesys: a snapshot all reads share, and the bookmark's candidates."""

from totesys_etl.source.candidates import candidate_keys
from totesys_etl.source.failures import explain
from totesys_etl.source.fingerprints import Fingerprint
from totesys_etl.source.reading import KeyBounds
from totesys_etl.source.snapshot import Snapshot, SourceIdentity, open_snapshot

__all__ = [
    "Fingerprint",
    "KeyBounds",
    "Snapshot",
    "SourceIdentity",
    "candidate_keys",
    "explain",
    "open_snapshot",
]
