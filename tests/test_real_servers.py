"""PostgreSQL, its standby, PgBouncer and Redis, started with the very files of deploy/."""

import select
import socket

import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from scratch_servers import HOST, POOL, SECRETS, SMALL, Scratch, accepts, connect, free_port, rows, until


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
    overridden = {*SMALL, "port"}  # on the command line, so the file's own value was read but not taken
    assert not [(name, error) for name, error in settings if error and name not in overridden]
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


def test_many_clients_share_one_pool(primary, pool):
    """Three times as many as server connections, all of them open; each login costs a SCRAM handshake."""
    clients = [as_odoo(pool) for _ in range(3 * int(POOL["default_pool_size"]))]
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
    """The bus and the crons LISTEN in the database postgres; in transaction mode they would hear nothing."""
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

    def ready():
        with socket.socket() as probe:
            return probe.connect_ex((HOST, port)) == 0

    runtime = {"REDIS_RUNTIME": str(scratch.folder)}
    scratch.start(ready, scratch.deploy / "redis/start.sh", "--port", port, **SECRETS, **runtime)
    once = Retry(NoBackoff(), 0)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port, retry=once).ping()
    cache = redis.Redis(port=port, password=password, retry=once)
    wanted = {"maxmemory": "536870912", "maxmemory-policy": "volatile-lru", "save": "", "appendonly": "no"}
    assert {name: cache.config_get(name)[name] for name in wanted} == wanted
    assert oct((scratch.folder / "redis.conf").stat().st_mode)[-3:] == "600"
    cache.close()
