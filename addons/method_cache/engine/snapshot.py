"""What PostgreSQL says a transaction can see.

A snapshot is ``(xmin, xmax, xip)``: ids below ``xmin`` have ended, ids from ``xmax`` on have not, and of
those between only the ids in ``xip`` are still running. Ids are 64-bit and top-level (``xid8``).
"""

from typing import NamedTuple

# Above every id that a double represents exactly, hence above every id that is ever compared in Lua.
UNKNOWN_FLOOR = 2**53 - 1


class Snapshot(NamedTuple):
    """A parsed ``pg_current_snapshot()``.

    ``standby`` marks a snapshot taken on a standby, whose ``xip`` is empty although transactions run:
    there, ids in ``[xmin, xmax)`` may be either, and count as neither.
    """

    text: str
    xmin: int
    xmax: int
    xip: frozenset
    standby: bool

    @classmethod
    def parse(cls, text, standby=False):
        """Parse ``'xmin:xmax:xip,xip,…'``; raises ValueError on anything else."""
        xmin, xmax, xip = text.split(":")
        return cls(
            text, int(xmin), int(xmax), frozenset(map(int, filter(None, xip.split(",")))), bool(standby)
        )

    def sees(self, xid):
        """Return whether ``xid`` had ended when the snapshot was taken, None where a standby cannot know."""
        if xid < self.xmin:
            return True
        if xid >= self.xmax:
            return False
        if self.standby:
            return None
        return xid not in self.xip

    @property
    def exact(self):
        """Whether an equal text means that exactly the same transactions are visible."""
        return not self.standby or self.xmin == self.xmax

    @property
    def wire(self):
        """The form in which stores keep it."""
        return f"{self.text}:{int(self.standby)}"

    @classmethod
    def from_wire(cls, wire):
        text, _, standby = wire.rpartition(":")
        return cls.parse(text, standby == "1")


def covers(log, floor, snapshot):
    """Return whether ``snapshot`` sees every id below ``floor`` that is not in ``log``."""
    if snapshot.xmin >= floor:
        return True
    if snapshot.standby or snapshot.xmax < floor:
        return False
    return all(xid in log for xid in snapshot.xip if xid < floor)


def differ(log, one, other):
    """Return whether some id in ``log`` is visible in exactly one of two snapshots.

    Answers True where a standby's snapshot leaves it open.
    """
    if one.text == other.text and one.exact and other.exact:
        return False
    for xid in log:
        seen, also = one.sees(xid), other.sees(xid)
        if seen is None or also is None or seen != also:
            return True
    return False
