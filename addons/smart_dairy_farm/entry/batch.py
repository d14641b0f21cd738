"""Lines of milk on their way into the herd: one :class:`Entry` per animal, day and session."""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

#: states of an entry: not judged yet, refused, or what saving it does
NEW, REFUSED, UNCHANGED, CREATE, UPDATE = "new", "refused", "unchanged", "create", "update"

_CENT = Decimal("0.01")


def rounded(value, scale=_CENT):
    """Round as the database's numeric columns do: half away from zero; None stays None."""
    return None if value is None else Decimal(value).quantize(scale, ROUND_HALF_UP)


@dataclass
class Entry:
    """kg of one milking with its components (Decimals, SCC in 1,000/ml; None = not measured).

    ``key`` is the caller's own name of the line. ``seen`` is the state of the stored record that the person
    looked at (see ``farm.milk.record._seen``), or None when nobody looked. ``keep_unknown``: a component
    that is None leaves the stored one alone (a file without a fat column) instead of clearing it (an emptied
    field).
    """

    key: object
    animal_id: int | None
    day: date
    session: str
    kg: Decimal | None = None
    fat: Decimal | None = None
    protein: Decimal | None = None
    scc: Decimal | None = None
    kg_morning: Decimal | None = None
    kg_evening: Decimal | None = None
    seen: str | None = None
    keep_unknown: bool = False
    state: str = NEW
    reason: str = ""
    record_id: int | None = None
    warnings: list = field(default_factory=list)

    def __post_init__(self):
        for name in ("kg", "fat", "protein", "kg_morning", "kg_evening"):
            setattr(self, name, rounded(getattr(self, name)))
        self.scc = rounded(self.scc, Decimal(1))

    @property
    def slot(self):
        """What must be unique."""
        return (self.animal_id, self.day, self.session)

    def refuse(self, reason):
        """Mark as refused; the first reason stays."""
        if self.state != REFUSED:
            self.state, self.reason = REFUSED, reason

    def changes(self, stored):
        """Return {name: value} of what differs from ``stored``, a dict of the same names (None = unknown)."""
        new = {"kg": self.kg, "fat": self.fat, "protein": self.protein, "scc": self.scc}
        if self.session == "day" and (self.kg_morning is not None or self.kg_evening is not None):
            new |= {"kg_morning": self.kg_morning or Decimal(0), "kg_evening": self.kg_evening or Decimal(0)}
        return {
            name: value
            for name, value in new.items()
            if not (value is None and self.keep_unknown) and value != rounded(stored.get(name))
        }
