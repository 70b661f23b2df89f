"""What is kept of a session's records for whoever asks again."""

from typing import Annotated

from flowlattice import Record, field
from flowlattice.engine.visitor import in_session


class Contact(Record, data="internal"):
    session: Annotated[str, field(session=True)]
    name: str


class Wrap(Record, data="internal"):
    contact: Contact
    others: list[Contact]
    by_name: dict[str, Contact]
    note: str = "n"


def test_sessions_are_exchanged_wherever_they_are_and_nothing_else():
    mine = Contact(session="a" * 43, name="Ada")
    wrap = Wrap(contact=mine, others=[mine, mine], by_name={"x": mine})
    kept = in_session([wrap], "")
    assert "a" * 43 not in str(kept)
    assert in_session(kept, mine.session) == [wrap]
    plain = Contact.model_construct(session="", name="Ada")
    assert kept == [Wrap.model_construct(contact=plain, others=[plain, plain], by_name={"x": plain}, note="n")]
    assert in_session("a", "b") == "a"
