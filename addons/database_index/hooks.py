from .engine import catalogue, deploy


def uninstall_hook(env):
    """Drop every index that was deployed, then the catalogue."""
    deploy.drop_here(env.cr)
    catalogue.uninstall(env.cr)
