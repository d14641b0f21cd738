class IndexRefusal(Exception):
    """Anything the engine refuses; the message names what, and what to do."""


class DeclarationError(IndexRefusal, ValueError):
    """A declaration that PostgreSQL would not take, or that two addons make differently."""


class BusyError(IndexRefusal):
    """It could not be done now without waiting too long; nothing is lost, try again later."""


class StoppedError(IndexRefusal):
    """An administrator stopped the build; deploying again goes on."""
