"""Where output fields come from: fields of the input, `*` for all of it, `!` for a clock or randomness."""

import pytest

CASES = {
    "Res(v=req.v)": ["v"],
    "Res(v=req.v + str(req.n))": ["n", "v"],
    "Res(v='x')": [],
    "Res(v=clock.now().isoformat())": ["!"],
    "Res(v=str(time.time()) + req.v)": ["!", "v"],
    "Res(v=stamped(req.v))": ["!", "v"],
    "Res(v=cleaned(req.v))": ["v"],
    "Res(v=str(req))": ["*"],
    "Res(**{'v': req.v})": ["v"],
    "Res(v=req.v) if req.n else Res(v=str(uuid4()))": ["!", "n", "v"],
    "req": ["v"],
    "req.model_copy(update={'v': 'x'})": [],
    "req.model_copy(update={'n': str(uuid4())})": ["v"],
    "req.model_copy(update=dict(n=str(uuid4())))": ["!", "v"],
    "Req(**req.model_dump())": ["v"],
    "Res(**{'v': req.v}, words=[str(uuid4())])": ["v"],
    "Res(**TABLE)": [],
    "text.trim(req)": ["*"],
}


@pytest.mark.parametrize(("body", "origins"), CASES.items(), ids=CASES)
def test_an_expression(node_of, body, origins):
    node = node_of(
        f"""
        def stamped(v):
            return v + str(time.time())
        def cleaned(v):
            return v.strip()
        @node
        def f(req: Req, clock: Clock) -> Res:
            return {body}
        """
    )
    assert list(node.derivations["v"]) == origins


def test_assignments_are_followed(node_of):
    node = node_of(
        """
        @node
        def f(req: Req) -> Res:
            v = req.v
            for word in req.words:
                v += word
            if (m := uuid4()):
                n = m
            return Res(v=v, words=[str(n)])
        """
    )
    assert node.derivations == {"v": ("v", "words"), "words": ("!",)}


def test_names_are_those_on_the_wire(node_of):
    node = node_of(
        """
        class Wired(Record, data="public"):
            class_: Annotated[str, field(alias="class")]
        @node
        def f(req: Wired) -> Wired:
            return Wired(class_=req.class_)
        """.replace("class Wired", "from typing import Annotated\n        class Wired")
    )
    assert node.derivations == {"class": ("class",)}


def test_what_is_no_record_has_no_fields(node_of):
    assert node_of("@node\ndef f(req: Req) -> str:\n    return req.v\n").derivations == {}
