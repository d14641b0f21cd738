"""Who orders what, on which day: plain Python, no database. Money in paisa (1/100 taka)."""

from dataclasses import dataclass, field
from itertools import accumulate


@dataclass(slots=True)
class Line:
    """An order line whose amounts are whole paisa, so that all ways of rounding taxes agree."""

    product: object
    quantity: int
    discount: int  # percent
    subtotal: int = 0
    tax: int = 0

    def __post_init__(self):
        if self.discount:
            # quantity x price must divide by 4 taka for 5 % of tax on 95 % of the price to be whole paisa
            while self.quantity * self.product.price % 400:
                self.quantity += 1
        gross = self.quantity * self.product.price
        self.subtotal = gross * (100 - self.discount) // 100
        self.tax = self.subtotal * self.product.tax // 100

    @property
    def total(self):
        return self.subtotal + self.tax


@dataclass(slots=True)
class Order:
    customer: object
    seconds: int  # after local midnight
    fate: str  # draft, sent, cancel or sale
    lines: list = field(default_factory=list)

    @property
    def untaxed(self):
        return sum(line.subtotal for line in self.lines)

    @property
    def tax(self):
        return sum(line.tax for line in self.lines)


class Demand:
    """Orders of each day, growing over the period, with a weekly and a yearly rhythm."""

    def __init__(self, ctx, customers, products):
        self.ctx = ctx
        self.params = ctx.scenario["sales"]
        self.customers = customers
        self.cumulated = list(accumulate(customer.weight for customer in customers))
        self.baskets = {}
        for kind, params in self.params["customers"].items():
            codes = list(params["products"])
            self.baskets[kind] = (
                params["lines"],
                [products[code] for code in codes],
                [params["products"][code][0] for code in codes],
                [params["products"][code][1:] for code in codes],
            )

    def expected(self, day):
        """Mean number of orders on a day."""
        params = self.params
        share = (day - self.ctx.first).days / max(self.ctx.days - 1, 1)
        level = params["orders_first_day"] + share * (params["orders_last_day"] - params["orders_first_day"])
        return (
            level
            * params["weekday_factor"][day.weekday()]
            * params["month_factor"][day.month - 1]
            * self.ctx.scale
        )

    def orders(self, day):
        """The orders of a day, in the order they came in."""
        rng = self.ctx.random("orders", day)
        mean = self.expected(day)
        number = max(0, round(rng.gauss(mean, mean**0.5)))
        customers = rng.choices(self.customers, cum_weights=self.cumulated, k=number)
        times = sorted(rng.randrange(7 * 3600, 20 * 3600) for _customer in customers)
        return [self._order(rng, *pair) for pair in zip(customers, times, strict=True)]

    def _order(self, rng, customer, seconds):
        params = self.params
        dice = rng.random()
        fate = "sale"
        for name in ("draft", "sent", "cancel"):
            dice -= params[f"{name}_share"]
            if dice < 0:
                fate = name
                break
        (least, most), products, weights, quantities = self.baskets[customer.kind]
        order = Order(customer, seconds, fate)
        taken = set()
        for index in rng.choices(range(len(products)), weights=weights, k=rng.randint(least, most)):
            if index in taken:
                continue
            taken.add(index)
            middle, spread = quantities[index]
            quantity = max(1, round(rng.gauss(middle, spread / 2)))
            discounted = customer.kind != "household" and rng.random() < params["discount_share"]
            order.lines.append(Line(products[index], quantity, rng.choice((5, 10)) if discounted else 0))
        return order
