"""A Redis server of our own, for tests that kill it."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


class RedisServer:
    """Starts ``redis-server`` on a free port, with a folder of its own; ``restart`` comes back with what
    ``SAVE`` last wrote.

    :param options: more of redis-server's options, ``{"requirepass": "…"}``; lists are several arguments. A
        function is given the port and returns them all but ``bind``, ``dir`` and ``save``
    :param config: path of a configuration file: the server is a sentinel
    :param client: options of redis-py that a client of this server needs, ``{"password": "…"}``
    """

    def __init__(self, options=None, client=None, config=None):
        self.program = shutil.which("redis-server")
        if not self.program:
            raise FileNotFoundError(
                "redis-server is needed on PATH: this test kills and restarts one of its own"
            )
        self.folder = tempfile.mkdtemp(prefix="method-cache-redis-")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        more = options(self.port) if callable(options) else {"port": self.port, **(options or {})}
        self.options = {"bind": "127.0.0.1", "dir": self.folder, "save": "", **more}
        self.arguments = [config, "--sentinel"] if config else []
        self.client_options = client or {}
        self.process = None
        self.start()

    def start(self):
        words = list(self.arguments)
        for name, value in self.options.items():
            words += [f"--{name}", *(map(str, value) if isinstance(value, list) else [str(value)])]
        self.process = subprocess.Popen(
            [self.program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with contextlib.suppress(redis.RedisError), self.client(1) as client:
                client.ping()
                return
            time.sleep(0.02)
        raise TimeoutError("redis-server did not start")

    def client(self, timeout=0.5):
        """A client that never tries twice."""
        return redis.Redis(
            host="127.0.0.1",
            port=self.port,
            socket_timeout=timeout,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
            **self.client_options,
        )

    def command(self, *words):
        """Run one command; None if Redis does not answer within half a second."""
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return client.execute_command(*words)
        return None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.kill()
        self.start()

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port():
    """Return a TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
