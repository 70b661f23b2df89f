"""Invoices, what a person sees of them, and what charging and shipping give back."""

from typing import Annotated

from flowlattice import Record, Vars, field


class Limits(Vars):
    approval_cents: int = 500_000


class Invoice(Record, data="internal"):
    invoice_id: str
    customer_id: str
    amount_cents: Annotated[int, field(gt=0, data="payment")]
    currency: Annotated[str, field(pattern="^[a-z]{3}$")]
    item_hashes: list[str]


class ApprovalCard(Record, data="internal"):
    invoice_id: str
    customer_id: str
    amount_cents: Annotated[int, field(data="payment")]
    currency: str


class Created(Record, data="internal"):
    """What Stripe and the shipping service answer."""

    id: str


class Receipt(Record, data="internal"):
    invoice_id: str
    charge_id: Annotated[str, field(data="payment")]
    item_hashes: list[str]


class Ack(Record, data="internal"):
    id: str
