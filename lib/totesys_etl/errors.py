"""One class per thing a person can do something about.

Every message names what is concerned (table, column, key, value) and what to do next. A job run's
ErrorMessage on AWS Glue is `Class: message`, so messages are one line and hold no secret.
"""

from __future__ import annotations


class TotesysError(Exception):
    """Base of all errors that this platform raises on purpose."""


class ContractInvalid(TotesysError):
    """A contract is incomplete or contradicts itself; raised when it is built."""


class ContractChanged(TotesysError):
    """The lake holds a table in the shape of another contract version."""


class TypeUnsupported(TotesysError):
    """A printer was given a column type it has no rendering for."""


class SettingInvalid(TotesysError):
    """A job argument or connection property is missing or makes no sense."""


class SourceUnreachable(TotesysError):
    """The source database does not answer, or went away in the middle of a read."""


class SourceLoginRefused(TotesysError):
    """The source database refuses user or password of the secret."""


class SourceRightMissing(TotesysError):
    """The role lacks SELECT on a table, or row-level security hides rows from it."""


class SourceTableMissing(TotesysError):
    """A table of the contract is not in the source."""


class SourceColumnMissing(TotesysError):
    """A column of the contract is not in the source table."""


class SourceColumnRetyped(TotesysError):
    """A source column has another type than the contract says."""


class SourceReplaced(TotesysError):
    """The source is another database system than the one the lake was filled from."""


class SourceWentBack(TotesysError):
    """The snapshot does not advance on the newest commit's: a restored or lagging source."""


class SnapshotInvalidated(TotesysError):
    """A table was truncated or rewritten while the snapshot was read."""


class SnapshotTooOld(TotesysError):
    """The snapshot was held for longer than the run may hold one."""


class MassDelete(TotesysError):
    """A table lost all, or more than half and more than 100, of its rows."""


class BucketMissing(TotesysError):
    """A bucket does not exist or may not be used."""


class WorkerDiskFull(TotesysError):
    """The disk of a worker has no room for what Spark sorts and caches."""


class CommitTaken(TotesysError):
    """Another run has written the commit number that this run wanted."""


class CommitMissing(TotesysError):
    """A commit that should exist does not, or cannot be read."""


class CertificateFailed(TotesysError):
    """What was written does not equal what was read."""


class AuditFailed(TotesysError):
    """Lake, star tables, warehouse or Data Catalog do not agree."""


class JobRunFailed(TotesysError):
    """A job that a command started ended without success."""


class WarehouseUnreachable(TotesysError):
    """The warehouse does not answer, or went away."""


class WarehouseLoginRefused(TotesysError):
    """The warehouse refuses user or password of the secret."""


class WarehouseRightMissing(TotesysError):
    """The role lacks a right in the warehouse; the message holds the exact GRANT."""


class WarehouseContradictsContract(TotesysError):
    """A table that already exists in the warehouse is not the contract's."""


class WarehouseBusy(TotesysError):
    """A lock in the warehouse could not be had in time."""


class WarehouseAhead(TotesysError):
    """The warehouse has loaded commits that this lake does not have."""
