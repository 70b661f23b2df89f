"""The bill of materials: valid CycloneDX 1.6, the same for the same, and it lists what runs."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from flowlattice.registry.distributions import needed
from flowlattice.registry.sbom import bill_of_materials

SOURCES = {
    "flow.py": b"from __future__ import annotations\nimport json\nfrom flowlattice import Flow\nfrom .more import x\n",
    "more.py": b"import yaml.nodes\n",
    "plugins/clean.py": b"import no_such_module\n",
    "notes.txt": b"import nothing\n",
}


@pytest.fixture(scope="module")
def bom():
    return json.loads(bill_of_materials("orders", "1.2.0", SOURCES))


def test_it_is_valid_by_the_schema_of_cyclonedx(bom):
    folder = files("cyclonedx") / "schema" / "_res"
    named = {
        name: Resource.from_contents(json.loads((folder / file).read_text(encoding="utf-8")))
        for name, file in {
            "http://cyclonedx.org/schema/spdx.schema.json": "spdx.SNAPSHOT.schema.json",
            "http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.SNAPSHOT.schema.json",
        }.items()
    }
    schema = json.loads((folder / "bom-1.6.SNAPSHOT.schema.json").read_text(encoding="utf-8"))
    validator = Draft7Validator(schema, registry=Registry().with_resources(named.items()))
    assert [error.message for error in validator.iter_errors(bom)] == []
    assert bom["specVersion"] == "1.6"
    assert not validator.is_valid({**bom, "components": [{"name": "x"}]})


def test_it_lists_every_file_by_its_digest(bom):
    found = {one["name"]: one["hashes"] for one in bom["components"] if one["type"] == "file"}
    assert found == {
        name: [{"alg": "SHA-256", "content": sha256(content).hexdigest()}] for name, content in SOURCES.items()
    }


def test_it_lists_what_flowlattice_needs_and_what_the_files_import(bom):
    found = {one["name"]: one.get("version") for one in bom["components"] if one["type"] == "library"}
    assert found["flowlattice"] == version("flowlattice")
    assert found["pydantic-core"] == version("pydantic-core")  # needed by what is needed
    assert found["pyyaml"] == version("pyyaml")
    assert found["no-such-module"] is None
    assert found.keys() & {"pytest", "json", "more", "langgraph", "openai"} == set()
    (whole,) = [one for one in bom["dependencies"] if one["ref"] == "flow:orders@1.2.0"]
    libraries = [one.partition("@")[0] for one in whole["dependsOn"] if one.startswith("pkg:")]
    assert libraries == ["pkg:pypi/flowlattice", "pkg:pypi/no-such-module", "pkg:pypi/pyyaml"]


def test_the_same_gives_the_same_bytes_and_another_file_another_number(bom):
    again = bill_of_materials("orders", "1.2.0", dict(reversed(SOURCES.items())))
    assert json.loads(again) == bom
    assert again == bill_of_materials("orders", "1.2.0", SOURCES)
    other = json.loads(bill_of_materials("orders", "1.2.0", {**SOURCES, "notes.txt": b""}))
    assert other["serialNumber"] != bom["serialNumber"]
    assert "timestamp" not in bom["metadata"]


def test_what_an_extra_needs_is_listed_where_the_extra_is_asked_for():
    assert "requests" in {one.name for one in needed({"flow.py": b"import opentelemetry\n"})}
    assert "webcolors" not in {one.name for one in needed({"flow.py": b"import jsonschema\n"})}
