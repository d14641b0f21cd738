"""The method cache on real servers as they are run in earnest: TLS and password, Sentinel, a lagging standby,
several workers. The engine alone, on PostgreSQL and Redis of the tests' own."""

import contextlib
import datetime
import ipaddress
import sys
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from odoo_process import Database, databases, run_odoo
from scratch_servers import ROOT, until

sys.path.insert(0, str(ROOT / "benchmarks"))

from _cache_world import RedisServer, World
from method_cache.engine.errors import StoreUnavailable
from method_cache.engine.store_redis import RedisStore
from method_cache.testing import scenarios

PASSWORD = "se:cr@t/1"
QUOTED = "se%3Acr%40t%2F1"


@pytest.fixture(scope="module")
def world():
    with World(standby=0) as started:
        yield started


class Link:
    """What a :class:`scenarios.Lab` wants to know of a Redis."""

    def __init__(self, url, server):
        self.url, self.server = url, server

    def command(self, *words):
        return self.server.command(*words)


@contextlib.contextmanager
def lab_on(world, link):
    lab = scenarios.Lab(world.dsn(), link)
    try:
        yield lab
    finally:
        lab.close()


# ---- TLS and password


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(certificate, key) for 127.0.0.1, signed by itself; paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "method cache test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "redis.crt", folder / "redis.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


@pytest.fixture
def tls(certificate):
    """A Redis that speaks TLS only and asks for a password; (server, its address)."""
    cert, key = certificate
    files = {"tls-cert-file": cert, "tls-key-file": key, "tls-ca-cert-file": cert, "tls-auth-clients": "no"}
    client = {"ssl": True, "ssl_ca_certs": str(cert), "password": PASSWORD}
    # the very option that comes last wins: no plain port
    with contextlib.closing(
        RedisServer(lambda port: {"port": 0, "tls-port": port, "requirepass": PASSWORD, **files}, client)
    ) as server:
        yield server, f"rediss://:{QUOTED}@127.0.0.1:{server.port}/0?ssl_ca_certs={cert}"


@pytest.mark.parametrize("scenario", scenarios.RULE_OF, ids=lambda scenario: scenario.__name__)
def test_every_interleaving_is_fresh_over_tls(world, tls, scenario):
    server, url = tls
    link = Link(url, server)
    link.restart = server.restart
    with lab_on(world, link) as lab:
        assert not scenario(lab)


def test_tls_takes_no_call_longer_than_allowed(tls):
    """A handshake takes more than a call may lose: it is done beside the calls."""
    _server, url = tls
    store = RedisStore(url)
    at = scenarios.Snapshot.parse("10:10:")
    start = time.perf_counter()
    with pytest.raises(StoreUnavailable):
        store.lookup("n", "k", ("m",), at)
    assert time.perf_counter() - start < 0.005
    assert until(lambda: store._idle), "no connection was built"
    store.lookup("n", "k", ("m",), at)
    assert not store.breaker.opened
    store.close()


@pytest.mark.parametrize("wrong", ["password", "authority", "no TLS"])
def test_who_may_not_speak_to_redis_computes(world, tls, wrong, tmp_path):
    server, url = tls
    url = {
        "password": url.replace(QUOTED, "wrong"),
        "authority": url.partition("?")[0],  # whom the machine trusts does not include this certificate
        "no TLS": url.replace("rediss://", "redis://").partition("?")[0],
    }[wrong]
    with lab_on(world, Link(url, server)) as lab:
        reader, writer = lab.session(), lab.session()
        for _ in range(5):
            assert not reader.stale()
            reader.done()
            writer.write()
            writer.commit()
        assert not lab.keys("e")
        assert until(lambda: all(s.breaker.opened for s in reader.cache._by_id.values()))


# ---- Sentinel


