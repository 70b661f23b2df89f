"""Loops that retry by hand, and loops that look like it: which calls a body makes again until they succeed."""

import textwrap

import pytest

HEAD = """
URL = "https://shop.example/charges"
DELAYS = (1, 2, 4)
async def send(order, to):
    return await to.post(URL, json=order.v)
async def send_again(order, to: HttpWrite):
    for attempt in range(3):
        try:
            return await to.post(URL, json=order.v)
        except OSError:
            await asyncio.sleep(2**attempt)
@node(idempotency=by("v"))
async def f(req: Req, shop: HttpWrite, db: DbWrite, api: HttpRead) -> Res:
"""
POST = ["shop.post"]

CASES = {
    "left by the answer": (
        """
        for attempt in range(5):
            r = await shop.post(URL, json=req.v)
            if r.ok:
                break
        """,
        POST,
    ),
    "goes on by the answer": (
        """
        for attempt in itertools.count():
            r = await shop.post(URL, json=req.v)
            status = r.status
            if status >= 500:
                await asyncio.sleep(attempt)
                continue
            return Res()
        """,
        POST,
    ),
    "asks for the answer in place": (
        """
        while True:
            if (await shop.post(URL, json=req.v)).ok:
                return Res()
        """,
        POST,
    ),
    "while there is none": (
        """
        ok = False
        while not ok:
            ok = (await shop.post(URL, json=req.v)).ok
        """,
        POST,
    ),
    "while what is asked is the call": (
        """
        while (r := await shop.post(URL, json=req.v)).status >= 500:
            await asyncio.sleep(1)
        """,
        POST,
    ),
    "after an exception": (
        """
        for attempt in range(5):
            try:
                await shop.post(URL, json={"id": req.v, "attempt": attempt})
                break
            except OSError:
                await asyncio.sleep(1)
        """,
        POST,
    ),
    "after an exception that is the last one's": (
        """
        tries = 0
        while True:
            try:
                body = {"id": req.v}
                r = await shop.post(URL, json=body)
            except OSError:
                tries += 1
                if tries > 3:
                    raise
            else:
                return Res(v=r.text)
        """,
        POST,
    ),
    "after each of some waits": (
        """
        for delay in DELAYS:
            try:
                await db.upsert("t", req, key="v")
                return Res()
            except OSError:
                await asyncio.sleep(delay)
        """,
        ["db.upsert"],
    ),
    "until something is said to be done": (
        """
        done = False
        while not done:
            try:
                await shop.post(URL, json=req.v)
                done = True
            except OSError:
                pass
        """,
        POST,
    ),
    "what is raised is passed over": (
        """
        import contextlib
        for _ in range(3):
            with contextlib.suppress(OSError):
                await shop.post(URL, json=req.v)
                break
        """,
        POST,
    ),
    "by way of a helper": (
        """
        for _ in range(3):
            r = await send(req, shop)
            if r.ok:
                break
        """,
        ["shop.send"],
    ),
    "in a helper": ("await send_again(req, shop)", ["to.post"]),
    "all of some again": (
        """
        for _ in range(3):
            try:
                for word in req.words:
                    await db.upsert("t", {"v": word}, key="v")
                break
            except OSError:
                continue
        """,
        ["db.upsert"],
    ),
    # No retries
    "once for each": (
        """
        for word in req.words:
            await db.upsert("t", {"v": word}, key="v")
        """,
        [],
    ),
    "once for each, those that fail put aside": (
        """
        failed = []
        for word in req.words:
            try:
                await db.upsert("t", {"v": word}, key="v")
            except OSError:
                failed.append(word)
        """,
        [],
    ),
    "once for each until one fails": (
        """
        for number in range(len(req.words)):
            word = req.words[number]
            r = await shop.post(URL, json=word)
            if not r.ok:
                break
        """,
        [],
    ),
    "once for each that is left": (
        """
        left = list(req.words)
        while left:
            word = left.pop()
            try:
                await shop.post(URL, json=word)
            except OSError:
                continue
        """,
        [],
    ),
    "from page to page": (
        """
        cursor = ""
        while True:
            r = await shop.post(URL, json={"after": cursor})
            cursor = r.text
            if not cursor:
                break
        """,
        [],
    ),
    "pages that are counted": (
        """
        for page in range(10):
            try:
                r = await shop.post(URL, json={"page": page})
                if not r.text:
                    break
            except OSError:
                continue
        """,
        [],
    ),
    "filled and emptied": (
        """
        kept = []
        for word in req.words:
            kept.append(word)
            if len(kept) == 100:
                r = await shop.post(URL, json=kept)
                if not r.ok:
                    break
                kept.clear()
        """,
        [],
    ),
    "a number of times": (
        """
        for _ in range(3):
            await shop.post(URL, json=req.v)
        """,
        [],
    ),
    "until it fails": (
        """
        for _ in range(3):
            try:
                await shop.post(URL, json=req.v)
            except OSError:
                break
        """,
        [],
    ),
    "with another exception": (
        """
        for _ in range(3):
            try:
                await shop.post(URL, json=req.v)
                break
            except OSError as error:
                raise ValueError("no") from error
        """,
        [],
    ),
    "behind the loop": (
        """
        for word in req.words:
            if word == "a":
                break
        try:
            await shop.post(URL, json=word)
        except OSError:
            pass
        """,
        [],
    ),
    "reading": (
        """
        for _ in range(3):
            r = await api.get(URL)
            if r.ok:
                break
        """,
        [],
    ),
}


@pytest.mark.parametrize(("lines", "repeated"), CASES.values(), ids=CASES)
def test_a_loop(node_of, lines, repeated):
    body = textwrap.indent(textwrap.dedent(lines).strip("\n"), "    ")
    node = node_of(f"{HEAD}{body}\n    return Res()\n")
    assert [f"{each.binding}.{each.method}" for each in node.repeated] == repeated


def test_a_loop_is_shown_by_its_call(node_of):
    node = node_of(f"{HEAD}    while True:\n        if await send(req, shop):\n            return Res()\n")
    (found,) = node.repeated
    assert (found.source.line, found.source.column) == (node.definition.line + 2, 18)
