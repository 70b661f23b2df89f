"""Records of the flow beside this file."""

from decimal import Decimal
from typing import Annotated

from flowlattice import Record, field


class Line(Record, data="internal"):
    sku: str
    pieces: Annotated[int, field(ge=1)]


class Order(Record, data="internal"):
    order_id: str
    email: Annotated[str, field(data="pii", reason="must hold one @")]
    lines: list[Line]
    total: Decimal
    class_: Annotated[str, field(alias="class")] = "normal"


class Placed(Order, data="internal"):
    note: str
