"""Sets inside of tables, lists and pairs: their order is that of sets still."""

from tests.support.bodies import PROCESS, PURE, Cases

CASES = Cases()
case = CASES.case

case(
    "words grouped into sets",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        groups: dict[str, set[str]] = {}
        for word in req.words:
            groups.setdefault(word[0], set()).add(word)
        return Res(v=",".join(x for g in groups.values() for x in g))  # cause
    """,
)
case(
    "words grouped into sets, without annotations",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        groups = {}
        for word in req.words:
            groups.setdefault(word[0], set()).add(word)
        out = []
        for key, group in groups.items():
            out.append(key + ",".join(group))  # cause
        return Res(words=out)
    """,
)
case(
    "words grouped by a table that makes sets",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        groups = collections.defaultdict(set)
        for word in req.words:
            groups[word[0]].add(word)
        return Res(words=[word for word in groups[req.v]])  # cause
    """,
)
case(
    "words grouped twice",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        groups = collections.defaultdict(lambda: collections.defaultdict(set))
        for word in req.words:
            groups[word[0]][word[1]].add(word)
        return Res(v=str([list(inner) for outer in groups.values() for inner in outer.values()]))  # cause
    """,
)
case(
    "words grouped into sets and sorted",
    PURE,
    """
    @node
    def f(req: Req) -> Res:
        groups: dict[str, set[str]] = {}
        for word in req.words:
            groups.setdefault(word[0], set()).add(word)
        counts = {key: len(group) for key, group in groups.items()}
        keys = ",".join(groups) + ",".join(key for key in groups) + f"{sum(counts.values())}"
        lines = [f"{key}: {', '.join(sorted(group))}" for key, group in sorted(groups.items())]
        pairs = [(word, {word}) for word in req.words]
        return Res(v=keys + pairs[0][0] + "".join(word for word, _ in pairs), words=lines)
    """,
)
case(
    "a set in a table",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        d = {"x": set(req.words)}
        return Res(v="".join(d["x"]))  # cause
    """,
)
case(
    "a set in a list, another in a pair",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        found = []
        found.append(set(req.words))
        pair = (req.v, {*req.words})
        return Res(v="".join(found[0]) + "".join(pair[1]))  # cause
    """,
)
case(
    "a table of sets is shown",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        return Res(v=str({word[0]: {word, word[1:]} for word in req.words}))  # cause
    """,
)
case(
    "sets in a chain",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        sets = [set(req.words), {"a"}]
        v = "".join(itertools.chain.from_iterable(sets))  # cause
        return Res(v=v, words=list(itertools.chain(*sets)))  # cause
    """,
)
case(
    "the names of the fields that were given",
    PROCESS,
    """
    @node
    def f(req: Req) -> Res:
        return Res(words=[name for name in req.model_fields_set])  # cause
    """,
)
case(
    "sets of the file in a table",
    PROCESS,
    """
    GROUPS = {"a": {"x", "y"}, "b": {"z"}}
    @node
    def f(req: Req) -> Res:
        return Res(v="".join(GROUPS.get(req.v, ())))  # cause
    """,
)
case(
    "sets that objects keep",
    PROCESS,
    """
    class Bag:
        def __init__(self, words):
            self.words = {*words, "a"}
            self.groups = {}
            self.later = None
        def add(self, word):
            self.groups.setdefault(word[0], set()).add(word)
            self.later = {word}
        def out(self):
            return ",".join(self.words)  # cause
        def grouped(self):
            return [x for group in self.groups.values() for x in group]  # cause
    @node
    def f(req: Req) -> Res:
        bag = Bag(req.words)
        bag.add(req.v)
        bag.more = {req.v, "b"}
        text = bag.out() + ",".join(bag.later)  # cause
        return Res(v=text + "".join(bag.more), words=bag.grouped())  # cause
    """,
)
case(
    "sets that methods and properties give",
    PROCESS,
    """
    class Bag:
        kinds = {"a", "b"}
        def __init__(self, words):
            self._words = words
        @property
        def words(self):
            return {*self._words}
        def groups(self) -> dict:
            return {"a": self.words}
        def lines(self) -> collections.abc.Iterator:
            yield self.words
    @node
    def f(req: Req) -> Res:
        bag = Bag(req.words)
        text = ",".join(bag.words)  # cause
        text += ",".join(bag.groups()["a"])  # cause
        text += ",".join(bag.kinds)  # cause
        for words in bag.lines():
            text += "".join(words)  # cause
        return Res(v=text)
    """,
)
case(
    "sets in what helpers give",
    PROCESS,
    """
    import contextlib
    def groups(req: Req) -> dict[str, set[str]]:
        return {"a": {*req.words}}
    def words(req: Req) -> collections.abc.Iterable[str]:
        return {*req.words}
    def both(req):
        return {*req.words}, req.words
    def each(req):
        yield from [{*req.words}]
    @contextlib.contextmanager
    def held(req):
        yield {*req.words}
    @node
    def f(req: Req) -> Res:
        text = ",".join(groups(req)["a"])  # cause
        text += ",".join(words(req))  # cause
        some, listed = both(req)
        text += "".join(listed)
        text += "".join(some)  # cause
        for one in each(req):
            text += "".join(one)  # cause
        with held(req) as kept:
            text += "".join(kept)  # cause
        lines = [*map(lambda group: "".join(group), groups(req).values())]  # cause
        return Res(v=text, words=lines)
    """,
)
case(
    "a set is given where a list is kept",
    PROCESS,
    """
    class Bag:
        def __init__(self, words):
            self.words = words
    @node
    def f(req: Req) -> Res:
        bag = Bag({*req.words})  # cause
        return Res(words={*bag.words})  # cause
    """,
)
case(
    "sets of objects are sorted",
    PURE,
    """
    class Tagged(Record, data="public"):
        tags: set[str] | None = None
    class Bag:
        def __init__(self, words: set[str]):
            self.words = words
            self.lines = sorted(words)
            self.groups = {}
            self.counts = {}
        def add(self, word):
            self.groups.setdefault(word[0], set()).add(word)
            self.words = self.words | {word}
            self.counts[word] = self.counts.get(word, 0) + 1
        def sizes(self):
            return {key: len(group) for key, group in self.groups.items()}
        def sorted(self) -> list[str]:
            return sorted(self.words)
    def both(req):
        return {*req.words}, sorted(req.words)
    @node
    def f(req: Req) -> Res:
        bag = Bag({*req.words})
        bag.add(req.v)
        _, lines = both(req)
        tagged = Tagged(tags={*req.words})
        text = ",".join(bag.lines) + f"{bag.sizes()}" + ",".join(bag.sorted()) + ",".join(sorted(tagged.tags or ()))
        return Res(v=text, words=[*lines, *bag.groups])
    """,
)
