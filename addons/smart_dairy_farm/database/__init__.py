"""What the database itself keeps: extension, functions and triggers."""


def create_extension(cr):
    """Exclusion constraints on (animal, period) need btree_gist; it is a trusted extension since PostgreSQL 13."""
    cr.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")


def drop_objects(cr):
    """Remove what an uninstall would leave behind."""
