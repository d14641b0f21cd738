"""A thousand people keep dashboards open: what do they feel?

    python benchmarks/readers.py --config odoo.conf [--readers 1000] [--seconds 40]

`make bench NAME=readers` prepares everything: the demo dairy grown to 60,000 orders (`_grown.py`). An Odoo
server with two workers answers over HTTP, behind the proxy of `deploy/haproxy`, which lets requests wait
their turn (Odoo's own queue holds sixteen, and drops the rest). A thousand readers with sessions of the
demo's users each open a random dashboard that their user may see, of 30 days or 12 months, read it for a
while, and open the next. Meanwhile orders are confirmed, so that answers change.

The same load meets first the suite as it is, then without rollups and cache. Reported are requests a second,
P50, P90 and P99, errors, and how many readers had an answer within a second.

Ends with status 1 when an answer is an error, or when the suite is not faster than without.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from http.cookies import SimpleCookie
from types import SimpleNamespace

import _grown
import dashboards
from odoo.sql_db import close_all
from rollup import LARGE, SMALL, folded

from devtools import odoo_server, odoo_source, paths

NEEDS = "tests"
USERS = ("owner", "manager", "owner", "sales")  # logins of the demo, who may open what
MENU = {
    "owner": ("herd", "sales", "stock", "receivables"),
    "manager": ("herd",),
    "sales": ("sales",),
}
SPANS = ("month", "year")
WORKERS = 2
OPEN = "/web/dataset/call_kw/dairy.dashboard/open"
PROXY = paths.ROOT / "deploy" / "haproxy" / "haproxy.cfg"
THINK = 20.0  # seconds that a reader looks at a dashboard, on average
MOST_SECONDS = 30.0  # a reader whose answer takes longer has gone


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", help="(unused: the database is made here)")
    parser.add_argument("--config", help="Odoo's configuration file")
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=40, help="of each of the two runs")
    parser.add_argument("--size", choices=("60k", "600k"), default="60k")
    options = parser.parse_args()
    database = ready(_grown.ensure(odoo_source.find(), {"60k": SMALL, "600k": LARGE}[options.size]), options)
    print(
        f"{options.readers} readers, each with a new dashboard every {THINK:.0f} s:"
        f" {options.readers / THINK:.0f} a second wanted;"
        f" {WORKERS} workers, {options.seconds:.0f} s, {database}"
    )
    print(f"{'':28}{'a second':>10}{'P50':>9}{'P90':>9}{'P99':>9}   ms{'within 1 s':>13}{'errors':>8}")
    rows = {}
    for label, plain in (("as it is", False), ("without rollups and cache", True)):
        with without(database) if plain else contextlib.nullcontext(), serving(database) as port:
            rows[label] = asyncio.run(load(port, database, options.readers, options.seconds))
        show(label, rows[label], options.seconds)
    ours, theirs = rows.values()
    missed = []
    if any(not ok for _seconds, ok in ours):
        missed.append("an answer was an error")
    if p90(ours) >= p90(theirs):
        missed.append("P90 is not shorter than without rollups and cache")
    print("Missed: " + "; ".join(missed) if missed else "All bars reached.")
    return 1 if missed else 0


def ready(database, options):
    """Fold the rollups, so that both runs begin with all that the suite prepares."""
    with dashboards.environment(SimpleNamespace(database=database, config=options.config)) as env:
        folded(env(user=1))
    close_all()
    return database


def p90(answers):
    return statistics.quantiles([seconds for seconds, _ok in answers], n=10)[-1]


def show(label, answers, seconds):
    spent = [second for second, _ok in answers]
    cuts = statistics.quantiles(spent, n=100)
    soon = 100 * sum(second <= 1 for second in spent) / len(spent)
    errors = sum(not ok for _second, ok in answers)
    print(
        f"{label:28}{len(answers) / seconds:10.1f}" + "".join(f"{cuts[n] * 1000:9.0f}" for n in (49, 89, 98))
        + f"     {soon:10.0f} %{errors:8}",
        flush=True,
    )  # fmt: skip


# ---------------------------------------------------------------- server


@contextlib.contextmanager
def serving(database):
    """Odoo with workers on the database; yields its port."""
    port, gevent = paths.free_port(8300), paths.free_port(8400)
    command = odoo_server.command(
        odoo_source.find(), "server", "-d", database, "--db-filter", f"^{database}$", "--http-port", port,
        "--gevent-port", gevent, "--workers", WORKERS, "--max-cron-threads", 0, "--log-level", "warn",
        "--limit-time-real", 600, "--limit-time-cpu", 600, "--limit-request", 10**6,
    )  # fmt: skip
    log = paths.LOG / "readers.log"
    with log.open("wb") as target:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=target,
            stderr=target,
            env={**os.environ, **odoo_server.environment()},
        )
        try:
            for _attempt in range(240):
                with contextlib.suppress(OSError):
                    if (
                        urllib.request.urlopen(f"http://{paths.HOST}:{port}/web/login", timeout=30).status
                        == 200
                    ):
                        break
                time.sleep(0.5)
            else:
                raise SystemExit(f"Odoo did not answer within two minutes: see {log}")
            with queueing(port, gevent) as proxy:
                yield proxy
        finally:
            process.terminate()
            process.wait(60)


@contextlib.contextmanager
def queueing(port, websocket):
    """The proxy in front of Odoo; yields its port."""
    own = paths.free_port(8500)
    settings = {
        "ODOO_HTTP": f"{paths.HOST}:{port}",
        "ODOO_WEBSOCKET": f"{paths.HOST}:{websocket}",
        "ODOO_QUEUE": str(2 * WORKERS),
        "BIND": f"{paths.HOST}:{own}",
    }
    process = subprocess.Popen(
        ["/usr/sbin/haproxy", "-db", "-q", "-f", PROXY], env={**os.environ, **settings}
    )
    try:
        for _attempt in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection((paths.HOST, own), 1).close()
                break
            time.sleep(0.05)
        yield own
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def without(database):
    """No cached answers, and rollups that nobody knows of: statements on the source tables."""
    with _grown.connection(database) as cursor:
        cursor.connection.autocommit = True
        cursor.execute(
            "INSERT INTO ir_config_parameter (key, value) VALUES ('method_cache.off', '1')"
            " ON CONFLICT (key) DO UPDATE SET value = '1'"
        )
        cursor.execute("CREATE TABLE bench_state AS TABLE database_rollup.state")
        cursor.execute("DELETE FROM database_rollup.state")
        try:
            yield
        finally:
            cursor.execute("INSERT INTO database_rollup.state SELECT * FROM bench_state")
            cursor.execute("DROP TABLE bench_state")
            cursor.execute("DELETE FROM ir_config_parameter WHERE key = 'method_cache.off'")


# ---------------------------------------------------------------- readers


async def post(port, path, payload, cookie=""):
    """One request on a connection of its own; return (status, cookies, body)."""
    reader, writer = await asyncio.open_connection(paths.HOST, port)
    try:
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": payload}).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {paths.HOST}:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    head, _sep, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin1").split("\r\n")
    cookies = [line.partition(":")[2] for line in lines if line.lower().startswith("set-cookie:")]
    return int(lines[0].split()[1]), cookies, body


async def log_in(port, database, login):
    path = "/web/session/authenticate"
    status, cookies, body = await post(port, path, {"db": database, "login": login, "password": login})
    answer = json.loads(body)
    if status != 200 or not answer.get("result", {}).get("uid"):
        raise SystemExit(f"{login} cannot log in: {status} {body[:200]!r}")
    kept = SimpleCookie()
    for text in cookies:
        kept.load(text.strip())
    return f"session_id={kept['session_id'].value}"


def opening(name, span):
    return {"model": "dairy.dashboard", "method": "open", "args": [name, {"preset": span}], "kwargs": {}}


async def warm(port, cookies):
    """Let every worker load Odoo, as the first visitor of the morning does."""
    await asyncio.gather(
        *(
            post(port, OPEN, opening(name, span), cookies[login])
            for login, names in MENU.items()
            for name in names
            for span in SPANS
        )
    )


async def load(port, database, readers, seconds):
    """Let ``readers`` read for so long; return [(seconds of an answer, whether it was one)]."""
    cookies = {login: await log_in(port, database, login) for login in MENU}
    await warm(port, cookies)
    answers = []
    end = time.monotonic() + seconds

    async def reader(number):
        chance = random.Random(number)
        login = chance.choice(USERS)
        await asyncio.sleep(chance.random() * THINK)
        while time.monotonic() < end:
            name = chance.choice(MENU[login])
            arguments = opening(name, chance.choice(SPANS))
            start = time.monotonic()
            try:
                status, _cookies, body = await asyncio.wait_for(
                    post(port, OPEN, arguments, cookies[login]),
                    MOST_SECONDS,
                )
                ok = status == 200 and "data" in json.loads(body).get("result", {})
            except (OSError, ValueError, IndexError, TimeoutError):
                ok = False
            answers.append((time.monotonic() - start, ok))
            await asyncio.sleep(min(chance.expovariate(1 / THINK), max(end - time.monotonic(), 0)))

    async def confirmer():
        """Somebody works meanwhile: one order confirmed a second, so that kept answers become old."""
        owner = cookies["sales"]

        async def call(method, args, model="sale.order", **kwargs):
            path = f"/web/dataset/call_kw/{model}/{method}"
            payload = {"model": model, "method": method, "args": args, "kwargs": kwargs}
            return json.loads((await post(port, path, payload, owner))[2])

        drafts = (await call("search", [[("state", "=", "draft")]], limit=int(seconds)))["result"]
        for draft in drafts:
            if time.monotonic() >= end:
                return
            start = time.monotonic()
            try:
                await call("action_confirm", [[draft]])
            except ValueError:  # the proxy has sent it away: it waited too long behind the readers
                answers.append((time.monotonic() - start, False))
            await asyncio.sleep(1)

    await asyncio.gather(confirmer(), *(reader(number) for number in range(readers)))
    return answers


if __name__ == "__main__":
    sys.exit(main())
