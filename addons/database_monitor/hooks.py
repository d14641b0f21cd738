from .engine import schema


def uninstall_hook(env):
    """Take out what was kept. The cursor is timed until the process ends, and nothing of it is written."""
    schema.uninstall(env.cr)
