"""The run log in a file: what cannot be written is said and does not keep others from being written."""

from __future__ import annotations

from flowlattice.bindings.call_log import SqliteCallLog
from flowlattice.engine.calls import AiExchange, CallRecord
from tests.kernel.check.irs import flow


def test_what_cannot_be_written_is_said_and_the_rest_is_written(tmp_path, caplog):
    log = SqliteCallLog(tmp_path / "log.sqlite", flow(name="echo"))
    for target in ("a", "half \ud800", "b"):
        log.record(CallRecord(run="r", node="n", attempt=1, capability="http.read", method="get", target=target))
        log.exchange(AiExchange(run="r", node="n", attempt=1, model="m", prompt=(target,), answer="", end="stop"))
    log.close()
    log = SqliteCallLog(tmp_path / "log.sqlite", flow(name="echo"))
    assert [call.target for call in log.calls()] == ["a", "b"]
    assert [exchange.prompt for exchange in log.exchanges()] == [("a",), ("b",)]
    log.close()
    assert [record.message for record in caplog.records] == [
        "run log: 1 calls of echo are lost (UnicodeEncodeError)",
        "run log: 1 calls of echo are lost (PydanticSerializationError)",
    ]
