"""Real connections that take their steps in a given order, and a committed cow for them to meet at."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.sql_db import connection_info_for, db_connect
from odoo.tests import BaseCase
from odoo.tests.common import get_db_name
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ

RETRIED = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected)
ISOLATIONS = {"RC": ISOLATION_LEVEL_READ_COMMITTED, "RR": ISOLATION_LEVEL_REPEATABLE_READ}
STEPS = 3  # snapshot, write, end


def interleavings(first, second, steps=STEPS):
    """Every order in which two actors can take ``steps`` steps each."""
    for places in combinations(range(2 * steps), steps):
        yield [first if place in places else second for place in range(2 * steps)]


class Actor:
    """One transaction on a connection of its own: takes its snapshot, writes, ends.

    ``write`` gets the cursor. A serialization failure or deadlock rolls back; :meth:`retry` then does all of
    it again, as Odoo does. Any other error is raised by :meth:`finish`.
    """

    def __init__(self, connection, write, end="commit"):
        self.connection, self.write, self.end = connection, write, end
        self.steps = iter((self._snapshot, self._write, self._end))
        self.waited = self.failed = False
        self.worker = ThreadPoolExecutor(max_workers=1)
        self.pending = []

    def _snapshot(self):
        self.cursor = self.connection.cursor()
        self.cursor.execute("SELECT 1")

    def _write(self):
        self.write(self.cursor)

    def _end(self):
        getattr(self.connection, self.end)()

    def _run(self, step):
        if self.failed:
            return
        try:
            step()
        except RETRIED:
            self.failed = True
            self.connection.rollback()

    def step(self, blocked):
        """Take the next step; returns when it is done, or waits for another transaction."""
        done = threading.Event()
        future = self.worker.submit(self._run, next(self.steps))
        future.add_done_callback(lambda _future: done.set())
        self.pending.append(future)
        while not done.wait(0.002):
            if blocked(self.connection.info.backend_pid):
                self.waited = True
                return

    def finish(self):
        """Wait for all steps; raises what failed otherwise than by a conflict."""
        for future in self.pending:
            future.result(timeout=20)
        self.worker.shutdown()

    def retry(self):
        """What failed for others' sake is done again."""
        self.failed = False
        for step in (self._snapshot, self._write, self._end):
            step()


class OrmActor(Actor):
    """The same through the ORM: ``write`` gets an environment."""

    def __init__(self, dbname, write, end="commit"):
        self.odoo_cursor = db_connect(dbname).cursor()
        super().__init__(self.odoo_cursor._cnx, write, end)

    def _snapshot(self):
        self.odoo_cursor.execute("SELECT 1")

    def _write(self):
        env = api.Environment(self.odoo_cursor, SUPERUSER_ID, {"tracking_disable": True})
        self.write(env)
        env.flush_all()

    def _end(self):
        getattr(self.odoo_cursor, self.end)()

    def close(self):
        self.odoo_cursor.close()


class TurnsCase(BaseCase):
    """A cow, committed, whose milk and treatments lie ten years back, so that they can be deleted again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dbname = get_db_name()
        with cls.committed() as env:
            farm = env["farm.farm"].create({"name": "Farm of turns"})
            cls.farm, cls.company = farm.id, farm.company_id.id
            cls.drug = env["farm.drug"].create({"name": "Drug of turns", "milk_withdrawal_days": 4}).id
            cows = env["farm.animal"].create(
                [
                    {
                        "name": f"Cow of turns {number}",
                        "animal_type": "heifer",
                        "farm_id": farm.id,
                        "birth_date": "2012-01-01",
                    }
                    for number in range(2)
                ]
            )
            cls.cow, cls.other = cows.ids
            env["farm.reproduction.event"].create(
                [{"animal_id": cow.id, "event_type": "calving", "event_date": "2016-01-01"} for cow in cows]
            )
            cls.case = env["farm.health.record"].create(
                {"animal_id": cls.cow, "record_date": "2016-05-01", "record_type": "mastitis"}
            ).id  # fmt: skip
        cls.addClassCleanup(cls.remove)
        cls.watch = cls.connect("RC")
        cls.watch.autocommit = True

    @classmethod
    @contextmanager
    def committed(cls):
        """An environment of its own, committed at the end."""
        with db_connect(cls.dbname).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    @classmethod
    def connect(cls, isolation):
        _name, info = connection_info_for(cls.dbname)
        connection = psycopg2.connect(**info)
        connection.set_session(isolation_level=ISOLATIONS[isolation])
        cls.addClassCleanup(connection.close)
        return connection

    @classmethod
    def remove(cls):
        cows = [cls.cow, cls.other]
        with cls.committed() as env:
            for table in ("milk_record", "treatment", "health_record", "reproduction_event"):
                env.cr.execute(f"DELETE FROM farm_{table} WHERE animal_id = ANY(%s)", [cows])  # noqa: S608 our names
            env["farm.lactation"].search([("animal_id", "in", cows)]).unlink()
            env["farm.animal"].browse(cows).unlink()
            env["farm.drug"].browse(cls.drug).unlink()
            env["farm.farm"].browse(cls.farm).unlink()

    @classmethod
    def sql(cls, query, *params):
        with cls.watch.cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else None

    @classmethod
    def blocked(cls, pid):
        return cls.sql("SELECT pg_blocking_pids(%s)", pid)[0][0] != []

    def play(self, order):
        """Let the actors take their steps in this order, then retry whoever failed for another's sake."""
        for actor in order:
            actor.step(self.blocked)
        actors = list(dict.fromkeys(order))
        for actor in actors:
            actor.finish()
        failed = [actor for actor in actors if actor.failed]
        for actor in failed:
            actor.retry()
        return failed
