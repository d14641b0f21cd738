"""What every part of the generator needs to know."""

import json
import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SCENARIO = Path(__file__).parent.parent / "data" / "scenario.json"


def load_scenario(path=SCENARIO):
    return json.loads(path.read_text(encoding="utf-8"))


def months_before(day, months):
    """The day after the same day `months` months earlier, so that both ends together make whole months."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last) + timedelta(days=1)
        except ValueError:
            continue
    raise ValueError(day)


@dataclass
class Context:
    """One run: what was asked, and what the masters made. Dates are business days of the company."""

    env: Any
    seed: int
    scale: float
    first: date
    until: date
    progress: Any
    scenario: dict = field(default_factory=load_scenario)
    languages: tuple = ()

    def __post_init__(self):
        self.cr = self.env.cr
        self.uid = self.env.uid
        self.tz = ZoneInfo(self.scenario["company"]["tz"])
        self.days = (self.until - self.first).days + 1

    def random(self, *scope):
        """A stream of its own for each scope: adding cows never changes the customers."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, scope))}")

    def utc(self, day, seconds):
        """The UTC timestamp (text for COPY) of a local time of day, given in seconds after midnight."""
        local = datetime.combine(day, time()) + timedelta(seconds=seconds)
        offset = local.replace(tzinfo=self.tz).utcoffset()
        return (local - offset).isoformat(" ")

    def count(self, at_scale_1):
        return max(1, round(at_scale_1 * self.scale))
