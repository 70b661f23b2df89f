"""The beginning of flows about orders, as the tests of rules go on with them."""

HEAD = """
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
import flowlattice as fl
from flowlattice import *
from flowlattice import DedupeStore as Seen, node as step, by as keyed_by

class Order(Record, data="internal"):
    order_id: str = ""
    region: str = ""
    cents: int = 0

class Receipt(Record, data="internal"):
    order_id: str = ""
    payment_id: str = ""

class LongReceipt(Receipt, data="internal"):
    note: str = ""

class Card(Record, data="internal"):
    order_id: str
    cents: int

def is_large(order: Order) -> bool:
    return order.cents > 500_000

def by_region(order: Order) -> str:
    return order.region

@node
def same(order: Order) -> Order:
    return order

flow = Flow("tested", version="1.0.0", profile=Profile.{profile})
jobs = flow.trigger({trigger})
"""
QUEUE = HEAD.format(profile="QUEUE", trigger='queue("orders", accepts=Order)')
DEV = HEAD.format(profile="DEV", trigger='queue("orders", accepts=Order)')
TEMPORAL = HEAD.format(profile="TEMPORAL", trigger='http.post("/orders", accepts=Order, respond="immediate")')
WEB = HEAD.format(profile="WEB", trigger='http.post("/orders", accepts=Order)')

STORE = """
@node(idempotency=by("order_id"{more}))
async def store(order: Order, orders: DbWrite{asks}) -> Order:
    await orders.upsert("orders", order, key="order_id")
    return order
"""
BARE, KEPT = STORE.format(more="", asks=""), STORE.format(more="", asks=", seen: DedupeStore")
POST = """
@node({options})
async def charge(order: Order, pay: HttpWrite{asks}) -> Receipt:
    answer = await pay.post("https://pay.example/charges", json=order.order_id)
    return Receipt(order_id=order.order_id, payment_id=answer.text)
flow.egress("pay", "pay.example")
"""
CHARGE = POST.format(options='idempotency=by("order_id")', asks="")
HONOURED = POST.format(options='idempotency=by("order_id"), honours_key=True', asks=", seen: DedupeStore")
ONCE = ', delivery="exactly_once"'
