"""From an MQTT broker to the table of readings, acknowledging only what is committed.

One thread: messages are collected, stored in one transaction, and then acknowledged. The session is kept by
the broker under a fixed client id, so what was not acknowledged when either side died comes again, and
changes nothing twice. A message that cannot be read goes to quarantine, or it would come again for ever.
"""

import json
import logging
import time
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import psycopg2
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from . import intake
from .ingest import MOST
from .parse import ReadingError

_logger = logging.getLogger(__name__)

#: seconds that a message waits for others to come
GATHER = 0.2
#: unacknowledged messages that the broker may send ahead
AHEAD = 2000
#: seconds for which the broker keeps the session of a bridge that is away
KEPT = 7 * 24 * 3600
#: what a database that is away raises
OUTAGES = (psycopg2.OperationalError, psycopg2.InterfaceError)
#: seconds to wait after the first failure, the second …
PATIENCE = (0.5, 1, 2, 5, 10)


class Bridge:
    """Carries messages of one broker to one gateway's farm.

    :param connect: returns a new psycopg2 connection
    :param scope: :class:`.ingest.Scope` of the gateway
    :param topics: MQTT filters to subscribe to, QoS 1
    :param arrived: called without arguments after new readings are committed; quick, and it does not raise
    """

    def __init__(
        self,
        connect,
        scope,
        topics,
        client_id,
        host,
        port,
        user=None,
        password=None,
        tls=False,
        arrived=lambda: None,
    ):
        self.connect, self.scope, self.topics = connect, scope, topics
        self.host, self.port = host, port
        self.arrived = arrived
        self.connection, self.running = None, True
        self.pending, self.waiting_since, self.size = [], None, 0
        self.stored = 0
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5, manual_ack=True
        )
        if user:
            self.client.username_pw_set(user, password)
        if tls:
            self.client.tls_set()
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message

    # ------------------------------------------------------------ the broker
    def _open(self):
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = KEPT
        properties.ReceiveMaximum = AHEAD
        self.client.connect(self.host, self.port, clean_start=False, properties=properties)

    def _on_connect(self, client, _data, flags, reason, _properties):
        if reason.is_failure:
            _logger.error("MQTT broker %s:%s refuses the bridge: %s", self.host, self.port, reason)
            return
        _logger.info(
            "MQTT broker %s:%s: connected, session kept: %s", self.host, self.port, flags.session_present
        )
        client.subscribe([(topic, 1) for topic in self.topics])

    def _on_disconnect(self, _client, _data, _flags, reason, _properties):
        # they come again; an acknowledgement in the next connection could be another message's
        self._forget()
        if self.running:
            _logger.warning("MQTT broker %s:%s: connection lost (%s)", self.host, self.port, reason)

    def _on_message(self, _client, _data, message):
        self.waiting_since = self.waiting_since or time.monotonic()
        found = readings(message.topic, message.payload)
        self.pending.append((message.mid, message.qos, found))
        self.size += len(found)

    def _forget(self):
        self.pending, self.waiting_since, self.size = [], None, 0

    # ------------------------------------------------------------ the database
    @contextmanager
    def _cursor(self):
        if self.connection is None or self.connection.closed:
            self.connection = self.connect()
        with self.connection, self.connection.cursor() as cursor:
            yield cursor

    def _store(self):
        """Store what is pending, then acknowledge it."""
        batch, size = [], 0
        for _mid, _qos, found in self.pending:
            if batch and size + len(found) > MOST:
                self._store_batch(batch)
                batch, size = [], 0
            batch += found
            size += len(found)
        self._store_batch(batch)
        for mid, qos, _found in self.pending:
            if qos:
                self.client.ack(mid, qos)
        self._forget()

    def _store_batch(self, batch):
        outcome = intake.store(self._cursor, self.scope, lambda: batch, keep_errors=True)
        self.stored += outcome.accepted
        if outcome.accepted:
            self.arrived()
        _logger.debug("%s", outcome)

    # ------------------------------------------------------------ running
    def run(self):
        """Carry until :meth:`stop`; outages of broker or database are waited for."""
        misses, quiet_until = 0, 0.0
        connected = False
        while self.running:
            try:
                if not connected:
                    self._open()
                    connected = True
                code = self.client.loop(0.05)
                if code != mqtt.MQTT_ERR_SUCCESS:
                    connected = False
                    raise OSError(mqtt.error_string(code))
                due = self.pending and (
                    self.size >= MOST
                    or len(self.pending) >= AHEAD
                    or time.monotonic() - self.waiting_since >= GATHER
                )
                if due and time.monotonic() >= quiet_until:
                    self._store()
                    misses = 0
            except OUTAGES as error:
                wait = PATIENCE[min(misses, len(PATIENCE) - 1)]
                misses, quiet_until = misses + 1, time.monotonic() + wait
                self._close_connection()
                _logger.warning("The database is out of reach, again in %s s: %s", wait, str(error).strip())
            except OSError as error:
                self._forget()
                wait = PATIENCE[min(misses, len(PATIENCE) - 1)]
                misses += 1
                if self.running:
                    _logger.warning("MQTT broker %s:%s: %s; again in %s s", self.host, self.port, error, wait)
                    time.sleep(wait)
        self._finish()

    def stop(self):
        """Let :meth:`run` end after what is pending is stored."""
        self.running = False

    def _finish(self):
        try:
            if self.pending:
                self._store()
        except OUTAGES as error:
            _logger.warning("Not stored, so not acknowledged: %s messages: %s", len(self.pending), error)
        self.client.disconnect()
        self._close_connection()

    def _close_connection(self):
        if self.connection is not None and not self.connection.closed:
            self.connection.close()
        self.connection = None


def readings(topic, payload):
    """The readings of one message: an object, or a list of them.

    An object without ``sensor`` is of the sensor that the topic's last level names.
    """
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError) as error:
        text = payload[:500].decode(errors="replace")
        return [ReadingError(f"{topic}: not JSON: {error}: {text}".replace("\x00", " "))]
    found = found if isinstance(found, list) else [found]
    if len(found) > MOST:
        return [ReadingError(f"{topic}: {len(found)} readings in one message, at most {MOST} are taken")]
    sensor = topic.rpartition("/")[2]
    return [{"sensor": sensor, **one} if isinstance(one, dict) else one for one in found]
