"""The index engine: plain Python over its own connection; knows the ORM's SQL wrapper and no model.

``declaration`` says what an index is and which query it serves, ``stored`` keeps what administrators
declare, ``catalogue`` remembers what was deployed, ``state`` compares both with the database, ``build``
creates, swaps and drops concurrently, ``partitioned`` does so partition by partition, ``deploy`` brings a
database to its declarations and back, ``progress`` tells how far, ``reindex`` rebuilds, ``drop`` drops and
restores what is not ours, ``health`` and ``bloat`` say what is wrong.
"""
