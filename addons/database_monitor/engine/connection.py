"""A connection of our own, in autocommit; nothing relies on the state of a session."""

import contextlib

#: whatever the role or the database says
SETTINGS = (
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL lock_timeout = '2s'",
    "SET LOCAL search_path = public, pg_catalog",
)


class Session:
    """Transactions on a connection of our own.

    :param connect: returns a new psycopg2 connection to the database
    """

    def __init__(self, connect):
        self.connection = connect()
        self.connection.autocommit = True

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    @contextlib.contextmanager
    def transaction(self, timeout=60, read_only=False, undo=False):
        """A cursor in a READ COMMITTED transaction, committed at the end, or rolled back with ``undo``.

        :param timeout: seconds that one statement may take
        """
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN READ ONLY" if read_only else "BEGIN")
            try:
                for setting in SETTINGS:
                    cursor.execute(setting)
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{timeout}s"])
                yield cursor
            except BaseException:
                if not self.connection.closed:
                    cursor.execute("ROLLBACK")
                raise
            cursor.execute("ROLLBACK" if undo else "COMMIT")
