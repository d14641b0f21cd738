"""What people and programs do to the sample's tables in the soak test of the rollups."""

from datetime import date, timedelta

FIRST = date(2025, 1, 1)
DAYS = 400  # two changes of clocks, each way
# Days without and with 23, 25 hours, half-hour and three-quarter zones, an unknown one, none.
ZONES = ("Asia/Dhaka", "Europe/Paris", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "no/where", None)
MOST_LINES = 700


class Writes:
    """Random changes, each a few statements on a cursor; for a class that has ``rng``."""

    def moment(self):
        return f"{self.day()} {self.rng.randrange(24):02}:{self.rng.randrange(60):02}:00"

    def day(self):
        # most happens lately, some of it long ago
        back = self.rng.choice((0, 0, 0, 1, 2, self.rng.randrange(DAYS)))
        return FIRST + timedelta(days=DAYS - 1 - back)

    CHANGES = (
        (8, "new_order"), (6, "new_line"), (6, "correct_line"), (5, "move_order"), (5, "change_state"),
        (3, "give_away"), (4, "delete_line"), (3, "delete_order"), (2, "bulk"), (2, "bulk_move"),
        (2, "category"), (1, "rename"), (1, "zone"), (1, "company"), (5, "milk"), (3, "correct_milk"),
        (2, "delete_milk"), (1, "irrelevant"), (0.2, "truncate"), (0.2, "odd_day"),
    )  # fmt: skip

    def change(self, cursor):
        weights, names = zip(*self.CHANGES, strict=True)
        getattr(self, self.rng.choices(names, weights)[0])(cursor)

    def new_order(self, cursor):
        rng = self.rng
        cursor.execute(
            "INSERT INTO orders (company_id, customer, seller, date_order, state) VALUES (%s, %s, %s, %s, %s)"
            " RETURNING id",
            [
                rng.randint(1, 3),
                rng.choice((None, *range(1, 9))),
                rng.choice((1, 2, None)),
                self.moment(),
                self.state(),
            ],
        )
        (order,) = cursor.fetchone()
        for _ in range(rng.randrange(3)):
            self.line(cursor, order)

    def state(self):
        return self.rng.choice(("draft", "sale", "sale", "sale", "cancel"))

    def line(self, cursor, order):
        rng = self.rng
        cursor.execute(
            "INSERT INTO line (order_id, product_id, quantity, amount)"
            " SELECT id, %s, %s, %s FROM orders WHERE id = %s",
            [
                rng.choice((1, 2, 3, 4, 5, 6, None)),
                rng.randrange(3),
                rng.choice((None, rng.randrange(10**6) / 100)),
                order,
            ],
        )

    def some(self, cursor, table):
        """The id of a row that this transaction sees; None when there is none."""
        cursor.execute(f"SELECT id FROM {table} ORDER BY random() LIMIT 1")  # noqa: S608 our own tables
        row = cursor.fetchone()
        return row and row[0]

    def new_line(self, cursor):
        self.line(cursor, self.some(cursor, "orders"))

    def correct_line(self, cursor):
        rng = self.rng
        cursor.execute(
            "UPDATE line SET amount = %s, quantity = %s, product_id = %s WHERE id = %s",
            [rng.randrange(1000), rng.randrange(3), rng.randint(1, 6), self.some(cursor, "line")],
        )

    def move_order(self, cursor):
        moment = self.moment() if self.rng.random() < 0.95 else None
        cursor.execute(
            "UPDATE orders SET date_order = %s WHERE id = %s", [moment, self.some(cursor, "orders")]
        )

    def change_state(self, cursor):
        cursor.execute(
            "UPDATE orders SET state = %s WHERE id = %s", [self.state(), self.some(cursor, "orders")]
        )

    def give_away(self, cursor):
        cursor.execute(
            "UPDATE orders SET seller = %s, company_id = %s, customer = %s WHERE id = %s",
            [
                self.rng.randint(1, 3),
                self.rng.randint(1, 3),
                self.rng.randint(1, 9),
                self.some(cursor, "orders"),
            ],
        )

    def delete_line(self, cursor):
        cursor.execute("DELETE FROM line WHERE id = %s", [self.some(cursor, "line")])

    def delete_order(self, cursor):
        cursor.execute("DELETE FROM orders WHERE id = %s", [self.some(cursor, "orders")])

    def bulk(self, cursor):
        cursor.execute(
            "INSERT INTO line (order_id, product_id, quantity, amount)"
            " SELECT id, 1 + id %% 6, 1, id FROM orders ORDER BY random() LIMIT %s",
            [self.rng.randrange(40)],
        )
        cursor.execute("SELECT count(*) FROM line")
        if cursor.fetchone()[0] > MOST_LINES:
            cursor.execute(
                "DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY random() LIMIT 100)"
            )
            cursor.execute("DELETE FROM milk WHERE id IN (SELECT id FROM milk ORDER BY random() LIMIT 100)")

    def bulk_move(self, cursor):
        cursor.execute(
            "UPDATE orders SET date_order = date_order + %s WHERE seller = %s",
            [timedelta(hours=self.rng.randrange(-30, 30)), self.rng.randint(1, 3)],
        )
        cursor.execute(
            "UPDATE orders SET date_order = %s WHERE date_order < %s OR date_order > %s",
            [self.moment(), FIRST - timedelta(days=9), FIRST + timedelta(days=DAYS + 9)],
        )

    def category(self, cursor):
        cursor.execute(
            "UPDATE product SET category_id = %s WHERE id = %s",
            [self.rng.choice((1, 2, 3, 4, None)), self.rng.randint(1, 6)],
        )

    def rename(self, cursor):
        cursor.execute(
            "UPDATE category SET name = %s WHERE id = %s",
            [f"category {self.rng.randint(1, 5)}", self.rng.randint(1, 3)],
        )
        if self.rng.random() < 0.3:
            cursor.execute("DELETE FROM category WHERE id = 4")
            cursor.execute("INSERT INTO category VALUES (4, 'new') ON CONFLICT DO NOTHING")

    def zone(self, cursor):
        cursor.execute(
            "UPDATE partner SET tz = %s WHERE id = %s", [self.rng.choice(ZONES), self.rng.randint(1, 4)]
        )

    def company(self, cursor):
        cursor.execute(
            "UPDATE company SET partner_id = %s WHERE id = %s",
            [self.rng.randint(1, 4), self.rng.randint(1, 3)],
        )

    def milk(self, cursor):
        cursor.execute(
            "INSERT INTO milk (farm, cow, session, day, kg)"
            " SELECT %s, g %% 4 + %s, %s, %s::date + g %% 3, %s FROM generate_series(1, %s) g",
            [
                self.rng.choice((1, 2, None)),
                self.rng.choice((0, 1, 2, None)),
                self.rng.choice((1, 2)),
                self.day(),
                self.rng.choice((0, self.rng.random() * 40)),
                self.rng.choice((1, 1, 5)),
            ],
        )

    def odd_day(self, cursor):
        """A day that no range can hold, beside others: the trigger fails, and must not miss these."""
        cursor.execute(
            "INSERT INTO milk (farm, day, kg) VALUES (1, '5874897-12-31', 1), (2, %s, 1)", [self.day()]
        )
        cursor.execute("DELETE FROM milk WHERE day = '5874897-12-31'")

    def correct_milk(self, cursor):
        cursor.execute(
            "UPDATE milk SET kg = %s, day = %s WHERE id = %s",
            [self.rng.random() * 40, self.day(), self.some(cursor, "milk")],
        )

    def delete_milk(self, cursor):
        cursor.execute("DELETE FROM milk WHERE day = %s", [self.day()])

    def irrelevant(self, cursor):
        cursor.execute("UPDATE line SET note = 'x'")
        cursor.execute("UPDATE orders SET note = 'x' WHERE id = %s", [self.some(cursor, "orders")])

    def truncate(self, cursor):
        cursor.execute("SET LOCAL lock_timeout = '300ms'")
        cursor.execute(self.rng.choice(("TRUNCATE milk", "TRUNCATE milk", "TRUNCATE line")))
