"""The set-up's own promises: clear failures, nothing outside `.local/`, state that survives a kill."""

import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from devtools import commands, console, debian, odoo_source, paths, servers  # noqa: E402


def make(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "devtools", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def test_help_names_every_target_of_the_makefile():
    targets = (ROOT / "Makefile").read_text().split(".PHONY:")[1].splitlines()[0].split()
    text = make("help").stdout
    assert [target for target in targets if target not in text] == ["help"]


def test_an_unknown_command_is_one_line_and_status_2():
    answer = make("moo")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.splitlines() == ["unknown command 'moo'; `make help` lists them"]


def test_an_unknown_measurement_lists_the_known_ones():
    answer = make("bench", "moo")
    assert answer.returncode == 2
    assert "NAME='moo'" in answer.stderr and "dashboards" in answer.stderr


def test_what_every_measurement_needs_is_something_the_set_up_can_prepare():
    scripts = [path for path in (ROOT / "benchmarks").glob("*.py") if not path.stem.startswith("_")]
    needs = {path.stem: commands.needs_of(path) for path in scripts}
    assert needs["dashboards"] == "demo" and needs["soak_odoo_tests"] == "tests"
    assert set(needs.values()) <= {"demo", "tests", "servers"}


def test_an_odoo_home_without_odoo_says_so(tmp_path):
    answer = make("psql", ODOO_HOME=str(tmp_path))
    assert answer.returncode == 1
    assert f"ODOO_HOME={tmp_path} is not an Odoo 19" in answer.stderr and "remedy:" in answer.stderr


def test_a_server_that_is_pointed_at_but_silent_is_named():
    answer = make("psql", SMART_DAIRY_PGHOST="127.0.0.1", SMART_DAIRY_PGPORT="1")
    assert answer.returncode == 1
    assert "no PostgreSQL answers on 127.0.0.1:1" in answer.stderr and "remedy:" in answer.stderr


def test_an_odoo_checkout_and_an_unpacked_package_are_both_understood(tmp_path):
    for place, program in (
        ("checkout", "odoo-bin"),
        ("package/usr/lib/python3/dist-packages", "../../../bin/odoo"),
    ):
        folder = tmp_path / place
        (folder / "odoo").mkdir(parents=True)
        (folder / "odoo" / "release.py").write_text("version_info = (19, 0, 0, FINAL, 0, '')\n")
        (folder / program).resolve().parent.mkdir(parents=True, exist_ok=True)
        (folder / program).resolve().touch()
    assert odoo_source.inspect(tmp_path / "checkout").release == "19"
    assert odoo_source.inspect(tmp_path / "checkout").addons[-1] == tmp_path / "checkout" / "addons"
    assert odoo_source.inspect(tmp_path / "package").program == tmp_path / "package/usr/bin/odoo"
    assert odoo_source.inspect(tmp_path) is None


def test_without_root_and_sudo_the_missing_packages_are_listed(monkeypatch):
    monkeypatch.setattr(debian, "as_root", lambda: None)
    with pytest.raises(console.Failure) as caught:
        debian.install({"postgresql-15": ["/no/such/file"], "coreutils": ["/usr/bin/env"]})
    assert caught.value.remedy.endswith("apt-get install postgresql-15")


def test_a_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind((paths.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not paths.is_free(port)
        assert paths.free_port(port) > port


@pytest.fixture
def own_postgres(tmp_path, monkeypatch):
    """A checkout's private PostgreSQL in a folder of the test's."""
    monkeypatch.delenv("SMART_DAIRY_PGHOST", raising=False)
    monkeypatch.setattr(paths, "STATE", tmp_path / "state.json")
    for name, folder in (("LOCAL", ""), ("PG_DATA", "postgresql"), ("LOG", "log")):
        monkeypatch.setattr(servers, name, tmp_path / folder)
    servers.LOG.mkdir()
    yield
    servers.stop("pg_pid", "PostgreSQL")
    assert servers.postmaster() is None


def test_one_folder_has_one_postgresql(own_postgres):
    """Started twice at once, forgotten, remembered wrongly or too busy to answer: it is found again."""
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(servers.ensure_postgres) for _one in range(3)]:
            done.result()
    pid, port = found = servers.postmaster()
    log = (servers.LOG / "postgresql.log").read_text()
    assert log.count("database system is ready") == 1 and "already exists" not in log
    for wrong in ({"pg_pid": None, "pg_port": None}, {"pg_pid": os.getpid(), "pg_port": 1}):
        paths.remember(**wrong)
        servers.ensure_postgres()
        assert (paths.read_state()["pg_pid"], paths.read_state()["pg_port"]) == found
    os.kill(pid, signal.SIGSTOP)
    awake = threading.Timer(8, os.kill, [pid, signal.SIGCONT])
    awake.start()
    assert not servers.pg_answers(port)
    servers.ensure_postgres()
    awake.join()
    assert servers.postmaster() == found


def test_a_process_that_took_the_number_of_a_dead_postgresql_is_not_it(own_postgres):
    servers.PG_DATA.mkdir()
    for text in ("", f"{os.getpid()}\n{servers.PG_DATA}\n1\n5470\n", f"4194303\n{servers.PG_DATA}\n1\n1\n"):
        (servers.PG_DATA / "postmaster.pid").write_text(text)
        assert servers.postmaster() is None


def test_only_the_ignored_folder_and_the_repository_are_written():
    ignored = subprocess.run(["git", "check-ignore", "-q", ".local"], cwd=ROOT)
    assert ignored.returncode == 0
    assert paths.LOCAL == ROOT / ".local"
    assert paths.STATE.stat().st_mode & 0o077 == 0, "the state holds passwords"
