"""Which milk values are impossible (refused) and which are merely unusual (flagged, accepted).

What is impossible is absolute: no cow gives −3 kg or milk with 40 % of fat. What is unusual is relative to
the animal's own recent records: neither a buffalo of 8 kg nor a Holstein of 50 kg raises false alarms.
Every bound is a field of :class:`MilkLimits`; Odoo fills them from the farm's settings.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal

#: components with the names of their fields in :class:`MilkLimits`
COMPONENTS = ("fat", "protein", "scc")


@dataclass(frozen=True)
class MilkLimits:
    """Bounds of a farm. kg per milking or day, % of fat and protein, SCC in 1,000 cells/ml."""

    max_session_kg: float = 50.0
    max_day_kg: float = 100.0
    min_fat: float = 0.5
    max_fat: float = 15.0
    min_protein: float = 0.5
    max_protein: float = 10.0
    min_scc: float = 0.0
    max_scc: float = 99999.0
    # unusual: below low_percent or above high_percent of the animal's own recent average
    low_percent: float = 50.0
    high_percent: float = 170.0
    scc_high_percent: float = 400.0
    # an average of fewer records than this says nothing
    min_history: int = 3

    def max_kg(self, session):
        """Highest possible kg of one ``session`` ('day' is a whole day)."""
        return self.max_day_kg if session == "day" else self.max_session_kg

    def as_dict(self):
        """Plain dictionary, as the browser gets it to judge while the person types."""
        return asdict(self)


@dataclass(frozen=True)
class Remark:
    """One finding: ``field`` ('kg', 'fat', 'protein', 'scc'), ``code`` and the numbers to put in its text."""

    field: str
    code: str
    params: dict


def find_impossible(limits, session, kg, fat=None, protein=None, scc=None):
    """Return the remarks that forbid storing these values (Decimals or None).

    Codes: ``missing`` (components without kg), ``negative``, ``too_high``, ``out_of_range``.
    """
    remarks = []
    if kg is None:
        if any(value is not None for value in (fat, protein, scc)):
            remarks.append(Remark("kg", "missing", {}))
    elif kg < 0:
        remarks.append(Remark("kg", "negative", {"value": kg}))
    elif kg > Decimal(str(limits.max_kg(session))):
        remarks.append(Remark("kg", "too_high", {"value": kg, "max": limits.max_kg(session)}))
    for name, value in zip(COMPONENTS, (fat, protein, scc), strict=True):
        low, high = getattr(limits, f"min_{name}"), getattr(limits, f"max_{name}")
        if value is not None and not Decimal(str(low)) <= value <= Decimal(str(high)):
            remarks.append(Remark(name, "out_of_range", {"value": value, "min": low, "max": high}))
    return remarks


def find_unusual(limits, values, averages):
    """Return the remarks worth a second look.

    :param values: {'kg', 'fat', 'protein', 'scc'} to Decimal or None
    :param averages: the same names to ``(average, number of records)`` of the animal's own recent past
    """
    remarks = []
    for name in ("kg", *COMPONENTS):
        value = values.get(name)
        average, count = averages.get(name) or (None, 0)
        if value is None or not average or count < limits.min_history:
            continue
        percent = float(value) / float(average) * 100
        high = limits.scc_high_percent if name == "scc" else limits.high_percent
        if percent > high:
            remarks.append(Remark(name, "high", {"value": value, "average": average}))
        elif percent < limits.low_percent and name != "scc":  # few cells are good news
            remarks.append(Remark(name, "low", {"value": value, "average": average}))
    return remarks
