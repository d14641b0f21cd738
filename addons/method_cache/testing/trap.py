"""``trap_cache``: what the cache did during a test."""

import contextlib
from unittest.mock import patch

from ..engine.transaction import Transaction


class Trap:
    """Calls of cached methods, in order: ``(method, computed)``."""

    def __init__(self):
        self.calls = []

    def computed(self, method=None):
        """Return how many calls ran the method itself."""
        return sum(done for name, done in self.calls if method in (None, name))

    def hits(self, method=None):
        return sum(not done for name, done in self.calls if method in (None, name))

    def clear(self):
        self.calls.clear()


@contextlib.contextmanager
def trap_cache():
    """Record calls of cached methods, from any transaction of this process::

        with trap_cache() as trap:
            env["sale.order"].get_dashboard_summary(...)
        self.assertEqual(trap.computed("sale.order.get_dashboard_summary"), 1)

    A test's own transaction neither reads nor stores what depends on models that it wrote to; to see hits,
    use ``self.registry.cursor()`` of a class without test cursors, or only read.
    """
    trap = Trap()
    original = Transaction.get

    def get(self, method, key, models, ttl, compute, **options):
        ran = []

        def noted():
            ran.append(True)
            return compute()

        value = original(self, method, key, models, ttl, noted, **options)
        trap.calls.append((method, bool(ran)))
        return value

    with patch.object(Transaction, "get", get):
        yield trap
