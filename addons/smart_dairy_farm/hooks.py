"""What the module system calls: one line each; the work is in ``database``."""

from . import database


def pre_init_hook(env):
    database.create_extension(env.cr)


def uninstall_hook(env):
    database.drop_objects(env)
