"""Write order events once into the database and, through an outbox in the same transaction, once to Kafka."""

import json

from flowlattice import DbWrite, DedupeStore, Flow, KafkaWrite, Profile, Record, by, days, kafka, node


class OrderEvt(Record, data="internal"):
    order_id: str
    version: int
    status: str


class OutboxPtr(Record, data="internal"):
    order_id: str
    version: int


@node(idempotency=by("order_id", "version", ttl=days(7)))
async def upsert_outbox(event: OrderEvt, orders: DbWrite, seen: DedupeStore) -> OutboxPtr:
    pointer = OutboxPtr(order_id=event.order_id, version=event.version)
    async with orders.transaction():
        known = await orders.first("orders", where={"order_id": event.order_id})
        if known is None or int(str(known["version"])) < event.version:
            await orders.upsert("orders", event, key="order_id")
        if await orders.first("outbox", where=pointer.model_dump()) is None:
            row = {**pointer.model_dump(), "payload": event.model_dump_json(), "sent": False}
            await orders.insert("outbox", row)
    return pointer


@node(idempotency=by("order_id", "version", ttl=days(7)))
async def project_to_kafka(pointer: OutboxPtr, orders: DbWrite, events: KafkaWrite, seen: DedupeStore) -> OutboxPtr:
    row = await orders.first("outbox", where=pointer.model_dump())
    if row is not None and not row["sent"]:
        await events.send("order-events", json.loads(str(row["payload"])), key=pointer.order_id)
        await orders.update("outbox", {"sent": True}, where=pointer.model_dump())
    return pointer


flow = Flow("order_eox", version="1.0.0", profile=Profile.QUEUE, summary="Orders once in the database, once in Kafka")
src = flow.trigger(kafka("orders", accepts=OrderEvt, group="order_eox"), name="order_events")
flow.connect(src, upsert_outbox, delivery="exactly_once")
flow.connect(upsert_outbox, project_to_kafka)
flow.partition_by(upsert_outbox, "order_id")
