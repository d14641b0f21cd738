"""Eager loading: ``plan`` turns dotted paths into a checked tree (plain Python), ``loading`` walks it."""
