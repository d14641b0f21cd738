"""``odoo iot_bridge``: readings from an MQTT broker, for one gateway."""

import argparse
import os
import signal
import sys

import psycopg2
from odoo.cli.command import Command
from odoo.tools import config

KEY, PASSWORD = "SMART_DAIRY_IOT_KEY", "SMART_DAIRY_IOT_MQTT_PASSWORD"


class IotBridge(Command):
    """Carry sensor readings from an MQTT broker to the database, acknowledging what is committed.

    The gateway's key is read from the environment variable SMART_DAIRY_IOT_KEY, the broker's password from
    SMART_DAIRY_IOT_MQTT_PASSWORD. Ends cleanly on SIGTERM. Exit codes: 0 ended, 2 asked wrongly.
    """

    name = "iot_bridge"

    def run(self, cmdargs):
        # imported late: Odoo looks for commands with ImportError silenced, and loads them as odoo.cli.…
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.smart_dairy_iot import arrivals
        from odoo.addons.smart_dairy_iot.engine import gateways
        from odoo.addons.smart_dairy_iot.engine.bridge import Bridge
        from odoo.sql_db import connection_info_for

        options, rest = self._parse(cmdargs)
        config.parser.prog = self.prog
        config.parse_config([*rest, "--no-http"], setup_logging=True)
        names = [options.database] if options.database else config["db_name"]
        if len(names) != 1:
            self._refuse("name one database with -d")
        key = os.environ.get(KEY)
        if not key:
            self._refuse(f"set {KEY} to the key of a gateway")
        name, info = connection_info_for(names[0])
        if "dsn" not in info:
            info = {**info, "dbname": name, "application_name": "smart_dairy_iot bridge"}
            info.pop("database", None)

        def connect():
            return psycopg2.connect(**info)

        try:
            with connect() as connection, connection.cursor() as cursor:
                gateway = gateways.find(cursor, key)
        except psycopg2.OperationalError as error:
            self._refuse(f"database {names[0]!r} cannot be reached: {str(error).strip().splitlines()[0]}")
        except psycopg2.errors.UndefinedTable:
            self._refuse(f"database {names[0]!r} has no addon smart_dairy_iot; install it first")
        if not gateway:
            self._refuse(f"{KEY} is the key of no active gateway in {names[0]!r}; make a new key there")
        bridge = Bridge(
            connect,
            gateway.scope,
            options.topic or ["smart_dairy/#"],
            options.client_id or f"smart_dairy-{names[0]}-{gateway.id}",
            options.host,
            options.port or (8883 if options.tls else 1883),
            options.user,
            os.environ.get(PASSWORD),
            options.tls,
            arrived=lambda: arrivals.note(names[0], gateway.scope.farm_id),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: bridge.stop())
        bridge.run()

    def _parse(self, cmdargs):
        parser = argparse.ArgumentParser(prog=self.prog, description=self.__doc__.partition("\n")[0])
        parser.add_argument("-d", "--database", help="database of the gateway")
        parser.add_argument("--host", default="localhost", help="of the broker")
        parser.add_argument("--port", type=int, help="of the broker; 1883, with --tls 8883")
        parser.add_argument("--topic", action="append", help="filter to subscribe to; may be repeated")
        parser.add_argument("--client-id", help="under which the broker keeps the session; one a bridge")
        parser.add_argument("--user", help="at the broker")
        parser.add_argument("--tls", action="store_true", help="encrypt, and check the broker's certificate")
        return parser.parse_known_args(cmdargs)

    def _refuse(self, text):
        sys.stderr.write(f"iot_bridge: {text}\n")
        sys.exit(2)
