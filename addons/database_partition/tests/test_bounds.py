import itertools
import random
import zoneinfo
from datetime import date, datetime, timedelta, timezone

from odoo.addons.database_partition.engine import bounds
from odoo.addons.database_partition.engine.declaration import INTERVALS, PartitionSet
from odoo.addons.database_partition.engine.errors import DeclarationError
from odoo.tests import BaseCase, tagged

UTC = timezone.utc


def declared(**facts):
    return PartitionSet(**{"table": "reading", "key": "at", **facts})


@tagged("post_install", "-at_install")
class TestBounds(BaseCase):
    def test_every_zone_and_interval(self):
        """Whatever the clocks did: an instant lies in its range, and ranges adjoin without gap or overlap."""
        chance = random.Random(5)
        zones = sorted(zoneinfo.available_timezones())
        self.assertGreater(len(zones), 400)
        for zone in zones:
            for interval in INTERVALS:
                for key_type in ("timestamp", "timestamptz"):
                    one = declared(zone=zone, interval=interval, key_type=key_type)
                    instant = datetime(1905, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.uniform(0, 9e9))
                    found = bounds.range_of(one, instant)
                    self.assertLessEqual(found.lower, instant, (zone, interval))
                    self.assertLess(instant, found.upper, (zone, interval))
                    row = bounds.around(one, instant, 3, 3)
                    self.assertIn(found, row, (zone, interval, instant))
                    for left, right in itertools.pairwise(row):
                        self.assertEqual(left.upper, right.lower, (zone, interval))
                    names = {bounds.partition_name(one, r) for r in row}
                    self.assertEqual(len(names), len(row), (zone, interval))

    def test_changes_of_clocks(self):
        """At each change of a zone's clocks in these years, minute by minute around it."""
        for zone in ("America/Sao_Paulo", "America/St_Johns", "Asia/Beirut", "America/Havana", "Pacific/Apia",
                     "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Dhaka"):  # fmt: skip
            one = declared(zone=zone, interval="day")
            zone_info = zoneinfo.ZoneInfo(zone)
            instant, last = datetime(2006, 1, 1, tzinfo=UTC), None
            while instant.year < 2012:
                offset = instant.astimezone(zone_info).utcoffset()
                if last is not None and offset != last:
                    for minutes in range(-1700, 1700, 7):
                        near = instant + timedelta(minutes=minutes)
                        self.assertTrue(bounds.range_of(one, near).holds(near), (zone, near))
                last, instant = offset, instant + timedelta(hours=1)

    def test_lengths(self):
        day = declared(zone="Europe/Paris", interval="day")
        hours = [
            (r.upper - r.lower).total_seconds() / 3600
            for r in bounds.around(day, datetime(2025, 3, 30, 12, tzinfo=UTC), 1, 1)
        ]
        self.assertEqual(hours, [24, 23, 24])
        skipped = declared(zone="Pacific/Apia", interval="day")
        row = bounds.around(skipped, datetime(2011, 12, 29, 12, tzinfo=UTC), 0, 3)
        self.assertEqual(len(row), 3, "30 December 2011 did not happen in Samoa")

    def test_leap_years(self):
        for year, days in ((2024, 29), (2025, 28), (2100, 28), (2000, 29)):
            one = bounds.range_of(declared(key_type="date"), datetime(year, 2, 10, tzinfo=UTC))
            self.assertEqual((one.upper - one.lower).days, days)

    def test_names_and_literals(self):
        instant = datetime(2024, 12, 31, 20, tzinfo=UTC)
        names = {
            interval: bounds.partition_name(one, bounds.range_of(one, instant))
            for interval in INTERVALS
            for one in [declared(zone="Asia/Dhaka", interval=interval)]
        }
        self.assertEqual(
            names,
            {
                "day": "reading_p20250101",
                "week": "reading_p2025w01",
                "month": "reading_p202501",
                "quarter": "reading_p2025q1",
                "year": "reading_p2025",
            },
        )
        dhaka = declared(zone="Asia/Dhaka", key_type="timestamptz")
        lower = bounds.range_of(dhaka, instant).lower
        self.assertEqual(bounds.literal(dhaka, lower), "2024-12-31 18:00:00+00:00")
        self.assertEqual(bounds.literal(declared(), lower), "2024-12-31 18:00:00")
        self.assertEqual(bounds.literal(declared(key_type="date"), bounds.begin(declared(key_type="date"),
                         date(2025, 2, 1))), "2025-02-01")  # fmt: skip

    def test_parse(self):
        for text in ("'2025-01-31 18:00:00+00'", "'2025-01-31 18:00:00'"):
            self.assertEqual(bounds.parse(text), datetime(2025, 1, 31, 18, tzinfo=UTC))
        self.assertEqual(bounds.parse("'2025-01-31'"), datetime(2025, 1, 31, tzinfo=UTC))
        self.assertIsNone(bounds.parse("MINVALUE"))

    def test_retention_floor(self):
        one = declared(interval="day", retention=90)
        now = datetime(2025, 6, 15, 12, tzinfo=UTC)
        self.assertEqual(bounds.floor(one, now), datetime(2025, 3, 17, tzinfo=UTC))
        self.assertIsNone(bounds.floor(declared(), now))

    def test_bad_declarations(self):
        for facts in (
            {"table": "Reading"},
            {"table": "a" * 46},
            {"key": "at; DROP"},
            {"key_type": "text"},
            {"interval": "hour"},
            {"zone": "Mars/Olympus"},
            {"zone": "../etc/passwd"},
            {"premake": 0},
            {"retention": 0},
            {"retention": 2, "history": 3},
            {"expected_hours": 0},
        ):
            field = list(facts)[-1]
            with self.assertRaisesRegex(DeclarationError, f"reading|Reading|aaa.*{field}"):
                declared(**facts)

    def test_json(self):
        one = declared(indexes=("(at)",), retention=3)
        self.assertEqual(PartitionSet.from_json(one.to_json()), one)
