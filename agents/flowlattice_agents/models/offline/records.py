"""Lists of objects: a field of all of them, those of which something holds, the one with the most, their order."""

from __future__ import annotations

from flowlattice_agents.expressions import ListType, RecordType
from flowlattice_agents.models.offline.scope import Typed
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.values import Values


class RecordLists(Values):
    """Reads terms about the items of lists of objects."""

    def _ref(self, value: Term) -> list[Typed]:
        """A name; the name of a field that only the items of a list have stands for all their values."""
        found = super()._ref(value)
        return found if found or self.scope.item is not None else self._pluck(Term("pluck", (value,)))

    def _pluck(self, value: Term) -> list[Typed]:
        """All values of a field that only the items of a list have."""
        name = value.terms[0].text
        return [
            typed
            for walked in self._record_lists()
            for typed in self._typed(f"[item.{self._member(walked, name)} for item in {walked.text}]")
            if self._member(walked, name)
        ]

    def _record_lists(self) -> list[Typed]:
        return [
            typed
            for typed in self._subjects()
            if isinstance(typed.type, ListType) and isinstance(typed.type.item, RecordType)
        ]

    def _member(self, walked: Typed, name: str) -> str:
        """The name in expressions of a field of a list's items; empty where there is none."""
        record = walked.type.item if isinstance(walked.type, ListType) else None
        part = (record.field(name) or record.field(name.removesuffix("s"))) if isinstance(record, RecordType) else None
        return part.name if part else ""

    def _walked(self, lists: Term) -> list[Typed]:
        """The lists of objects that a term means; any word for them where there is only one."""
        if lists.head in {"filter_by", "sorted_by"}:
            return self._lists(lists)
        return [typed for typed in self._lists(lists) if typed in self._record_lists()] or self._record_lists()[:1]

    def _filter_by(self, value: Term) -> list[Typed]:
        """The items for whose fields a condition holds."""
        lists, condition = value.terms
        found: list[Typed] = []
        for walked in self._walked(lists):
            inner = type(self)(self.scope.walking(self._item_of(walked)))
            for test in inner.conditions(condition):
                if "item" in test.text:
                    found.extend(self._typed(f"[item for item in {walked.text} if {test.text}]"))
        return found

    def _item_with(self, value: Term) -> list[Typed]:
        """The item with the largest or smallest value of a field, or a field of that item."""
        extreme, by, *wanted = value.terms
        selection = "with_largest" if extreme.head == "max" else "with_smallest"
        found: list[Typed] = []
        for walked in self._record_lists():
            key = self._member(walked, by.text)
            call = f"selection.{selection}({walked.text}, [item.{key} for item in {walked.text}])"
            name = self._member(walked, wanted[0].text) if wanted else ""
            if key and (name or not wanted):
                found.extend(self._typed(f"{call}.{name}" if wanted else call))
        return found

    def _sorted_by(self, value: Term) -> list[Typed]:
        """The items in order of a field."""
        lists, by, *down = value.terms
        operator = "lists.sort_by_descending" if down else "lists.sort_by"
        found: list[Typed] = []
        for walked in self._walked(lists):
            key = self._member(walked, by.text)
            if key:
                found.extend(self._typed(f"{operator}({walked.text}, [item.{key} for item in {walked.text}])"))
        return found

    def _sum(self, value: Term) -> list[Typed]:
        """A sum; of a product of fields of a list's items, item by item."""
        found = self._operation(value)
        if found or len(value.terms) != 1 or self.scope.item is not None:
            return found
        return [typed for one in self._record_lists() for typed in self._summed(value.terms[0], one)]

    _total = _sum

    def _summed(self, what: Term, walked: Typed) -> list[Typed]:
        inner = type(self)(self.scope.walking(self._item_of(walked)))
        return [
            typed
            for one in inner.values(what)
            if "item" in one.text
            for typed in self._typed(f"aggregation.total([{one.text} for item in {walked.text}])")
        ]

    def _count_by(self, value: Term) -> list[Typed]:
        return self.values(term("count", Term("filter_by", value.args)))
