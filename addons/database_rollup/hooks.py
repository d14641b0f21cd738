from .engine import deploy


def uninstall_hook(env):
    """Take everything out of the database that is not Odoo's own business, triggers included."""
    deploy.uninstall(env.cr)
