"""The API of the database console under schemathesis, against a real Odoo server."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from odoo_process import Database, databases, run_odoo, serving

BASE = "/api/v1/admin/database"
#: seconds for which requests are made up
SECONDS = 40
#: one key each, as their own pages would make them; the lines that begin with `key` are read
KEYS = """
from datetime import datetime, timedelta
from odoo.tests import new_test_user
admin = env.ref("base.user_admin")
clerk = new_test_user(env, "api_clerk", groups="base.group_user")
for user in (admin, clerk):
    keys = env["res.users.apikeys"].with_user(user).sudo()
    print("key", user.login, keys._generate(None, "t", datetime.now() + timedelta(days=1)))
env.cr.execute("CREATE TABLE public.api_visit (id serial PRIMARY KEY, farm int)")
env.cr.execute("CREATE INDEX api_visit_farm ON public.api_visit (farm)")
env.cr.commit()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """``(address, {login: key}, log)`` of a server of a clone."""
    log = tmp_path_factory.mktemp("api") / "odoo.log"
    with Database(databases.TESTS, "smart_dairy_api") as database:
        code, printed = run_odoo("shell", "-d", database.name, "--no-http", given=KEYS)
        keys = dict(line.split()[1:] for line in printed.splitlines() if line.startswith("key "))
        assert code == 0 and len(keys) == 2, printed[-2000:]
        with serving(database.name, log) as address:
            yield address, keys, log


def ask(server, path, login="admin", method="GET"):
    address, keys, _log = server
    headers = {"Authorization": f"Bearer {keys[login]}"} if login else {}
    request = urllib.request.Request(f"{address}{BASE}/{path}", headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_rebuilt_by_request(server):
    """A rebuild is asked for, waits in the queue of a server without a scheduler, and is asked for once."""
    status, task = ask(server, "reindex/api_visit_farm", method="POST")
    assert (status, task["state"]) == (202, "waiting")
    assert ask(server, "reindex/api_visit_farm", method="POST") == (202, task)
    assert ask(server, f"tasks/{task['id']}") == (200, task)
    assert ask(server, "indexes", "api_clerk")[0] == 403
    assert ask(server, "indexes", None)[0] == 401


def test_made_up_requests(server, tmp_path):
    """Every operation as described, with good and with bad values, for a bounded time: nothing is found."""
    address, keys, log = server
    report = tmp_path / "report.json"
    command = [
        Path(sys.executable).parent / "st", "run", f"{address}{BASE}/openapi.json",
        "-H", f"Authorization: Bearer {keys['admin']}", "--max-time", SECONDS, "--checks", "all",
        "--continue-on-failure", "--no-shrink", "--seed", 19, "--request-timeout", 60,
        "--report", "json", "--report-json-path", report,
    ]  # fmt: skip
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=SECONDS + 240, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    told = json.loads(report.read_text())
    # all but the description, which it reads to begin with
    assert (told["operations"]["tested"], told["failures"], told["errors"]) == (6, [], [])
    assert told["test_cases"]["generated"] > 60  # some 600 on an idle machine
    errors = [line for line in log.read_text().splitlines() if " ERROR " in line or " CRITICAL " in line]
    assert errors == []
