"""What docker-compose.yml and the local set-up both read: well-formed, complete, and taken by the real servers."""

import configparser
import json
import os
import re
import select
import shutil
import subprocess
from pathlib import Path

import jsonschema
import psycopg2
import pytest
import redis
import yaml
from odoo.tools import config as odoo_config
from scratch_servers import HOST, ROOT, SMALL, Scratch, accepts, connect, free_port, rows, until

# Quotes and backslashes: the scripts of deploy/ have to cope with any password.
SECRETS = {
    "ODOO_DB_PASSWORD": "o\"d'o\\o $1",
    "POSTGRES_PASSWORD": "superuser",
    "REPLICATION_PASSWORD": "rep'li\"ca",
    "REDIS_PASSWORD": 're"d\\is',
}
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:[?-])([^}]*))?\}")

# requirements.md, section 1 (S1-41)
POOL = {
    "pool_mode": "transaction", "default_pool_size": "50", "min_pool_size": "10", "reserve_pool_size": "25",
    "reserve_pool_timeout": "5", "max_client_conn": "1000", "max_db_connections": "100",
    "server_connect_timeout": "15", "server_idle_timeout": "600", "server_lifetime": "3600",
    "client_login_timeout": "60", "query_wait_timeout": "120", "log_connections": "1", "log_disconnections": "1",
    "log_pooler_errors": "1", "stats_period": "60", "auth_type": "scram-sha-256",
}  # fmt: skip


# ---- docker-compose.yml and .env.example


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def compose_variables():
    """{name: [(operator, default or message)]} of all that docker-compose.yml takes from the environment."""
    found = {}
    for name, operator, rest in VARIABLE.findall((ROOT / "docker-compose.yml").read_text()):
        found.setdefault(name, []).append((operator, rest))
    return found


