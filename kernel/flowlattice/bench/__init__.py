"""Benchmarks: what is measured here is measured, never asserted in tests.

A benchmark is a command below `flows bench`; other packages add theirs by entry point (group `flowlattice.benchmarks`,
`name = "package.module:command"`). `web`, `sse` and `llm` share everything but what they measure:

    workers     processes on cores of their own, which answer lines: servers and load
    rounds      arms in turn, medians and quartiles
    report      what was found against its bounds, as text and JSON; `page` as HTML
    server      one service: a flow (echo, ticks, summarize) or the same by hand (*_by_hand, echo_with_fastapi)
    load        requests at a constant rate; `listeners` the same for streams
"""
