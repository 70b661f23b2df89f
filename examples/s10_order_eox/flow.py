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
async def upsert_outbox(event: OrderEvt, orders_db: DbWrite, seen: DedupeStore) -> OutboxPtr:
    row = {"order_id": event.order_id, "version": event.version}
    async with orders_db.transaction():
        await orders_db.upsert("orders", event, key="order_id")
        await orders_db.upsert(
            "outbox", {**row, "payload": event.model_dump_json(), "sent": False}, key=("order_id", "version")
        )
    return OutboxPtr(order_id=event.order_id, version=event.version)


@node(idempotency=by("order_id", "version", ttl=days(7)))
async def project_to_kafka(pointer: OutboxPtr, orders_db: DbWrite, events: KafkaWrite, seen: DedupeStore) -> OutboxPtr:
    where = {"order_id": pointer.order_id, "version": pointer.version}
    row = await orders_db.first("outbox", where=where)
    if row is not None and not row["sent"]:
        await events.send("order-events", json.loads(str(row["payload"])), key=pointer.order_id)
        await orders_db.update("outbox", {"sent": True}, where=where)
    return pointer


flow = Flow("order_eox", version="1.0.0", profile=Profile.QUEUE, summary="Orders once in the database, once in Kafka")
src = flow.trigger(kafka("orders", accepts=OrderEvt, group="order_eox"))
flow.connect(src, upsert_outbox, delivery="exactly_once")
flow.connect(upsert_outbox, project_to_kafka)
