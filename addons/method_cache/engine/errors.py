"""Errors of the engine."""


class CacheError(Exception):
    """Base class of the engine's errors."""


class StoreUnavailable(CacheError):
    """The store could not be reached in time: the caller computes, or owes its write to the database."""


class Unrepresentable(TypeError, CacheError):
    """An argument or a result that no cache may keep (a recordset, a generator, an open file, …)."""
