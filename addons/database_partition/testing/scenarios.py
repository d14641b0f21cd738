"""One interleaving for each rule of the protocol: right with all rules, wrong without that one.

Each takes a :class:`Stage` (a lab whose set keeps only some rules) and returns what went wrong, or "".
"""

import contextlib
import threading
import time
from datetime import timedelta
from unittest import mock

from psycopg2 import sql

from ..engine import archive, create, drain, maintain, retention
from ..engine.connection import Patience
from ..engine.errors import PartitionError
from ..engine.protocol import RULES
from .lab import NOW, READINGS

QUICK = Patience(tries=3, waits=1, grace_s=0.3)


class Stage:
    """:param folder: for archives"""

    def __init__(self, lab, rules, folder):
        self.lab, self.rules, self.folder = lab, rules, folder
        self.open = []
        lab.clear()
        lab.deploy(rules=rules)

    def close(self):
        for cnx in self.open:
            cnx.close()

    def begin(self, statement="SELECT 1"):
        """A cursor in a transaction that has its snapshot now."""
        cnx = self.lab.connect()
        self.open.append(cnx)
        cursor = cnx.cursor()
        cursor.execute(statement)
        return cursor

    def maintain(self, now=NOW, rules=None):
        with self.lab.session() as session:
            return maintain.maintain(session, READINGS, now, self.folder, QUICK, rules=rules or self.rules)

    def count(self, cursor=None, where="true"):
        cursor = cursor or self.begin()
        cursor.execute(sql.SQL("SELECT count(*) FROM reading WHERE {}").format(sql.SQL(where)))
        return cursor.fetchone()[0]


@contextlib.contextmanager
def before(name, action):
    """Call ``action`` once, just before that function of the drain."""
    original = getattr(drain, name)
    done = []

    def first(*args, **options):
        if not done:
            done.append(True)
            action()
        return original(*args, **options)

    with mock.patch.object(drain, name, first):
        yield


def create_beside_a_writer(stage):
    """A transaction that wrote to today's partition is open: creating ahead need not wait for it."""
    stage.maintain(rules=RULES)
    stage.begin("INSERT INTO reading (at) VALUES ('2025-06-20')")
    report = stage.maintain(NOW + timedelta(days=31))
    return "" if report.good else report.failed[0]


def insert_while_a_report_reads(stage):
    """A report holds the default partition: a late row must not queue behind us."""
    stage.maintain(rules=RULES)
    stage.begin("SELECT count(*) FROM reading")
    time.sleep(1.1)
    thread = threading.Thread(target=lambda: stage.maintain(NOW + timedelta(days=31)))
    thread.start()
    longest = 0.0
    while thread.is_alive() and longest < 0.5:
        began = time.monotonic()
        stage.lab.insert("1999-01-01")
        longest = max(longest, time.monotonic() - began)
        stage.open[0].rollback() if longest > 0.5 else time.sleep(0.005)
    stage.close()
    thread.join()
    return "" if longest < 0.5 else f"an insert waited {longest * 1000:.0f} ms"


def late_row_before_the_exchange(stage):
    stage.lab.insert("2025-06-10")
    with before("_switch", lambda: stage.lab.insert("2025-06-11")):
        stage.maintain()
    return "" if stage.count() == 2 else f"{stage.count()} rows of 2"


def late_row_during_the_copy(stage):
    """April is copied first; the row comes when that copy's snapshot has been taken."""
    stage.lab.insert("2025-04-10")

    def late():
        stage.lab.insert("2025-04-11")

    # _compare would notice that rows are missing, and refuse: the notes alone must do
    with before("copy_statements", late), mock.patch.object(drain, "_compare"):
        stage.maintain()
    return "" if stage.count() == 2 else f"{stage.count()} rows of 2"


def older_transaction(stage):
    stage.lab.insert("2025-06-10")
    cursor = stage.begin()
    stage.maintain()
    found = stage.count(cursor), stage.count(cursor, "at >= '2025-06-01' AND at < '2025-07-01'")
    return (
        "" if found == (1, 1) else f"an older transaction sees {found[0]} in all and {found[1]} in June, of 1"
    )


def table_changed_after_its_archive(stage):
    stage.lab.insert("2025-02-01")
    stage.maintain()
    with stage.lab.session() as session:
        retention.detach(session, READINGS, "reading_p202502", NOW, QUICK)
        with session.transaction() as cursor:
            wanted = dict(retention.detached(cursor, READINGS))["reading_p202502"]
        archive.write(session, READINGS, "reading_p202502", wanted, NOW, stage.folder)
        stage.lab.insert("2025-02-02", table="reading_p202502")
        with contextlib.suppress(PartitionError):
            retention.drop(session, READINGS, "reading_p202502", NOW, stage.folder, rules=stage.rules)
        with session.transaction() as cursor:
            there = create.catalogue.stands(cursor, "reading_p202502")
    return "" if there else "a row was dropped that is in no archive"


#: each interleaving, and the rules any of which it needs
RULES_OF = {
    create_beside_a_writer: ("apart",),
    insert_while_a_report_reads: ("nowait",),
    late_row_before_the_exchange: ("note", "clean"),
    late_row_during_the_copy: ("seen",),
    older_transaction: ("grace",),
    table_changed_after_its_archive: ("checked",),
}


def play(lab, scenario, folder, without=None):
    """Play one interleaving; return what went wrong, or ""."""
    stage = Stage(lab, RULES - {without}, folder)
    try:
        return scenario(stage)
    finally:
        stage.close()
