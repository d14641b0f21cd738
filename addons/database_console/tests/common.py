from datetime import datetime, timedelta

from odoo import api
from odoo.addons.database_monitor import runtime
from odoo.orm.registry import Registry
from odoo.tests import get_db_name, new_test_user


def work(*statements):
    """Execute and commit on a connection of our own; return the last one's rows."""
    with runtime.session(get_db_name()) as mine, mine.transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def call(method, *arguments, model="database.console"):
    """What an administrator gets, in a transaction of its own that is committed, as a request's is."""
    with Registry(get_db_name()).cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        return getattr(env(user=env.ref("base.user_admin"))[model], method)(*arguments)


def users(env):
    """``{name: user}``: an administrator, an ordinary and a portal user."""
    groups = {"administrator": "base.group_system", "clerk": "base.group_user", "portal": "base.group_portal"}
    return {name: new_test_user(env, f"console_{name}", groups=group) for name, group in groups.items()}


def key(user):
    """An API key of a user, as its own page would make it."""
    return (
        user.env["res.users.apikeys"]
        .with_user(user)
        .sudo()
        ._generate(None, "test", datetime.now() + timedelta(days=1))
    )
