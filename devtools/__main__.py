"""`python3 -m devtools COMMAND`: what each target of the Makefile runs."""

import subprocess
import sys

from . import commands
from .console import Failure

HELP = """Smart Dairy

  make demo              install what is missing, build the demo dairy, start Odoo, print its address
  make test              install what is missing and run every test (ARGS="path -k name" for some)
  make lint              ruff, pylint-odoo, OCA checks, XML and JavaScript syntax
  make bench NAME=…      one measurement of benchmarks/ (SCALE=… for more animals and orders)
  make soak NAME=…       one long run with faults, of benchmarks/soak_….py
  make shell | psql      a Python or SQL prompt on the demo database
  make logs | stop       read the logs; stop what this checkout started
  make clean             stop, and remove everything under .local/

Use an Odoo, PostgreSQL or Redis you have: ODOO_HOME, SMART_DAIRY_PGHOST/PGPORT/PGUSER, SMART_DAIRY_REDIS_URL.
"""


def main(arguments):
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    simple = {"demo": commands.demo, "stop": commands.stop, "clean": commands.clean, "logs": commands.logs}
    try:
        if name == "help":
            print(HELP)
        elif name in simple:
            simple[name]()
        elif name in ("shell", "psql"):
            commands.interactive(name)
        elif name == "lint":
            return commands.lint()
        elif name == "test":
            return commands.test(rest)
        elif name in ("bench", "soak"):
            return commands.measurement(name, *[*rest, "", ""][:2])
        else:
            print(f"unknown command {name!r}; `make help` lists them", file=sys.stderr)
            return 2
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(
            Failure(" ".join(map(str, error.cmd)), error.stderr or error, "see `make logs`"), file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        print("\n  stopped; the same command continues where it was", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
