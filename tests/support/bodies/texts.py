"""Texts of objects that have none of their own: they have the address of the object in them."""

from tests.support.bodies import PROCESS, PURE, Cases

CASES = Cases()
case = CASES.case
SHOWN = {
    "an object": "str(object())",
    "an object of the flow": "repr(Plain())",
    "an object of the flow that has a name": "f'{plain}'",
    "an object of the flow, made by a function": "'{}'.format(made())",
    "a function": "str(lambda: 0)",
    "a function of the flow": "f'{made}'",
    "a generator": "str(x for x in req.words)",
    "a generator of the flow": "str(steps())",
    "a map": "f'{map(str, req.words)}'",
    "a method": "str(req.v.upper)",
    "an object by an operator": '"%s %s" % (req.v, object())',
    "an object in a template": 'string.Template("$x").substitute(x=object())',
    "an object in a list": "str([Worded()])",
    "an object of the file": "str(PLAIN)",
    "functions in a table of the file": "str(STEPS)",
    "an object in a message": "str(ValueError(object()))",
}
TEXTS = """
    import string
    class Plain:
        pass
    class Worded:
        def __str__(self):
            return "worded"
    PLAIN = Plain()
    def made():
        return Plain()
    def steps():
        yield 1
    STEPS = {"made": made}
"""
for name, shown in SHOWN.items():
    case(
        name,
        PROCESS,
        f"""
    {TEXTS}
    @node
    def f(req: Req) -> Res:
        plain = Plain()
        return Res(v={shown})  # cause
        """,
    )
case(
    "texts of objects that have one",
    PURE,
    f"""
    {TEXTS}
    import dataclasses, enum
    from typing import NamedTuple
    class Colour(enum.Enum):
        RED = "red"
    @dataclasses.dataclass
    class Step:
        name: str
    class Point(NamedTuple):
        x: int
    def told(value: object) -> str:
        return str(value) + f"{{value!r}}"
    @node
    def f(req: Req) -> Res:
        try:
            v = "%s" % Worded() + str([Step("a"), Point(1)]) + f"{{Colour.RED}} {{req}} {{Res}} {{len}}"
        except ValueError as error:
            v = str(error)
        kept = [req.v.upper(), str(PATTERN), str(range(3)), str(Worded()), str(type(req)), made.__name__]
        return Res(v=v + told(req.n) + "{{:>3}} {{}}".format(req.n, LIMIT) + str(list(map(str, req.words))), words=kept)
    """,
)
