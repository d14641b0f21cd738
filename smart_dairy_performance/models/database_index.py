"""The declarations of this addon are known as soon as its models are."""

from .. import indexes  # noqa: F401
