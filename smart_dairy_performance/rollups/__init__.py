"""What the dashboards keep in rollups: plain declarations for ``database_rollup``, a module for each subject.

A module's ``ROLLUPS`` are declared by ``models/database_rollup.py``.
"""
