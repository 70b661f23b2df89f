"""In the cloud: merge what devices remembered into the global store; the entry with the later tick wins."""

from datetime import UTC, datetime

from flowlattice import DbWrite, DedupeStore, Flow, Profile, by, days, node, queue

from .records import Entry


def moment(tick: object) -> datetime:
    """A tick of a record or of a table, whose text may be spelled otherwise; without an offset it is UTC."""
    at = datetime.fromisoformat(str(tick))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


@node(idempotency=by("id", "tick", ttl=days(30)))
async def last_writer_wins(entry: Entry, fleet: DbWrite, seen: DedupeStore) -> Entry:
    async with fleet.transaction():
        known = await fleet.first("sensors", where={"id": entry.id})
        if known is None or moment(known["tick"]) < moment(entry.tick):
            await fleet.upsert("sensors", entry, key="id")
    return entry


flow = Flow("field_reconcile", version="1.0.0", profile=Profile.QUEUE, summary="The last minute of every sensor")
entries = flow.trigger(queue("field_entries", accepts=Entry), name="field_entries")
flow.connect(entries, last_writer_wins, delivery="exactly_once")
flow.partition_by(last_writer_wins, "id")
