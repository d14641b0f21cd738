"""The protocol on Redis: one EVALSHA per step, on connections that know which life of Redis they talk to."""

import hashlib
import time
from collections import deque
from urllib.parse import unquote

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel

from . import protocol
from .breaker import Breaker
from .errors import StoreUnavailable
from .store import Answer, Store

_FAILURES = (RedisError, OSError)
# A connection idle for longer asks again which life it talks to: a demoted and re-promoted master keeps it.
_IDLE = 1.0
_IDENTITY = (("INFO", "server"), ("INFO", "replication"))


class RedisStore(Store):
    """:param url: ``redis://[[user]:password@]host[:port]/db``, ``rediss://…`` (TLS), ``unix://…``, or
        ``sentinel://[[user]:password@]host:port[,host:port…]/service[/db]``.
    :param timeout: seconds that a call may lose to Redis, connecting included. Connections that take longer
        to build (TLS, Sentinel) are built in the background.
    :param rules: of the protocol; fewer for the mutation check only.
    """

    name = "redis"

    def __init__(self, url, timeout=0.003, rules=protocol.RULES, chores=None, max_idle=64):
        self.url = url
        self.timeout = timeout
        self._pool = make_pool(url, timeout)
        self._patient = make_pool(url, 2.0)  # for the background and for waiting
        self._slow = url.startswith(("rediss://", "sentinel://"))  # a handshake, or asking for the master
        self._idle = deque(maxlen=max_idle)
        self._scripts = {
            name: (hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), text)
            for name, text in protocol.scripts(rules).items()
        }
        self._chores = chores
        self._wanted = 0  # connections that calls could not build in time
        self.breaker = Breaker("Redis", self._probe, self._background)

    def set_timeout(self, seconds):
        """Take another time limit into use; connections kept so far, which have the old one, are closed."""
        if seconds == self.timeout:
            return
        self.timeout = seconds
        self._pool.connection_kwargs.update(socket_timeout=seconds, socket_connect_timeout=seconds)
        while self._idle:
            self._idle.pop()[0].disconnect()

    # Steps of the protocol

    def lookup(self, ns, key, models, snapshot, known="", lease="", previous=False, owed=()):
        keys = (f"{{{ns}}}:e:{key}", f"{{{ns}}}:l:{key}", f"{{{ns}}}:w")
        args = [lease or self.nonce(), snapshot.wire, known, lease, self.lease_ms, "1" if previous else "0"]
        args += [len(models), *models]
        for model, xid in owed:
            args += [models.index(model) + 1, xid]
        also = () if known else (("HMGET", keys[0], "t", "p"),)
        reply, *beside = self._run("lookup", keys, args, also=also)
        kind = reply[0]
        if kind == protocol.SAME:
            return Answer(kind, token=known, ttl=reply[1], cost=float(reply[2]))
        if kind == protocol.HIT:
            ttl, cost, token, flag = reply[1].decode().split("|")
            payload = reply[2]
            if beside:
                if beside[0][0] != token.encode():  # stored anew between the two commands
                    return self.lookup(ns, key, models, snapshot, "-", lease, previous, owed)
                payload = beside[0][1]
            return Answer(kind, "", (), token, flag, payload, int(ttl), float(cost))
        if kind == protocol.WAIT:
            return Answer(kind, token=reply[1].decode(), outdated=bool(reply[2]))
        if kind == protocol.PREVIOUS:
            return Answer(kind, flag=reply[1].decode(), payload=reply[2])
        if kind == protocol.BYPASS:
            fresh = tuple(int(i) - 1 for i in reply[2].split(b",") if i)
            return Answer(kind, reply[1].decode(), fresh)
        return Answer(kind, reply[1].decode(), outdated=bool(reply[2]))

    def store(self, ns, key, models, snapshot, token, flag, payload, ttl_ms, cost, lease=""):
        keys = (f"{{{ns}}}:e:{key}", f"{{{ns}}}:l:{key}", f"{{{ns}}}:b:{lease}", f"{{{ns}}}:w")
        args = [snapshot.wire, token, flag, payload, int(ttl_ms), f"{cost:.3f}", lease, *models]
        return self._run("store", keys, args)[0]

    def abandon(self, ns, key, lease):
        self._run("abandon", [f"{{{ns}}}:l:{key}", f"{{{ns}}}:b:{lease}"], [lease], life=False)

    def renew(self, ns, leases):
        keys = [f"{{{ns}}}:l:{key}" for key, _lease in leases]
        self._run("renew", keys, [self.lease_ms, *(lease for _key, lease in leases)], life=False)

    def log(self, ns, models, xid, sight):
        self._run("log", [f"{{{ns}}}:w"], [xid, sight.wire, self.most_ids, *models])

    def set_floor(self, ns, models, births, floor, suspects):
        ids = ",".join(map(str, sorted(suspects)))
        self._run("floor", [f"{{{ns}}}:w"], [floor, ids, len(models), *models, *births])

    def wait(self, ns, token, seconds):
        bell = f"{{{ns}}}:b:{token}"
        try:
            connection = self._patient.get_connection()
            try:
                # Shorter than the connection's own time limit; the caller looks again and may wait again.
                connection.send_command("BLMOVE", bell, bell, "LEFT", "RIGHT", f"{min(seconds, 1.0):.3f}")
                connection.read_response()
            except redis.exceptions.TimeoutError:
                connection.disconnect()  # long enough; the next lookup says whether Redis is well
            except BaseException:
                connection.disconnect()
                raise
            finally:
                self._patient.release(connection)
        except _FAILURES as error:
            self.breaker.trip(error)
            raise StoreUnavailable(str(error)) from error

    # For people

    def flush(self, ns):
        return self._delete(f"{{{ns}}}:*")

    def forget(self, life):
        self._delete(f"{{{life}.*")
        self._delete(f"{{{life}}}:*")

    def _delete(self, pattern):
        gone = 0
        client = redis.Redis(connection_pool=self._patient)
        try:
            batch = []
            for key in client.scan_iter(match=pattern, count=500):
                batch.append(key)
                if len(batch) == 500:
                    gone += client.unlink(*batch)
                    batch.clear()
            if batch:
                gone += client.unlink(*batch)
        except _FAILURES as error:
            raise StoreUnavailable(str(error)) from error
        return gone

    def add_stats(self, ns, deltas):
        key = f"{{{ns}}}:s"
        try:
            with redis.Redis(connection_pool=self._patient).pipeline(transaction=False) as pipe:
                for name, value in deltas.items():
                    pipe.hincrbyfloat(key, name, value)
                pipe.expire(key, 30 * 86400)
                pipe.execute()
        except _FAILURES as error:
            raise StoreUnavailable(str(error)) from error

    def read_stats(self, ns):
        try:
            found = redis.Redis(connection_pool=self._patient).hgetall(f"{{{ns}}}:s")
        except _FAILURES as error:
            raise StoreUnavailable(str(error)) from error
        return {_text(name): float(value) for name, value in found.items()}

    def info(self, ns):
        """Entries are counted up to 10,000 by SCAN: this is for the administrator's page."""
        client = redis.Redis(connection_pool=self._patient)
        try:
            found = client.info()
            entries = 0
            for _key in client.scan_iter(match=f"{{{ns}}}:e:*", count=1000):
                entries += 1
                if entries >= 10000:
                    break
        except _FAILURES as error:
            raise StoreUnavailable(str(error)) from error
        return {
            "name": "redis",
            "version": found.get("redis_version", ""),
            "used_bytes": found.get("used_memory", 0),
            "max_bytes": found.get("maxmemory", 0),
            "policy": found.get("maxmemory_policy", ""),
            "role": found.get("role", ""),
            "entries": entries,
        }

    def ping(self):
        """Return milliseconds for a round trip on a new connection; raises StoreUnavailable."""
        start = time.perf_counter()
        try:
            connection = self._patient.get_connection()
            try:
                connection.send_command("PING")
                connection.read_response()
            finally:
                self._patient.release(connection)
        except _FAILURES as error:
            raise StoreUnavailable(str(error)) from error
        return (time.perf_counter() - start) * 1000

    def close(self):
        self.breaker.stop()
        while self._idle:
            self._idle.pop()[0].disconnect()
        self._pool.disconnect()
        self._patient.disconnect()

    def settle(self, seconds):
        until = time.monotonic() + seconds
        while self._wanted and not self.breaker.open and time.monotonic() < until:
            time.sleep(0.002)
        return self.breaker.settle(until - time.monotonic())

    # Transport

    def _run(self, name, keys, args, life=True, also=()):
        """Run one script, and commands ``also``, within the time limit; one attempt, no retries.

        :return: list of their replies
        """
        if self.breaker.open:
            raise StoreUnavailable("circuit open")
        until = time.monotonic() + self.timeout
        digest, source = self._scripts[name]
        connection = None
        try:
            connection, incarnation, stale, new = self._take(until)
            if not (stale or new):
                until = None  # an idle connection's own time limit is as long
            if life:
                args = [incarnation, *args]
            words = (len(keys), *keys, *args)
            # In one go with the question which life this is: another takes no harm, its logs start anew.
            first = _IDENTITY if stale else ()
            try:
                replies = ask(connection, until, *first, ("EVALSHA", digest, *words), *also)
            except NoScriptError:
                replies = ask(connection, until, *first, ("EVAL", source, *words), *also)
            if until is not None:
                connection._sock.settimeout(self.timeout)
            if stale and life_of(*replies[:2]) != incarnation:
                raise redis.exceptions.ConnectionError("this Redis is another one than before")
        except ResponseError as error:  # out of memory, read-only replica, loading, …
            connection.disconnect()
            self.breaker.trip(error)
            raise StoreUnavailable(str(error)) from error
        except _FAILURES as error:
            if connection is not None:
                connection.disconnect()
            self.breaker.trip(error or type(error).__name__)
            raise StoreUnavailable(str(error)) from error
        except BaseException:  # an interrupt between command and reply
            if connection is not None:
                connection.disconnect()
            raise
        self._give(connection, incarnation)
        return replies[len(first) :]

    def _take(self, until):
        """Return a connection, the life that it talked to, whether that must be asked again, and whether the
        connection is a new one."""
        try:
            connection, incarnation, since = self._idle.pop()
        except IndexError:
            return *self._connect(until), False, True
        return connection, incarnation, time.monotonic() - since > _IDLE, False

    def _give(self, connection, incarnation):
        if len(self._idle) == self._idle.maxlen:
            connection.disconnect()
        else:
            self._idle.append((connection, incarnation, time.monotonic()))

    def _connect(self, until):
        self.breaker.start()
        if self._slow or self._wanted:
            self._wanted += 1
            self.breaker.nudge()
            raise StoreUnavailable("connections are being built")
        connection = new_connection(self._pool)
        try:
            connection.connect()
            return connection, identify(connection, until)
        except redis.exceptions.TimeoutError as error:
            # A busy machine, perhaps; the background finds out, and until then no call tries again.
            connection.disconnect()
            self._wanted += 1
            self.breaker.nudge()
            raise StoreUnavailable(str(error)) from error
        except BaseException:
            connection.disconnect()
            raise

    def _background(self):
        try:
            for _ in range(min(self._wanted, self._idle.maxlen)):
                self._add()
        except _FAILURES as error:
            self.breaker.trip(error)
        finally:
            self._wanted = 0
        if self._chores and not self.breaker.open:
            self._chores()

    def _add(self):
        """Build a connection patiently and keep it for the next call."""
        connection = new_connection(self._pool)
        connection.socket_connect_timeout = connection.socket_timeout = 1.0
        try:
            connection.connect()
            incarnation = identify(connection, time.monotonic() + 1.0)
            connection._sock.settimeout(self.timeout)
            self._give(connection, incarnation)
        except BaseException:
            connection.disconnect()
            raise

    def _probe(self):
        """In the background: build a connection patiently and keep it, scripts loaded, for the next call."""
        while self._idle:
            self._idle.pop()[0].disconnect()
        patient = self._patient.get_connection()
        try:
            for _digest, source in self._scripts.values():
                patient.send_command("SCRIPT LOAD", source)
                patient.read_response()
        finally:
            self._patient.release(patient)
        self._add()


