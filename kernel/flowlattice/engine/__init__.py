"""The in-process engine: binds a plan to a loaded flow and runs it. Hosts bring requests to it and answers away."""

from flowlattice.engine.calls import CallLog, CallRecord, MemoryCallLog
from flowlattice.engine.inputs import InputReader, Problem, RejectedInput
from flowlattice.engine.reply import Reply
from flowlattice.engine.run import Run
from flowlattice.engine.runtime import BoundTrigger, Runtime, bind

__all__ = [
    "BoundTrigger",
    "CallLog",
    "CallRecord",
    "InputReader",
    "MemoryCallLog",
    "Problem",
    "RejectedInput",
    "Reply",
    "Run",
    "Runtime",
    "bind",
]
