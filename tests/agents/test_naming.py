"""The name of a flow, read from its file."""

import pytest

import flowlattice
from flowlattice_agents.naming import IMPORTED, name_in


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ('flow = Flow("orders", version="1.0.0")\n', "orders"),
        ('flow = flowlattice.Flow(version="1.0.0", name="orders")\n', "orders"),
        ('flow = Flow("../../etc", version="1.0.0")\n', None),
        ("flow = Flow(NAME, version='1.0.0')\n", None),
        ("flow = Flow(\n", None),
        ("x = 1\n", None),
        ("\0", None),
    ],
)
def test_a_name_is_read_where_it_is_written_out(source: str, name: str | None) -> None:
    assert name_in(source) == name


def test_what_rendered_flows_import_is_there_and_reserved():
    assert set(flowlattice.__all__) >= IMPORTED
    assert "Mail" not in IMPORTED, "a brief's own word"
