from .engine import catalogue


def uninstall_hook(env):
    """Take the catalogue out, with its triggers; tables in partitions and archive files stay."""
    catalogue.uninstall(env.cr)