def packed(words):
    """Return a command as it travels; a third of the time of redis-py's own, which knows more types."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if type(word) is bytes else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def ask(connection, until, *commands):
    """Send commands in one go and return their replies, undecoded; the first error among them instead, and
    TimeoutError when they are not there at ``until`` (None: within the connection's own time limit)."""
    connection.send_packed_command([b"".join(map(packed, commands))])
    replies, failed = [], None
    for _ in commands:
        if until is not None:  # a limit of 0 would mean: do not wait at all
            connection._sock.settimeout(max(until - time.monotonic(), 0.0001))
        try:
            replies.append(connection.read_response(disable_decoding=True))
        except ResponseError as error:
            failed = failed or error
    if failed:
        raise failed
    return replies


def new_connection(pool):
    """Return an unconnected connection that the pool does not count."""
    return pool.connection_class(**pool.connection_kwargs)


def identify(connection, until):
    """Return the name of this life of Redis."""
    return life_of(*ask(connection, until, *_IDENTITY))


def life_of(*infos):
    """Return a name that changes with a restart, a failover or a promotion; ReadOnlyError on a replica."""
    found = {}
    for line in b"\n".join(infos).decode().splitlines():
        name, _, value = line.partition(":")
        found[name] = value.strip()
    if found.get("role") != "master":
        raise redis.exceptions.ReadOnlyError("this Redis is a replica")
    life = f"{found['run_id']}.{found['master_replid']}"
    return hashlib.sha256(life.encode()).hexdigest()[:16]


def make_pool(url, timeout):
    """Return a pool of connections for ``url`` that never retry; raises ValueError on a malformed address."""
    options = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "health_check_interval": 0,
        "client_name": "odoo-method-cache",
        "max_connections": 10000,
    }
    if not url.startswith("sentinel://"):
        return redis.ConnectionPool.from_url(url, **options)
    rest = url.removeprefix("sentinel://")
    credentials, _, rest = rest.rpartition("@")
    hosts, _, path = rest.partition("/")
    service, _, number = path.partition("/")
    if not hosts or not service:
        raise ValueError("sentinel://host:port[,host:port…]/service[/db] expected")
    user, _, password = credentials.rpartition(":") if ":" in credentials else ("", "", credentials)
    if password:
        options["password"] = unquote(password)
    if user:
        options["username"] = unquote(user)
    nodes = [(host.partition(":")[0], int(host.partition(":")[2] or 26379)) for host in hosts.split(",")]
    sentinel = Sentinel(
        nodes, sentinel_kwargs={"socket_timeout": max(timeout, 0.5)}, db=int(number or 0), **options
    )
    return sentinel.master_for(service).connection_pool


def _text(value):
    return value.decode() if isinstance(value, bytes) else value
