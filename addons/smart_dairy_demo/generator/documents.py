"""Invoices and bills waiting to be written."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class DocumentLine:
    product: object
    label: str
    quantity: int
    price: int
    discount: int
    subtotal: int
    tax: int
    sale_line_id: int | None = None
    purchase_line_id: int | None = None

    @property
    def total(self):
        return self.subtotal + self.tax


@dataclass(slots=True)
class Document:
    """A customer invoice or vendor bill; money in paisa. The ids are filled in when it is written."""

    kind: str  # invoice or bill
    origin: str
    partner_id: int
    partner_name: str
    term_id: int | None
    term_days: int
    outcome: str  # unpaid, partial or paid, as on the last day
    lines: list = field(default_factory=list)
    user_id: int | None = None
    team_id: int | None = None
    delivered: object = None
    purchase_id: int | None = None
    sequence_start: int = 10
    paid_amount: int = 0
    move_id: int | None = None
    name: str | None = None
    full_id: int | None = None
    partial_id: int | None = None
    term_line_id: int | None = None

    @property
    def untaxed(self):
        return sum(line.subtotal for line in self.lines)

    @property
    def tax(self):
        return sum(line.tax for line in self.lines)
