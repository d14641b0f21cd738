"""The rules of the protocol, by name; the README says why each is needed.

A mutation check takes one away and must then see a row lost, doubled, refused or hidden: that is all that
``rules`` parameters are for. Everything else runs with all of them.
"""

RULES = frozenset(
    {
        "apart",  # attaching locks the parent against other maintenance only, as PARTITION OF does not
        "nowait",  # nobody queues behind us for longer than the patience
        "note",  # every change of a row in the default partition notes its key, in the writer's transaction
        "seen",  # a copy takes back only the notes that its own snapshot sees
        "grace",  # copies are older than every living snapshot before they take the place of the rows
        "clean",  # under the lock, no note may be left
        "checked",  # a table is dropped only if an archive holds exactly its rows, read back and compared
    }
)
"""Without ``apart`` or ``nowait`` somebody waits; without ``note``, ``seen`` or ``clean`` a late row is lost;
without ``grace`` an older transaction sees rows doubled or missing; without ``checked`` they are gone."""
