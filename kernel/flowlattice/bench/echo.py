"""The flow of `flows bench web`: examples/s01_echo, in the package so that an installed kernel has it too."""

from flowlattice import Flow, Profile, Record, http, ms, node


class InReq(Record, data="public"):
    """What is echoed."""

    v: str


class OutRes(Record, data="public"):
    """The echo."""

    v: str


@node
def normalize(req: InReq) -> OutRes:
    """Trim and lower-case."""
    return OutRes(v=req.v.strip().lower())


flow = Flow("echo_norm", version="1.0.0", profile=Profile.WEB, summary="Normalise a payload and echo it")
hook = flow.trigger(http.post("/echo", accepts=InReq, respond="on_last", deadline=ms(250)))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
flow.rate_limit(qps=1000, burst=2000)
flow.slo(percentile=95, latency=ms(50), at_qps=500)
