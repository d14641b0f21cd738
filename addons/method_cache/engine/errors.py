"""Errors of the engine."""


class CacheError(Exception):
    """Base class of the engine's errors."""


class StoreUnavailable(CacheError):  # noqa: N818 it says what is the case
    """The store could not be reached in time: the caller computes, or owes its write to the database."""


class Unrepresentable(TypeError, CacheError):  # noqa: N818
    """An argument or a result that no cache may keep (a recordset, a generator, an open file, …)."""
