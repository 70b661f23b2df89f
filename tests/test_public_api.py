"""What authors of flows import is chosen and pinned here, and what a kernel verb imports stays small."""

import inspect
import os
import subprocess
import sys

import pytest

import flowlattice
from tests.support.docblocks import ROOT

PUBLIC = [
    "Aggregate",
    "AiRead",
    "Batch",
    "BlobRead",
    "BlobReadByHash",
    "BlobWrite",
    "BudgetExceeded",
    "Buffer",
    "Cache",
    "CallFailed",
    "Clock",
    "Connector",
    "Context",
    "Creds",
    "DataClass",
    "DbRead",
    "DbWrite",
    "DeadLetter",
    "DedupeStore",
    "Determinism",
    "Distinct",
    "Effects",
    "Empty",
    "Escalate",
    "Exponential",
    "Filter",
    "Flow",
    "ForEach",
    "Halt",
    "HttpRead",
    "HttpReadPinned",
    "HttpResponse",
    "HttpWrite",
    "If",
    "InvalidInput",
    "Join",
    "KafkaWrite",
    "KvRead",
    "KvWrite",
    "Mail",
    "Map",
    "Merge",
    "ObjectRef",
    "PluginPython",
    "Profile",
    "QueueConsume",
    "QueueMessage",
    "QueuePublish",
    "Raw",
    "Record",
    "Retry",
    "Rng",
    "SeededRng",
    "SessionRead",
    "SessionStore",
    "Spill",
    "Switch",
    "Tick",
    "TokenBudget",
    "Vars",
    "Window",
    "Zip",
    "blob",
    "by",
    "cron",
    "days",
    "field",
    "gib",
    "hours",
    "http",
    "kafka",
    "kib",
    "mib",
    "minutes",
    "model",
    "ms",
    "node",
    "per",
    "queue",
    "require",
    "require_all",
    "sandboxed",
    "scopes",
    "seconds",
    "subflow",
    "tokens",
    "usd",
]

ECHO = str(ROOT / "examples" / "s01_echo" / "flow.py")

# Each of these takes long to import, and none is needed to read, check or plan a flow.
HEAVY = {
    "cel",
    "flowlattice_agents",
    "httpx",
    "hypothesis",
    "langchain_core",
    "langgraph",
    "libcst",
    "pygit2",
    "starlette",
    "uvicorn",
}


def test_the_public_names_are_these():
    assert flowlattice.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_exists_and_is_documented(name):
    assert inspect.getdoc(getattr(flowlattice, name))


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["check", ECHO], ["ir", ECHO], ["graph", ECHO], ["plan", ECHO], ["explain", "DAG001"]],
    ids=lambda arguments: arguments[0],
)
def test_a_kernel_verb_imports_nothing_heavy(arguments):
    # The variable makes every Python process, also a child of this one, list what it imports.
    done = subprocess.run(
        [sys.executable, "-c", "from flowlattice.cli import main; main()", *arguments],
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines()
    imported = {line.split("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert done.returncode == 0, [line for line in lines if not line.startswith("import time:")]
    assert "flowlattice.cli" in imported
    assert imported & HEAVY == set()
