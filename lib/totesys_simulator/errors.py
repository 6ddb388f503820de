"""What can go wrong in the simulator, one class for each thing a caller can mend."""


class SimulatorError(Exception):
    """Base of everything the simulator raises on purpose."""


class NotEmpty(SimulatorError):
    """A load was asked for on a totesys that already has rows."""


class NoSuchRow(SimulatorError):
    """A table has no row with the given key, or no rows at all."""


class OpenTransaction(SimulatorError):
    """The connection is inside a transaction, so nothing the simulator does could commit."""


class OutOfTime(SimulatorError):
    """A day was asked for that has begun already, is no workday, or lies in the future."""


class UnsafeRole(SimulatorError):
    """A role that should only read already holds more than that."""
