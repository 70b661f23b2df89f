"""The ten stories as flows: without errors, drawn, planned, and their IR and plans as they were looked at."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from flowlattice.bench.mutants import examples
from flowlattice.check import check
from flowlattice.ir import drawing
from flowlattice.ir.build import Built, build
from flowlattice.ir.model import FlowIR
from flowlattice.plan import plan
from flowlattice.plan.text import words
from tests.support.docblocks import ROOT

HERE = Path(__file__).parent
FLOWS = {example.name: example.file for example in examples(ROOT / "examples")}
STORIES = {
    "s01_echo": "echo_norm",
    "s02_site": "site",
    "s03_etl_logs": "etl_logs",
    "s04_payments": "payments",
    "s05_clicks": "clicks",
    "s06_onboarding": "onboarding",
    "s07_ds_clean": "ds_clean",
    "s08_field_pipeline": "field_pipeline",
    "s08_field_pipeline/reconcile": "field_reconcile",
    "s09_doc_summarize": "doc_summarize",
    "s10_order_eox": "order_eox",
}


@cache
def built(name: str) -> Built:
    return build(FLOWS[name])


def ir_of(name: str) -> FlowIR:
    found = built(name)
    assert found.ir is not None, found.diagnostics
    return found.ir


def test_each_story_is_there() -> None:
    assert {name: ir_of(name).name for name in FLOWS} == STORIES


@pytest.mark.parametrize("name", FLOWS)
def test_there_is_no_error_and_no_warning_but_of_local_doubles(name: str) -> None:
    assert [found for found in check(ir_of(name)) if found.code != "CAP101"] == []


@pytest.mark.parametrize("name", FLOWS)
def test_the_ir_is_as_it_was_looked_at(name: str, golden) -> None:
    text = ir_of(name).to_json()
    assert str(ROOT) not in text
    golden(HERE / "golden" / f"{name.replace('/', '_')}.ir.json", text + "\n")


@pytest.mark.parametrize("name", FLOWS)
def test_the_plan_is_as_it_was_looked_at(name: str, golden) -> None:
    planned = plan(ir_of(name))
    file = f"{name.replace('/', '_')}.plan"
    golden(HERE / "golden" / f"{file}.txt", words(planned) + "\n")
    golden(HERE / "golden" / f"{file}.json", planned.model_dump_json(indent=2) + "\n")


@pytest.mark.parametrize("style", drawing.FORMATS)
@pytest.mark.parametrize("name", FLOWS)
def test_a_drawing_has_every_node(name: str, style: str) -> None:
    drawn = drawing.FORMATS[style](ir_of(name))
    assert [node.name for node in ir_of(name).nodes if node.name not in drawn] == []


# What a sample holds that does not fit its trigger, on purpose: its lines from 1.
MISFITS = {"s05_clicks/sample.jsonl": [5]}
SAMPLES = {
    "s01_echo/sample.jsonl": ("s01_echo", "trigger"),
    "s02_site/sample.jsonl": ("s02_site", "contact"),
    "s03_etl_logs/sample.jsonl": ("s03_etl_logs", "logs"),
    "s04_payments/sample.jsonl": ("s04_payments", "trigger"),
    "s05_clicks/sample.jsonl": ("s05_clicks", "ingest"),
    "s06_onboarding/sample.jsonl": ("s06_onboarding", "trigger"),
    "s07_ds_clean/sample.jsonl": ("s07_ds_clean", "raw"),
    "s08_field_pipeline/sample.jsonl": ("s08_field_pipeline", "readings"),
    "s08_field_pipeline/entries.jsonl": ("s08_field_pipeline/reconcile", "field_entries"),
    "s09_doc_summarize/sample.jsonl": ("s09_doc_summarize", "trigger"),
    "s10_order_eox/sample.jsonl": ("s10_order_eox", "order_events"),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_fit_their_triggers(sample: str) -> None:
    name, trigger = SAMPLES[sample]
    (node,) = [node for node in ir_of(name).triggers() if node.name == trigger]
    schema = ir_of(name).schemas[str(node.out_schema)]
    assert isinstance(schema, dict)
    lines = (ROOT / "examples" / sample).read_text(encoding="utf-8").splitlines()
    wrong = [
        number
        for number, line in enumerate(lines, start=1)
        if not Draft202012Validator(schema).is_valid(json.loads(line))
    ]
    assert wrong == MISFITS.get(sample, [])
