"""Charge invoices; above a limit a person decides first, and what cannot be shipped is refunded."""

from typing import Annotated

from flowlattice import (
    Creds,
    DedupeStore,
    Exponential,
    Flow,
    HttpWrite,
    If,
    Profile,
    Retry,
    by,
    days,
    hours,
    http,
    ms,
    node,
    scopes,
    seconds,
)

from .records import Ack, ApprovalCard, Created, Invoice, Limits, Receipt


def above_limit(invoice: Invoice, limits: Limits) -> bool:
    return invoice.amount_cents > limits.approval_cents


@node(idempotency=by("invoice_id", "charge_id", ttl=days(30)), honours_key=True, timeout=seconds(20))
async def refund(
    receipt: Receipt, stripe: HttpWrite, stripe_key: Annotated[Creds, scopes("refunds:write")], seen: DedupeStore
) -> Ack:
    answer = await stripe.post("https://api.stripe.com/v1/refunds", form={"charge": receipt.charge_id}, auth=stripe_key)
    return Ack(id=answer.read(Created).id)


@node(
    idempotency=by("invoice_id", "customer_id", "amount_cents", "currency", "item_hashes", ttl=days(30)),
    honours_key=True,
    compensate=refund,
    timeout=seconds(20),
)
async def charge(
    invoice: Invoice, stripe: HttpWrite, stripe_key: Annotated[Creds, scopes("charges:write")], seen: DedupeStore
) -> Receipt:
    answer = await stripe.post(
        "https://api.stripe.com/v1/charges",
        form={"amount": str(invoice.amount_cents), "currency": invoice.currency, "customer": invoice.customer_id},
        auth=stripe_key,
    )
    charged = answer.read(Created)
    return Receipt(invoice_id=invoice.invoice_id, charge_id=charged.id, item_hashes=invoice.item_hashes)


@node(idempotency=by("invoice_id", ttl=days(30)), timeout=seconds(20))
async def create_shipment(receipt: Receipt, shipping: HttpWrite, seen: DedupeStore) -> Ack:
    answer = await shipping.post(
        "https://shipping.example.com/shipments",
        json={"invoice": receipt.invoice_id, "items": [*receipt.item_hashes]},
    )
    return Ack(id=answer.read(Created).id)


flow = Flow("payments", version="1.0.0", profile=Profile.TEMPORAL, summary="Charge invoices, ship, or refund")
inv = flow.trigger(http.post("/invoice", accepts=Invoice, respond="immediate"))
gate = If(above_limit, name="gate")
approval = flow.hitl(
    "approve_high_value", on=gate.true, view=ApprovalCard, ttl=hours(24), on_timeout="reject", approvers="finance"
)
flow.connect(inv, gate)
flow.connect(gate.true, charge)
flow.connect(gate.false, charge)
flow.connect(charge, create_shipment)
flow.on_error(charge, Retry(max=5, backoff=Exponential(ms(200))))
flow.vars(Limits())
flow.creds("stripe_key", provider="stripe", scopes=("charges:write", "refunds:write"))
flow.egress("stripe", "api.stripe.com")
flow.egress("shipping", "shipping.example.com")
