"""On a device in the field: keep plausible readings, sum up each minute, remember it until the device is online."""

from flowlattice import Aggregate, Cache, Filter, Flow, Profile, Window, by, days, minutes, node, queue, seconds

from .records import Entry, Minute, Reading


def is_plausible(reading: Reading) -> bool:
    return -60.0 <= reading.celsius <= 85.0


@node(cache=Cache(by("window_start", "id"), tier="local", ttl=days(30)))
def cache_write(minute: Minute) -> Entry:
    return Entry(id=minute.id, tick=minute.window_start, mean=minute.mean, peak=minute.peak, readings=minute.readings)


flow = Flow("field_pipeline", version="1.0.0", profile=Profile.WASM, summary="Minutes of readings, kept on the device")
read = flow.trigger(queue("readings", accepts=Reading), name="readings")
filt = Filter(is_plausible)
win = Window.tumbling(Reading, event_time="tick", size=minutes(1), allowed_lateness=seconds(10))
sum_ = (
    Aggregate.by_key(Reading, "id", into=Minute)
    .avg("celsius", as_="mean")
    .max("celsius", as_="peak")
    .count(as_="readings")
)
flow.connect(read, filt)
flow.connect(filt, win)
flow.connect(win, sum_)
flow.connect(sum_, cache_write)