def example():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_compose_follows_the_specification(compose):
    schema = json.loads((ROOT / "tests/compose_schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(compose)
    assert {"odoo", "postgres", "postgres-replica", "redis", "pgbouncer"} <= set(compose["services"])


def test_compose_is_read_by_docker(tmp_path):
    """Where the client knows Compose, it reads the file; without secrets it refuses."""
    client = shutil.which("docker")
    command = [client, "compose", "--file", str(ROOT / "docker-compose.yml"), "--profile", "*"]
    if not client or subprocess.run([client, "compose", "version"], capture_output=True).returncode:
        # Then at least: the schema above, and every variable is one that Compose can substitute.
        assert all(
            operator in ("", ":?", ":-") for uses in compose_variables().values() for operator, _ in uses
        )
        return
    secrets = tmp_path / "env"
    secrets.write_text("".join(f"{name}=secret\n" for name in SECRETS))
    done = subprocess.run([*command, "--env-file", secrets, "config", "-q"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    secrets.write_text("")
    assert subprocess.run([*command, "--env-file", secrets, "config", "-q"], capture_output=True).returncode


def test_compose_mounts_and_builds_what_exists(compose):
    volumes = set(compose["volumes"])
    for name, service in compose["services"].items():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            exists = (ROOT / source).exists() if source.startswith(".") else source in volumes
            assert exists, f"{name} mounts {source}"
        build = service.get("build", {})
        build = {"context": build} if isinstance(build, str) else build
        if build:
            dockerfile = ROOT / build["context"] / build.get("dockerfile", "Dockerfile")
            assert dockerfile.is_file(), f"{name} builds {dockerfile}"
    for script in ROOT.glob("deploy/*/*.sh"):
        assert os.access(script, os.X_OK), f"{script} cannot be executed"
        subprocess.run(["sh", "-n", script], check=True)


def test_compose_services_are_watched_and_restarted(compose):
    services = compose["services"]
    for name, service in services.items():
        if name != "init":
            assert service["restart"] == "unless-stopped" and service["healthcheck"]["test"], name
        for other, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"} and "healthcheck" in services[other]
        assert set(service["networks"]) <= set(compose["networks"])


def test_odoo_serves_through_the_pool_and_installs_directly(compose):
    serve, install = (compose["services"][name]["environment"] for name in ("odoo", "init"))
    assert (serve["PGHOST"], serve["PGPORT"]) == ("pgbouncer", "6432")
    assert (install["PGHOST"], install["PGPORT"]) == ("postgres", "5432")
    known = {option.env_name for option in odoo_config.options_index.values() if option.env_name}
    assert {name for name in serve if name.startswith(("PG", "ODOO_"))} <= known


def test_no_secret_is_in_the_files():
    """Passwords come from .env only: no default in docker-compose.yml, none in .env.example or odoo.conf."""
    variables, lines = compose_variables(), example()
    assert set(variables) == set(lines)
    for name, uses in variables.items():
        if "PASSWORD" in name:
            assert all(operator == ":?" and message for operator, message in uses), name
            assert lines[name] == ""
        else:
            assert all(operator == ":-" and default in (lines[name], "None") for operator, default in uses), (
                name
            )
    assert set(SECRETS) == {name for name in variables if "PASSWORD" in name}
    assert not {"admin_passwd", "db_password", "smtp_password"} & set(odoo_options())
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "/.env" in ignored


# ---- odoo.conf


def odoo_options():
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "odoo.conf")
    assert parser.sections() == ["options"]
    return dict(parser["options"])


@pytest.mark.parametrize("name", odoo_options())
def test_odoo_knows_the_option(name):
    option = odoo_config.options_index.get(name)
    assert option and option.file_loadable, f"Odoo 19 reads no option {name!r} from its file"
    if name != "addons_path":  # its folders are the container's
        odoo_config.parse(name, odoo_options()[name])


def test_every_odoo_option_says_why():
    lines = (ROOT / "odoo.conf").read_text().splitlines()
    bare = [
        line
        for above, line in zip(lines, lines[1:], strict=False)
        if re.match(r"\w+ *=", line) and not above.startswith(";") and not re.match(r"\w+ *=", above)
    ]
    assert not bare


def test_odoo_fits_the_pool_and_the_mounts(compose):
    options = {name: odoo_options()[name] for name in odoo_options()}
    processes = int(options["workers"]) + int(options["max_cron_threads"])
    clients = processes * int(options["db_maxconn"]) + int(options["db_maxconn_gevent"])
    assert clients <= int(POOL["max_client_conn"])
    targets = [mount.split(":")[1] for mount in compose["services"]["odoo"]["volumes"]]
    assert "/etc/odoo/odoo.conf" in targets and options["data_dir"] in targets
    root = next(target for target in targets if target.endswith("/smart_dairy"))
    assert options["addons_path"].split(",") == [str(Path(root).parent), root, f"{root}/addons"]


# ---- The real servers


@pytest.fixture(scope="module")
def scratch():
    with Scratch() as folder:
        yield folder


@pytest.fixture(scope="module")
def primary(scratch):
    """A cluster with deploy/postgresql, prepared by init.sh; the port."""
    port, data, superuser = free_port(), scratch.folder / "primary", scratch.folder / "superuser"
    superuser.write_text(SECRETS["POSTGRES_PASSWORD"])
    scratch.give(superuser)
    scratch.run("initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", superuser, "-N")
    files = {"config_file": "postgresql.conf", "hba_file": "pg_hba.conf"}
    settings = {name: scratch.deploy / "postgresql" / file for name, file in files.items()}
    settings |= SMALL | {"port": port, "unix_socket_directories": scratch.folder}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    ready = accepts(port, password=SECRETS["POSTGRES_PASSWORD"])
    scratch.start(ready, "postgres", "-D", data, *options)
    scratch.run(
        scratch.deploy / "postgresql/init.sh",
        PGHOST=HOST, PGPORT=str(port), PGPASSWORD=SECRETS["POSTGRES_PASSWORD"], **SECRETS,
    )  # fmt: skip
    return port


@pytest.fixture(scope="module")
def replica(scratch, primary):
    """A standby made by replica.sh; the port."""
    port, data = free_port(), scratch.folder / "standby"
    settings = SMALL | {"port": port, "unix_socket_directories": scratch.folder}
    scratch.start(
        accepts(port, "odoo", "smart_dairy", SECRETS["ODOO_DB_PASSWORD"]),
        scratch.deploy / "postgresql/replica.sh",
        *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        PGDATA=str(data), PRIMARY_HOST=HOST, PRIMARY_PORT=str(primary), **SECRETS,
    )  # fmt: skip
    return port


@pytest.fixture(scope="module")
def pool(scratch, primary, replica):
    """A PgBouncer with deploy/pgbouncer in front of both; the port. Only addresses differ from the file."""
    port, file = free_port(), scratch.deploy / "pgbouncer/pgbouncer.ini"
    text = file.read_text()
    for old, new in {
        "host=postgres port=5432": f"host={HOST} port={primary}",
        "host=postgres-replica port=5432": f"host={HOST} port={replica}",
        "listen_port = 6432": f"listen_port = {port}",
        "/run/pgbouncer/userlist.txt": f"{scratch.folder}/userlist.txt",
    }.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    ready = accepts(port, "odoo", "smart_dairy", SECRETS["ODOO_DB_PASSWORD"])
    scratch.start(ready, scratch.deploy / "pgbouncer/start.sh", file, **SECRETS)
    return port


def as_odoo(port, database="smart_dairy", **options):
    return connect(port, database, "odoo", SECRETS["ODOO_DB_PASSWORD"], **options)


def test_postgresql_takes_every_setting(scratch, primary):
    server = connect(primary, "postgres", "postgres", SECRETS["POSTGRES_PASSWORD"])
    file = str(scratch.deploy / "postgresql/postgresql.conf")
    settings = rows(server, "SELECT name, error FROM pg_file_settings WHERE sourcefile = %s", file)
    assert len(settings) > 40
    assert not [(name, error) for name, error in settings if error and name not in SMALL]
    assert not rows(server, "SELECT * FROM pg_hba_file_rules WHERE error IS NOT NULL")
    server.close()


def test_postgresql_is_prepared_for_odoo(primary):
    odoo = as_odoo(primary)
    ((owner, superuser),) = rows(
        odoo,
        "SELECT r.rolname, r.rolsuper FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
        " WHERE d.datname = current_database()",
    )
    assert (owner, superuser) == ("odoo", False)
    rows(odoo, "SELECT calls FROM pg_stat_statements LIMIT 1")
    ((odoo_reads_statistics,),) = rows(odoo, "SELECT pg_has_role('odoo', 'pg_monitor', 'member')")
    assert odoo_reads_statistics
    odoo.close()


def test_postgresql_lets_nobody_in_without_a_password(primary):
    with pytest.raises(psycopg2.OperationalError):
        connect(primary, "smart_dairy", "odoo", "wrong")


def test_the_server_has_room_for_the_pools(primary, pool):
    server, admin = as_odoo(primary), as_odoo(pool, "pgbouncer")
    names = "max_connections", "superuser_reserved_connections"
    total, reserved = (int(rows(server, "SELECT current_setting(%s)", name)[0][0]) for name in names)
    sessions = next(int(row["pool_size"]) for row in shown(admin, "DATABASES") if row["name"] == "postgres")
    assert total - reserved - int(POOL["max_db_connections"]) - sessions >= 20
    server.close()
    admin.close()


def test_the_standby_streams(primary, replica):
    writer, reader = as_odoo(primary), as_odoo(replica)
    assert rows(reader, "SELECT pg_is_in_recovery()") == [(True,)]
    with writer.cursor() as cursor:
        cursor.execute("CREATE TABLE tank (kg numeric)")
        cursor.execute("INSERT INTO tank VALUES (3000.5)")
    arrived = until(lambda: rows(reader, "SELECT to_regclass('tank') IS NOT NULL")[0][0], seconds=1)
    assert arrived, "the replica is more than a second behind"
    assert str(rows(reader, "SELECT kg FROM tank")[0][0]) == "3000.5"
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction), reader.cursor() as cursor:
        cursor.execute("INSERT INTO tank VALUES (1)")
    state = rows(writer, "SELECT s.state, r.slot_name FROM pg_stat_replication s"
                         " JOIN pg_replication_slots r ON r.active_pid = s.pid")  # fmt: skip
    assert state == [("streaming", "smart_dairy_replica")]
    writer.close()
    reader.close()


def shown(admin, what):
    """A SHOW of PgBouncer's console as dictionaries."""
    with admin.cursor() as cursor:
        cursor.execute(f"SHOW {what}")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def test_pgbouncer_has_the_wanted_numbers(pool):
    admin = as_odoo(pool, "pgbouncer")
    settings = {row["key"]: row["value"] for row in shown(admin, "CONFIG")}
    assert {name: settings[name] for name in POOL} == POOL
    databases = {row["name"]: row for row in shown(admin, "DATABASES")}
    assert databases["postgres"]["pool_mode"] == "session"
    assert databases["smart_dairy_replica"]["database"] == "smart_dairy"
    admin.close()


def test_500_clients_share_one_pool(primary, pool):
    clients = [as_odoo(pool) for _ in range(500)]
    assert {rows(client, "SELECT 1")[0] for client in clients} == {(1,)}
    server = as_odoo(primary)
    ((connections,),) = rows(
        server,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = 'smart_dairy' AND pid <> pg_backend_pid()",
    )
    assert 1 <= connections <= int(POOL["default_pool_size"])
    for client in (*clients, server):
        client.close()


def test_the_second_entry_reads_the_standby(pool):
    client = as_odoo(pool, "smart_dairy_replica")
    assert rows(client, "SELECT pg_is_in_recovery()") == [(True,)]
    client.close()


def test_odoo_can_listen_through_the_pool(primary, pool):
    """The bus and the crons LISTEN in the database postgres; in transaction mode they would never hear anything."""
    listener, speaker = as_odoo(pool, "postgres"), as_odoo(primary, "postgres")
    with listener.cursor() as cursor:
        cursor.execute("LISTEN imbus")
    with speaker.cursor() as cursor:
        cursor.execute("NOTIFY imbus, 'moo'")
    assert select.select([listener], [], [], 10)[0]
    listener.poll()
    assert [notice.payload for notice in listener.notifies] == ["moo"]
    listener.close()
    speaker.close()


def test_redis_is_a_guarded_cache(scratch):
    port, password = free_port(), SECRETS["REDIS_PASSWORD"]
    cache = redis.Redis(port=port, password=password)

    def ready():
        try:
            return cache.ping()
        except redis.ConnectionError:
            return False

    runtime = {"REDIS_RUNTIME": str(scratch.folder)}
    scratch.start(ready, scratch.deploy / "redis/start.sh", "--port", port, **SECRETS, **runtime)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port).ping()
    wanted = {"maxmemory": "536870912", "maxmemory-policy": "volatile-lru", "save": "", "appendonly": "no"}
    assert {name: cache.config_get(name)[name] for name in wanted} == wanted
    assert oct((scratch.folder / "redis.conf").stat().st_mode)[-3:] == "600"
    cache.close()
