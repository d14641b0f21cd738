"""A Redis server of our own, for tests that kill it."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time

import redis


class RedisServer:
    """Starts ``redis-server`` on a free port, with a folder of its own; ``restart`` comes back with what
    ``SAVE`` last wrote."""

    def __init__(self, port=None):
        self.program = shutil.which("redis-server")
        if not self.program:
            raise FileNotFoundError(
                "redis-server is needed on PATH: this test kills and restarts one of its own"
            )
        self.folder = tempfile.mkdtemp(prefix="method-cache-redis-")
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [
                self.program,
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--dir",
                self.folder,
                "--save",
                "",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            with (
                contextlib.suppress(redis.RedisError),
                redis.Redis(port=self.port, socket_timeout=1) as client,
            ):
                client.ping()
                return
            time.sleep(0.02)
        raise TimeoutError("redis-server did not start")

    def command(self, *words):
        """Run one command; None if Redis does not answer within half a second."""
        with (
            contextlib.suppress(redis.RedisError),
            redis.Redis(port=self.port, socket_timeout=0.5, decode_responses=True) as client,
        ):
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
