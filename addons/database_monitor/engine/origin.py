"""Where a statement comes from: the route and model that were called, and the line of Python that asked."""

import os
import re
import sys
import threading
from pathlib import PurePath
from urllib.parse import urlsplit

import odoo.sql_db

ODOO = str(PurePath(odoo.sql_db.__file__).parent) + "/"
STANDARD = str(PurePath(os.__file__).parent) + "/"
#: Odoo's own workings, whose lines ask on behalf of others: below Odoo's folder, or wherever its addons lie
WORKINGS = tuple(
    ODOO + name
    for name in (
        "orm/",
        "tools/",
        "models/",
        "fields/",
        "api/",
        "service/",
        "modules/",
        "tests/",
        "cli/",
        "sql_db.py",
        "http.py",
    )
)
MODULES = (
    "/addons/base/models/ir_rule.py", "/addons/base/models/ir_model.py", "/addons/base/models/ir_http.py",
    "/addons/web/controllers/dataset.py", "/addons/web/models/models.py",
    "/database_monitor/cursor.py", "/method_cache/hooks.py", "/method_cache/models/base.py",
)  # fmt: skip
#: parts of a path that say who or which: numbers, and what may be a token
OPAQUE = re.compile(r"\d+|(?=.*\d)[\w-]{16,}")
_workings = {}


def is_workings(code):
    """Whether a code object belongs to what asks on behalf of others (remembered by file)."""
    name = code.co_filename
    found = _workings.get(name)
    if found is None:
        found = (
            name.startswith((*WORKINGS, "<")) or name.endswith(MODULES) or "/database_monitor/engine/" in name
        )
        if not found and "/addons/" not in name:
            found = name.startswith(STANDARD) or "/site-packages/" in name
        _workings[name] = found
    return found


def place_of(filename, line, function):
    """``addon/models/file.py:12 function``: a place as it is shown, without this machine's folders."""
    parts = PurePath(filename).parts
    if "addons" in parts:
        start = len(parts) - parts[::-1].index("addons")
        parts = parts[start:]
    else:
        parts = parts[-3:]
    return f"{'/'.join(parts)}:{line} {function}"


def asker(depth=1):
    """The innermost line that is not Odoo's own workings, as :func:`place_of` shows it; "" without one."""
    frame = sys._getframe(depth)
    while frame is not None:
        if not is_workings(frame.f_code):
            return place_of(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back
    return ""


def route():
    """The path of the request that this thread serves without numbers and tokens; "" where it serves none."""
    url = getattr(threading.current_thread(), "url", None) or ""
    return "/".join("…" if OPAQUE.fullmatch(part) else part for part in urlsplit(url).path.split("/"))[:200]
