"""Builder: a fix that is repeated after a crash is the same fix."""

from pathlib import Path

from flowlattice.certify import Laboratory
from flowlattice.diagnostics import Diagnostic, Fix, TextEdit
from flowlattice.policy import Ruleset
from flowlattice_agents.builder import DIAGNOSTICS, Builder
from flowlattice_agents.models.offline import OfflineModel
from flowlattice_agents.progress import Progress
from flowlattice_agents.state import RunState
from flowlattice_agents.store import RunStores
from flowlattice_agents.workbench import Workbench
from flowlattice_agents.workspace import Workspace


def test_a_fix_that_was_committed_before_the_crash_is_not_applied_again(tmp_path: Path) -> None:
    store = RunStores(tmp_path).create("run1")
    workspace = Workspace(store.workspace)
    bench = Workbench(
        model=OfflineModel(),
        store=store,
        workspace=workspace,
        progress=Progress(store, lambda _: None),
        ruleset=Ruleset.load(),
        laboratory=Laboratory(),
        home=tmp_path,
        target=None,
        base=tmp_path,
    )
    edit = TextEdit(line=1, column=7, end_line=1, end_column=7, text=" + 10")
    fix = Fix(applicability="safe", title="add ten", edits=(edit,))
    found = Diagnostic(code="DAG205", message="m", file="flow.py", line=1, fix=fix)
    state: RunState = {
        "commit": workspace.commit({"flow.py": "x = 10\n"}, agent="builder", reason="Render f"),
        "diagnostics_digest": store.put(DIAGNOSTICS.dump_json([found])),
        "attempt": 1,
    }
    first = Builder(bench).build(state)
    again = Builder(bench).build(state)
    assert first == again
    assert workspace.files()["flow.py"] == "x = 10 + 10\n"
    assert [edit.reason for edit in workspace.log()] == ["Render f", "Fix DAG205"]
