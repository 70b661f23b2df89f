"""Web services as people describe them: what is built answers as they say, and what is left open is asked about."""

from pathlib import Path

import pytest
import yaml

from flowlattice_agents.models.offline import OfflineModel
from flowlattice_agents.simulate import fits, simulate

SERVICES = list(yaml.safe_load_all((Path(__file__).parent / "services.yaml").read_text("utf-8")))


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service["name"])
def test_a_service_is_built_without_a_question_and_answers_as_it_should(service):
    built = OfflineModel().draft(service["brief"])
    assert built.spec is not None, built.questions
    for request, status, answer in service["probes"]:
        method, path, *body = request
        reply = simulate(built.spec, method, path, *body)
        assert reply.status == status
        if isinstance(answer, str):
            assert answer in (reply.text or str(reply.json_body))
        else:
            assert fits(answer, reply.json_body)


PRICE = 'POST /p with {"weight_g": whole number}. Up to 2000 g: 390 cents. %s Reply {"price_cents": n}.'
MAP = "POST /c takes FirstName, LastName, Phone (all text) and answers 200 with first_name, last_name and phone. %s"
LOW = (
    'POST /low takes {"items": [{"sku", "have", "need"}, ...]} (the last two whole numbers) and gives back the same '
    'objects as "items", but only those where have is below need%s, plus "count", how many they are.'
)
UNITS = (
    "GET /convert?value=1&from=m&to=ft. value is a number, from and to are each one of m, ft or in. %s "
    'Reply {"value": the result, "unit": to}.'
)


@pytest.mark.parametrize(
    "brief",
    [
        PRICE % "Above: 390 cents plus 120 cents for every kilogram over 2000 g.",
        PRICE % "Above: 390 cents plus 120 cents for every started mile over 2000 g.",
        PRICE % "Above: 500 cents. Above: 600 cents.",
        PRICE % "Above: 500 cents. express: 20 % more.",
        PRICE % "Above: 500 cents. Check: 1000 g is 400.",
        PRICE % "Above: 500 cents. Check: 1000 g on a Sunday is 390.",
        MAP % "phone is the digits of Phone only, with a + in front of every second one.",
        MAP % "Anything else they send must come back as extra.",
        LOW % ", sorted by how urgent they are",
        LOW % " in the city that was sent",
        UNITS % "ft = m * 3.28084.",
        UNITS % "ft = m * 3.28084, in = ft * rate.",
        'POST /o takes {"lines": [{"sku": text, "qty": whole number, "price_cents": whole number, '
        '"discount_cents": whole number}]} and returns {"subtotal_cents": n}.',
        'POST /o takes net_cents, a whole number, and tax_percent, a whole number. Reply {"tax_cents": n}. '
        "Tax is charged on net_cents, rounded down to a full cent, but at most 10000.",
    ],
)
def test_what_is_left_open_is_asked_about(brief):
    found = OfflineModel().draft(brief)
    assert found.spec is None
    assert found.questions
