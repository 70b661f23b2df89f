"""Work that runs at once as far as it can, and is awaited for the rest."""

import asyncio

import pytest

from flowlattice.hosts.web.started import Started
from tests.support.flows import running


@running
async def test_work_that_need_not_wait_is_done_at_once():
    async def work():
        return None

    started = Started(work())
    assert started.is_done
    assert started.result is None
    assert await started is None


@running
async def test_work_that_waits_goes_on_where_it_was():
    steps = []

    async def work():
        steps.append("begun")
        for _ in range(3):
            await asyncio.sleep(0)
        ready = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(ready.set_result, "ready")
        return await ready

    started = Started(work())
    assert (started.is_done, steps) == (False, ["begun"])
    assert await started == "ready"
    assert started.is_done


@running
async def test_failures_before_and_after_waiting_reach_the_caller():
    async def fails(waits):
        if waits:
            await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        Started(fails(waits=False))
    started = Started(fails(waits=True))
    with pytest.raises(LookupError):
        await started


@running
async def test_a_timeout_is_seen_by_the_work():
    ended = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    started = Started(work())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await started
    assert ended == [True]
