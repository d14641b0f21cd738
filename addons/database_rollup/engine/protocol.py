"""The rules of the protocol, by name; the README says why each is needed.

A mutation check takes one away and must then find wrong numbers: that is all that ``rules`` parameters are
for. Everything else runs with all of them.
"""

RULES = frozenset(
    {
        "note-old",  # a trigger notes the buckets of rows as they were, too
        "note-own",  # the time's table notes its rows' buckets, whether or not it sees source rows
        "note-zone",  # a change of time zone notes every bucket
        "note-truncate",  # so does TRUNCATE
        "note-unmatched",  # what a trigger cannot compute, it notes as every bucket
        "grace",  # notes outlive the transactions that ran beside their writer,
        "graces",  # and those that ran beside these, once per table
        "fold-held",  # a fold holds the source tables from before its snapshot: nobody writes them anew
        "fold-seen",  # a fold removes only notes that it saw before it computed
        "fold-whole",  # computing, moving up the levels and removing notes are one transaction
        "read-once",  # dirty buckets, rollup rows and live rows are read in one snapshot
        "read-ready",  # a snapshot from before the rollup was ready reads everything live
    }
)
