"""Where an animal stood from when to when. Plain Python."""

from datetime import timedelta

from .herd import CALF_DAYS

DAY = timedelta(days=1)
QUARANTINE_DAYS = 14
CLOSE_UP_DAYS = 10


def stays(animal, cases, due, first, until):
    """List of (pen code, from, to or `None`): gapless from entry or `first` to exit; `to` excluded."""
    changes = [(animal.entry, _young_pen(animal, animal.entry))]
    if animal.entry != animal.birth:
        changes = [
            (animal.entry, "Q1"),
            (animal.entry + DAY * QUARANTINE_DAYS, _young_pen(animal, animal.entry)),
        ]
    grown = animal.birth + DAY * CALF_DAYS
    if grown > animal.entry:
        changes.append((grown, "H1" if animal.sex == "female" else "B1"))
    calvings = [lactation.calving for lactation in animal.lactations]
    for day in [*calvings, *([due] if due else [])]:
        changes.append((day - DAY * CLOSE_UP_DAYS, "MA"))
    for lactation in animal.lactations:
        changes += [(lactation.calving, "M1"), (lactation.calving + DAY * 101, "M2"),
                    (lactation.calving + DAY * 221, "M3")]  # fmt: skip
        following = [day for day in calvings if day > lactation.calving]
        if lactation.dry_off:
            changes.append((lactation.dry_off + DAY, "D1"))
        stop = lactation.dry_off or (following[0] if following else None)
        changes = [
            (day, pen)
            for day, pen in changes
            if not (pen in ("M2", "M3") and stop and day > stop and day < lactation.calving + DAY * 222)
        ]
    # a change out of turn (a pregnant cow close to calving does not go back) is decided by the date alone
    changes.sort(key=lambda change: change[0])
    spans = _spans(changes, animal.exit)
    for case in cases:
        if case.milk_until and case.kind in ("mastitis", "injury"):
            spans = _overlay(spans, "HO", case.day, case.milk_until + DAY)
    return _clip(spans, first, until)


def _young_pen(animal, day):
    if animal.kind(day) == "calf":
        return "C1"
    return "H1" if animal.sex == "female" else "B1"


def _spans(changes, end):
    spans = []
    for index, (day, pen) in enumerate(changes):
        to = changes[index + 1][0] if index + 1 < len(changes) else end
        if end and (to is None or to > end):
            to = end
        if to is None or day < to:
            spans.append((pen, day, to))
    return spans


def _overlay(spans, pen, start, stop):
    """Put a stay in another pen on top, within what is there."""
    result = []
    for old, begin, end in spans:
        inside_from = max(begin, start)
        inside_to = stop if end is None else min(end, stop)
        if inside_from >= inside_to:
            result.append((old, begin, end))
            continue
        if begin < inside_from:
            result.append((old, begin, inside_from))
        result.append((pen, inside_from, inside_to))
        if end is None or inside_to < end:
            result.append((old, inside_to, end))
    return result


def _clip(spans, first, until):
    clipped = []
    for pen, begin, end in spans:
        if begin > until or (end is not None and end <= first):
            continue
        if end is not None and end > until and end != begin:
            end = None if end > until + DAY else end
        pen_from = max(begin, first) if begin < first else begin
        # neighbours in the same pen are one stay
        if clipped and clipped[-1][0] == pen and clipped[-1][2] == pen_from:
            clipped[-1] = (pen, clipped[-1][1], end)
        else:
            clipped.append((pen, pen_from, end))
    if clipped and clipped[-1][2] is not None and clipped[-1][2] > until:
        clipped[-1] = (*clipped[-1][:2], None)
    return clipped
