from .words import translated


class PartitionError(Exception):
    """Anything the engine refuses; its texts name what, and what to do."""

    def __str__(self):
        return "; ".join(self.args)

    def translated(self, lang):
        """Its texts in a language (code, or None for English)."""
        return "; ".join(translated(text, lang) for text in self.args)


class DeclarationError(PartitionError, ValueError):
    """A declaration that cannot be kept."""


class BusyError(PartitionError):
    """A lock could not be had without making somebody wait too long; nothing was done, try again later."""


class DamagedError(PartitionError):
    """An archive that is not what was written, or a table that is not what was archived."""


def reason(error):
    """What an error says, in one line."""
    if isinstance(error, PartitionError) and len(error.args) == 1:
        return error.args[0]
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
