"""The workspace keeps each edit once, and the person's tree changes only when it is as it was found."""

from pathlib import Path

import pytest

from flowlattice_agents.errors import WorkspaceError
from flowlattice_agents.workspace import Workspace, publish, snapshot


def test_every_edit_is_a_commit_with_its_agent_reason_and_diagnostics(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    workspace.commit({"flow.py": "a\n"}, agent="builder", reason="Render f")
    workspace.commit({"flow.py": "b\n"}, agent="builder", reason="Fix DAG205", answers=("DAG205",))
    assert [(e.agent, e.reason, e.answers) for e in workspace.log()] == [
        ("builder", "Render f", ()),
        ("builder", "Fix DAG205", ("DAG205",)),
    ]


def test_a_step_that_is_repeated_leaves_one_commit(tmp_path: Path) -> None:
    first = Workspace(tmp_path / "w").commit({"flow.py": "a\n"}, agent="builder", reason="Render f")
    again = Workspace(tmp_path / "w").commit({"flow.py": "a\n"}, agent="builder", reason="Render f")
    assert first == again
    assert len(Workspace(tmp_path / "w").log()) == 1


def test_checkout_repairs_what_a_crash_left(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    workspace.commit({"flow.py": "whole\n"}, agent="builder", reason="Render f")
    (workspace.folder / "flow.py").write_text("ha")
    (workspace.folder / "stray.py").write_text("import os")
    workspace.checkout()
    assert (workspace.folder / "flow.py").read_text() == "whole\n"
    assert not (workspace.folder / "stray.py").exists()


def test_hooks_never_run(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    hook = workspace.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\nexit 1\n")
    hook.chmod(0o755)
    workspace.commit({"flow.py": "a\n"}, agent="builder", reason="Render f")
    assert not (tmp_path / "ran").exists()


def test_the_diff_is_against_what_was_there(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    workspace.commit({"flow.py": "new\n"}, agent="builder", reason="Render f")
    assert workspace.diff().splitlines() == ["--- /dev/null", "+++ b/flow.py", "@@ -0,0 +1 @@", "+new"]
    assert "-old" in workspace.diff({"flow.py": "old\n"})


def test_publish_writes_whole_files_and_is_repeatable(tmp_path: Path) -> None:
    target = tmp_path / "out"
    found = snapshot(target, ("flow.py",))
    publish({"flow.py": "a\n"}, target, expected=found)
    publish({"flow.py": "a\n"}, target, expected=found)
    assert [(file.name, file.read_text()) for file in target.iterdir()] == [("flow.py", "a\n")]


def test_publish_removes_only_what_the_run_found(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("old\n")
    found = snapshot(tmp_path, ("flow.py", "spec.yaml"))
    (tmp_path / "spec.yaml").write_text("mine\n")
    with pytest.raises(WorkspaceError, match="changed since the run began"):
        publish({"flow.py": "a\n"}, tmp_path, expected=found, removed=("spec.yaml",))
    assert [file.name for file in tmp_path.iterdir()] == ["spec.yaml"]
    (tmp_path / "spec.yaml").write_text("old\n")
    for _ in range(2):
        publish({"flow.py": "a\n"}, tmp_path, expected=found, removed=("spec.yaml",))
    assert [file.name for file in tmp_path.iterdir()] == ["flow.py"]


def test_publish_refuses_a_tree_that_moved_and_writes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "out"
    found = snapshot(target, ("flow.py", "spec.yaml"))
    target.mkdir()
    (target / "spec.yaml").write_text("mine\n")
    with pytest.raises(WorkspaceError, match="changed since the run began"):
        publish({"flow.py": "a\n", "spec.yaml": "b\n"}, target, expected=found)
    assert not (target / "flow.py").exists()
    assert (target / "spec.yaml").read_text() == "mine\n"
