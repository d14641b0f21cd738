class PartitionError(Exception):
    """Anything the engine refuses; the message names what, and what to do."""


class DeclarationError(PartitionError, ValueError):
    """A declaration that cannot be kept."""


class BusyError(PartitionError):
    """A lock could not be had without making somebody wait too long; nothing was done, try again later."""


class DamagedError(PartitionError):
    """An archive that is not what was written, or a table that is not what was archived."""
