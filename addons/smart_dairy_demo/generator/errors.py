class DemoError(Exception):
    """What the person at the keyboard did wrong, in one line with its remedy."""