@pytest.fixture
def sentinel(tmp_path):
    """A master, its replica and a sentinel, all with a password; (servers, address)."""
    secret = {"requirepass": PASSWORD, "masterauth": PASSWORD}
    client = {"password": PASSWORD}
    with contextlib.ExitStack() as stack:
        master = stack.enter_context(contextlib.closing(RedisServer(secret, client)))
        replica = stack.enter_context(
            contextlib.closing(RedisServer({**secret, "replicaof": ["127.0.0.1", master.port]}, client))
        )
        assert until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        config = tmp_path / "sentinel.conf"
        config.write_text(
            f"sentinel monitor dairy 127.0.0.1 {master.port} 1\n"
            f'sentinel auth-pass dairy "{PASSWORD}"\n'
            "sentinel down-after-milliseconds dairy 300\n"
            "sentinel failover-timeout dairy 2000\n"
        )
        watcher = stack.enter_context(contextlib.closing(RedisServer(config=config)))
        assert until(lambda: watcher.command("SENTINEL", "REPLICAS", "dairy"))
        yield master, replica, f"sentinel://:{QUOTED}@127.0.0.1:{watcher.port}/dairy/0"


def test_failover_by_sentinel(world, sentinel):
    master, replica, url = sentinel
    with lab_on(world, Link(url, master)) as lab:
        reader, writer = lab.session(), lab.session()
        lab.warm(reader)
        writer.write()
        writer.commit()
        assert not reader.stale()
        reader.done()
        lab.warm(reader)
        master.kill()
        promoted = False
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not promoted:
            writer.write()
            writer.commit()
            assert not reader.stale()
            reader.done()
            promoted = replica.client().info("replication")["role"] == "master"
            time.sleep(0.02)
        assert promoted
        assert not reader.stale()
        reader.done()
        until(lambda: not any(s.breaker.open for s in reader.cache._by_id.values()))
        lab.warm(reader)  # from the new master
        assert replica.command("KEYS", "*:e:*")
        writer.write()
        writer.commit()
        assert not reader.stale()
        reader.done()


# ---- A standby that lags


@pytest.fixture
def standby(world):
    """Sessions of one lab on primary and standby, and a function that halts or resumes the replay."""
    with lab_on(world, world.redis) as lab:

        def replay(name):
            with (
                contextlib.closing(world.connect(autocommit=True, standby=True)) as cnx,
                cnx.cursor() as cursor,
            ):
                cursor.execute(f"SELECT pg_wal_replay_{name}()")

        def follows():
            with contextlib.closing(world.connect(autocommit=True)) as cnx, cnx.cursor() as cursor:
                cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
                (written,) = cursor.fetchone()
            assert until(lambda: world.replayed(written))

        follows()
        reader = lab.session(standby=world.dsn(standby=True))
        yield lab, reader, replay, follows
        reader.rollback()
        replay("resume")


def test_a_standby_that_is_abreast_is_served(standby):
    lab, reader, _replay, follows = standby
    primary, writer = lab.session(), lab.session()
    lab.warm(primary)
    follows()
    lab.warm(reader)
    writer.write()
    writer.commit()
    follows()
    assert not reader.stale()
    reader.done()
    lab.warm(reader)


def test_a_standby_that_lags_sees_its_own_past(standby):
    """The primary's readers share values of after the commit, the standby's of before it."""
    lab, reader, replay, follows = standby
    primary, writer = lab.session(), lab.session()
    lab.warm(primary)
    follows()
    lab.warm(reader)
    replay("pause")
    for _ in range(3):
        writer.write()
        writer.commit()
        assert not primary.stale()
        primary.done()
        lab.warm(primary)
        assert not reader.stale(), "it saw the future"
        reader.done()
        assert not primary.stale(), "the standby's past was stored over the present"
        primary.done()
    past = reader.truth()
    reader.done()
    replay("resume")
    follows()
    assert reader.truth() == past + 3
    assert not reader.stale()
    reader.done()
    lab.warm(reader)


# ---- Several workers


@pytest.mark.parametrize("redis", [False, True], ids=["without Redis", "with Redis"])
def test_several_workers_need_redis(redis):
    with Database(databases.TESTS, "smart_dairy_workers") as database:
        code, log = run_odoo(
            "server", "-d", database.name, "--workers=2", "--max-cron-threads=0", "--stop-after-init",
            "--http-port=0", environment={} if redis else {"METHOD_CACHE_REDIS_URL": ""},
        )  # fmt: skip
        assert code == 0, log[-3000:]
        said = "the method cache needs Redis because Odoo runs with 2 workers: it stays off" in log
        assert said != redis, log[-3000:]
        store = database.value("SELECT store FROM method_cache_life")
        assert store.startswith("redis:") if redis else store == "off"
