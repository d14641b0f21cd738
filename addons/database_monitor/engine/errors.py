class MonitorError(Exception):
    """Something was asked that cannot be: the text names what, and what to do instead."""
