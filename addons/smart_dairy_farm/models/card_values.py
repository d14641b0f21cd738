"""Values of the cow card as JSON takes them."""


def iso(day):
    return day.isoformat() if day else None


def round_or_none(value, digits):
    return None if value is None else round(float(value), digits)


def event(day, icon, title, detail=None, tone="neutral", record=None):
    return {
        "date": iso(day),
        "icon": icon,
        "title": title,
        "detail": detail or None,
        "tone": tone,
        "model": record._name if record else None,
        "res_id": record.id if record else None,
    }
