"""What can stop a demonstration; every message says what to do next."""


class DemoError(Exception):
    """Base of all errors of this package."""


class JobFailed(DemoError):
    """A job of a workflow did not succeed."""


class BadUrl(DemoError):
    """A database URL that cannot be used."""


class RowMissing(DemoError):
    """A change of the source did not arrive in the warehouse."""
