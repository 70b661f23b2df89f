"""Clean tables with pandas in a sandbox that reaches nothing, part by part."""

import csv
from collections.abc import AsyncIterator
from itertools import zip_longest
from typing import Annotated

from flowlattice import (
    BlobReadByHash,
    BlobWrite,
    Cache,
    Flow,
    ObjectRef,
    PluginPython,
    Profile,
    blob,
    by,
    days,
    gib,
    minutes,
    node,
    sandboxed,
)

from .records import Rows


def table(data: bytes) -> list[dict[str, str]]:
    """Rows by column. Cells that are missing are empty; columns without a name of their own are named by number."""
    rows = [row for row in csv.reader(line.decode() for line in data.splitlines(keepends=True)) if row]
    names = rows[0] if rows else []
    columns = [
        f"column_{at}" if at >= len(names) or names[at] in names[:at] else names[at]
        for at in range(max(map(len, rows), default=0))
    ]
    return [dict(zip_longest(columns, row, fillvalue="")) for row in rows[1:]]


@node
async def csv_read(ref: ObjectRef, raw: BlobReadByHash) -> AsyncIterator[Rows]:
    rows = table(await raw.get(ref.digest))
    for number, start in enumerate(range(0, len(rows), 1000)):
        yield Rows(source=ref.digest, number=number, rows=rows[start : start + 1000])


@node(cache=Cache(by("source", "number"), tier="local", ttl=days(7)))
async def py_clean(
    part: Rows,
    python: Annotated[
        PluginPython, sandboxed("plugins/clean.py", network="deny", cpu=minutes(2), memory=gib(1), deterministic=True)
    ],
) -> Rows:
    return Rows.model_validate(await python.call("clean", part.model_dump(mode="json")))


def line(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n"


@node(idempotency=by("source", "number"))
async def csv_write(part: Rows, clean: BlobWrite) -> ObjectRef:
    columns = list(part.rows[0]) if part.rows else []
    text = line(columns) + "".join(line([row[column] for column in columns]) for row in part.rows)
    return await clean.put(f"clean/{part.source.removeprefix('sha256:')}/{part.number:05}.csv", text.encode())


flow = Flow("ds_clean", version="1.0.0", profile=Profile.QUEUE, summary="Tables, cleaned part by part")
src = flow.trigger(blob.listing("s3://bucket/raw/*"), name="raw")
flow.connect(src, csv_read)
flow.connect(csv_read, py_clean)
flow.connect(py_clean, csv_write)
