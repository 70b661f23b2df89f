"""Lists of the file that are changed by way of functions that functions of the library are given, and of helpers."""

from tests.support.bodies import CHANGES, PURE, READS, Cases

CASES = Cases()
case = CASES.case


CHANGED_BY_NODE = {
    "the results of a function of the library": "[x.append(req.v) for x in map(lambda key: LISTS[key], ['a'])]",
    "the results of a function of the file": "[x.append(req.v) for x in map(found, ['a'])]",
    "the results of a method": "[x.append(req.v) for x in map(LISTS.get, ['a'])]",
    "a function written in place": "[*map(lambda x: x.append(req.v), [SEEN])]",
    "a key": "max(LISTS.values(), key=lambda x: x.append(req.v) or 0)",
    "a partial of one written in place": "functools.partial(lambda x: x.append(req.v), SEEN)()",
    "a getter": "operator.itemgetter('a')(LISTS).append(req.v)",
    "a copy": "copy.copy(LISTS)['a'].append(req.v)",
    "a chain": "next(itertools.chain([SEEN], [])).append(req.v)",
    "the result of a partial": "functools.partial(found, 'a')().append(req.v)",
    "an attribute of a class": "x = Shared.words; x.append(req.v)",
    "nothing but a with": "w = contextlib.nullcontext(SEEN)\n            with w as x: x.append(req.v)",
}
for name, statement in CHANGED_BY_NODE.items():
    case(
        f"a list of the file is changed by way of {name}",
        CHANGES,
        f"""
        import contextlib, copy
        LISTS = {{"a": []}}
        class Shared:
            words = []
        def found(key):
            return LISTS[key]
        @node
        def f(req: Req) -> Res:
            {statement}  # cause
            return Res()
        """,
    )
for name, statement in {
    "a with": "with held(SEEN) as x: x.append(req.v)",
    "what a function yields": "for x in all_of([SEEN]): x.append(req.v)",
    "the next of what a function yields": "next(all_of([SEEN])).append(req.v)",
    "a function inside": "def inside(): return SEEN\n            inside().append(req.v)",
}.items():
    case(
        f"a list of the file is changed by way of {name}",
        CHANGES,
        f"""
        import contextlib
        @contextlib.contextmanager
        def held(xs):
            yield xs
        def all_of(lists):
            yield from lists
        @node
        def f(req: Req) -> Res:
            {statement}  # cause
            return Res()
        """,
    )

GIVEN = {
    "a partial called in place": "functools.partial(add, SEEN)()  # cause",
    "a partial that has a name": "p = functools.partial(add); p(SEEN)",
    "a named argument of a partial": "functools.partial(add, xs=SEEN)()  # cause",
    "a partial of the file": "ADD()",
    "a partial of the file that names it": "ADD_NAMED()",
    "a partial that is handed on": "[each() for each in [ADD]]",
    "map": "[*map(add, [SEEN])]  # cause",
    "map over a table": "[*map(add, LISTS.values())]  # cause",
    "a key": "sorted([SEEN], key=add)  # cause",
    "a reduction": "functools.reduce(put, req.words, SEEN)  # cause",
    "a list of it": "all_of([SEEN])  # cause",
    "further arguments": "each_of(SEEN)  # cause",
    "a method of an object of the file": "[*map(KEPT.add, req.words)]",
    "a default": "default(req.v)",
    "a default that is a list of the file": "named(req.v)",
}
for name, statement in GIVEN.items():
    marks = {
        mark: "  # cause" if mark in statement or (mark == "add(" and "add" in statement.lower()) else ""
        for mark in ("all_of", "each_of", "default", "named", "put", "KEPT")
    }
    is_add = not any(marks.values())
    case(
        f"a function changes what it is given by {name}",
        CHANGES,
        f"""
        LISTS = {{"a": []}}
        def add(xs):
            xs.append("x"){"  # cause" if is_add else ""}
            return 0
        def put(xs, word):
            xs.append(word){marks["put"]}
            return xs
        def all_of(lists):
            for each in lists:
                each.append("x"){marks["all_of"]}
        def each_of(*lists):
            for each in lists:
                each.append("x"){marks["each_of"]}
        def default(v, seen={{"a": []}}):
            kept = seen.get("a") or []
            kept.append(v){marks["default"]}
        def named(v, seen=SEEN):
            seen.append(v){marks["named"]}
        class Kept:
            def __init__(self):
                self.words = []
            def add(self, v):
                self.words.append(v){marks["KEPT"]}
        KEPT = Kept()
        ADD = functools.partial(add, SEEN)
        ADD_NAMED = functools.partial(add, xs=SEEN)
        @node
        def f(req: Req) -> Res:
            {statement}{marks["KEPT"]}
            return Res()
        """,
    )
case(
    "functions that are handed on change what is the node's own",
    PURE,
    """
    import contextlib, copy
    LISTS = {"a": ["b"], "c": ["d"]}
    def add(xs):
        xs.append("x")
        return xs
    def put(table, pair):
        table[pair[0]] = len(pair[1])
        return table
    def joined(xs, sep):
        return sep.join(xs)
    @contextlib.contextmanager
    def held(xs):
        own = [*xs]
        yield own
    @node
    def f(req: Req) -> Res:
        sizes = functools.reduce(put, LISTS.items(), {})
        more = functools.reduce(lambda table, pair: put(table, pair), LISTS.items(), {})
        own = [*map(add, [[], ["z"]])]
        lines = [*map(joined, LISTS.values(), ["-", "+"])]
        lines.append(functools.partial(joined, LISTS["a"], "-")())
        deep = copy.deepcopy(LISTS)
        deep["a"].append("y")
        with held(LISTS["a"]) as words:
            words.append("y")
        counted = collections.Counter(LISTS["a"])
        counted["q"] += 1
        queue = collections.deque(LISTS["a"])
        queue.appendleft("z")
        first = sorted(LISTS, key=lambda key: len(LISTS[key]))
        first.append("y")
        words = [*map(str.upper, LISTS["a"])]
        words.append("y")
        return Res(v=f"{sizes} {more} {own} {first} {counted} {queue} {words}", words=lines)
    """,
)

OTHERS = {
    "a helper": "add(SEEN)",
    "a helper of a helper": "nest(1, xs=SEEN)",
    "what is handed on": "[*map(add, [SEEN])]",
    "a partial": "functools.partial(nest, 1, SEEN)()",
    "a loop over a table": "for key, xs in [('a', SEEN)]: xs.append(key)",
    "a parameter by another name": "other(SEEN)",
}
for name, statement in OTHERS.items():
    case(
        f"a list that another function changes by {name}",
        READS,
        f"""
        def add(xs):
            xs.append("x")
        def nest(n, xs):
            add(xs)
        def other(xs):
            kept = xs or []
            kept.append("x")
        def g(req):
            {statement}
        @node
        def f(req: Req) -> Res:
            return Res(words=SEEN)  # cause
        """,
    )
case(
    "a list that is given beside one that is changed",
    PURE,
    """
    WORDS = ["a"]
    def add(xs, words):
        xs.extend(words)
    def padded(words):
        words = list(words)
        words.append("x")
        return words
    def g(req):
        own = []
        add(own, WORDS)
        [*map(add, [own], [WORDS])]
        functools.partial(add, own)(WORDS)
    @node
    def f(req: Req) -> Res:
        return Res(words=padded(WORDS))
    """,
)
case(
    "a parameter that is itself or something else",
    CHANGES,
    """
    def padded(words):
        words = words or []
        words.append("x")  # cause
    @node
    def f(req: Req) -> Res:
        padded(SEEN)  # cause
        return Res()
    """,
)
