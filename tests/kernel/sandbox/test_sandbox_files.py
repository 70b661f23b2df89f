"""Files: the folder that was given can be read, the scratch folder written, and nothing else is reached."""

from pathlib import Path

import pytest

from flowlattice.sandbox import (
    Limits,
    SandboxCrashed,
    SandboxLimitExceeded,
    SandboxTaskError,
    SandboxUnavailable,
    kept_folder,
)

READ = "out = open(arguments[0]).read()"
CTYPES_READ = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
descriptor = libc.open(arguments[0].encode(), 0)
out = [descriptor, ctypes.get_errno()]
"""


@pytest.fixture
def flow(tmp_path):
    """A flow's folder beside a secret, as they lie in a home folder."""
    folder = tmp_path / "flow"
    (folder / "tables").mkdir(parents=True)
    (folder / "flow.py").write_text("flow = 'mine'\n")
    (folder / "tables" / "rates.csv").write_text("EUR,1\n")
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text("PRIVATE KEY")
    (folder / "to-secret").symlink_to(tmp_path / ".ssh" / "id_ed25519")
    (folder / "to-folder").symlink_to(tmp_path / ".ssh")
    return folder


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Contents, mode and modification time of every file below."""
    return {
        str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mode, file.stat().st_mtime_ns)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def denied(attack, source, *arguments, **options):
    with pytest.raises(SandboxTaskError) as error:
        attack(source, *arguments, **options)
    assert error.value.type in ("PermissionError", "OperationalError"), error.value.traceback


def test_own_folder_can_be_read(attack, flow):
    source = """
import os
out = [open(os.path.join(arguments[0], "flow.py")).read(), sorted(os.listdir(arguments[0])),
       open(os.path.join(arguments[0], "tables", "rates.csv")).read()]
"""

    text, names, table = attack(source, str(flow), read=[flow]).value

    assert (text, table) == ("flow = 'mine'\n", "EUR,1\n")
    assert "flow.py" in names


def test_nothing_is_readable_that_was_not_given(attack, flow):
    denied(attack, READ, str(flow / "flow.py"))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/root", "/proc/self/environ", "/proc/1/cmdline"]
)
def test_the_machine_cannot_be_read(attack, flow, path):
    denied(attack, READ, path, read=[flow])


@pytest.mark.parametrize(
    "path",
    [
        "../.ssh/id_ed25519",
        "../../{parent}/.ssh/id_ed25519",
        "tables/../../.ssh/id_ed25519",
        "to-secret",
        "to-folder/id_ed25519",
        "/proc/self/cwd/../../etc/passwd",
        "/proc/self/root/etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_folder(attack, flow, path):
    outside = str(flow / path.format(parent=flow.parent.name))

    denied(attack, READ, outside, read=[flow])


@pytest.mark.parametrize("place", ["{home}", "{home}/.ssh", "/etc", "/proc", "/tmp", "/", "/var"])
def test_no_folder_outside_can_be_listed(attack, flow, place):
    denied(attack, "import os; out = os.listdir(arguments[0])", place.format(home=flow.parent), read=[flow])


def test_calls_from_c_are_denied_as_well(attack, flow):
    assert attack(CTYPES_READ, str(flow.parent / ".ssh" / "id_ed25519"), read=[flow]).value == [-1, 13]


@pytest.mark.parametrize(
    "source",
    [
        "open(F, 'w')",
        "open(F, 'a')",
        "open(F, 'r+')",
        "open(D + '/new.py', 'w')",
        "import os; os.open(F, os.O_RDONLY | os.O_TRUNC)",
        "import os; os.open(F, os.O_ACCMODE | os.O_TRUNC)",
        "import os; os.truncate(F, 0)",
        "import os; os.unlink(F)",
        "import os; os.rename(F, D + '/other.py')",
        "import os; os.rename(F, 'taken.py')",
        "import os; os.mkdir(D + '/folder')",
        "import os; os.rmdir(D + '/tables')",
        "import os; os.chmod(F, 0o777)",
        "import os; os.fchmod(os.open(F, os.O_RDONLY), 0o777)",
        "import os; os.chown(F, 1, 1)",
        "import os; os.utime(F, (0, 0))",
        "import os; os.setxattr(F, 'user.x', b'1')",
        "import os; os.symlink(F, D + '/link')",
        "import os; os.link(F, 'hard-link')",
        "import os; os.mkfifo('fifo')",
        "import os; os.mknod('disk', 0o60666, os.makedev(8, 0))",
        "import os; os.symlink('/etc/passwd', 'link'); open('link').read()",
        "import os; os.chroot(D)",
        "import os; os.mount(D, D) if hasattr(os, 'mount') else os.chroot('/')",
        "import sqlite3; sqlite3.connect(D + '/new.db').execute('create table t (a)')",
    ],
)
def test_own_folder_cannot_be_changed(attack, flow, source):
    before = snapshot(flow)

    denied(attack, f"D, F = arguments\n{source}", str(flow), str(flow / "flow.py"), read=[flow])

    assert snapshot(flow) == before
    assert sorted(entry.name for entry in flow.iterdir()) == ["flow.py", "tables", "to-folder", "to-secret"]


@pytest.mark.parametrize("place", ["{tmp}/dropped", "/tmp/flowlattice-dropped", "/var/tmp/dropped", "/dev/shm/dropped"])
def test_nothing_can_be_dropped_elsewhere(attack, tmp_path, place):
    target = place.format(tmp=tmp_path)

    denied(attack, "open(arguments[0], 'w')", target)

    assert not Path(target).exists()


def test_scratch_folder_is_the_working_folder_and_is_removed(attack):
    source = """
import os, pathlib, sqlite3, tempfile
pathlib.Path("a/b").mkdir(parents=True)
pathlib.Path("a/b/one.txt").write_text("1")
os.rename("a/b/one.txt", "two.txt")
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
with sqlite3.connect("work.db") as database:
    database.execute("pragma journal_mode = wal")
    database.execute("create table t (a)")
    database.execute("insert into t values (1)")
out = [os.getcwd(), pathlib.Path("two.txt").read_text(), os.environ["HOME"], tempfile.gettempdir()]
"""

    scratch, text, home, temporary = attack(source).value

    assert text == "1"
    assert scratch == home == temporary
    assert not Path(scratch).exists()


@pytest.mark.parametrize(
    "source",
    [
        "import os\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')\nout = 1",
        "import os\nos.mkdir('closed', 0)\nos.mkdir('open')\nopen('open/file', 'w').close()\nout = 1",
        "import os\nfor name in ('-rf', ' ', '\\n', '\\udcff'):\n    open(name, 'w').close()\nout = 1",
    ],
    ids=["deep", "closed", "strange names"],
)
def test_scratch_folder_is_removed_whatever_is_in_it(attack, source, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert attack(source).value == 1

    assert list(tmp_path.iterdir()) == []


def test_home_folder_is_opened_for_its_own_python_files_only(attack, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text("PRIVATE KEY")
    (tmp_path / ".netrc").write_text("password")
    (tmp_path / "flow.py").write_text("mine")
    (tmp_path / "linked.py").symlink_to(tmp_path / ".netrc")

    assert attack(READ, str(tmp_path / "flow.py"), read=[tmp_path]).value == "mine"
    assert "flow.py" in attack("import os; out = os.listdir(arguments[0])", str(tmp_path), read=[tmp_path]).value
    for secret in (".ssh/id_ed25519", ".netrc", "linked.py"):
        denied(attack, READ, str(tmp_path / secret), read=[tmp_path])


def test_a_single_file_can_be_given(attack, flow):
    assert attack(READ, str(flow / "flow.py"), read=[flow / "flow.py"]).value == "flow = 'mine'\n"
    denied(attack, READ, str(flow / "tables" / "rates.csv"), read=[flow / "flow.py"])


STATE = """
import os, sqlite3
with sqlite3.connect(arguments[0] + "/state.db", isolation_level=None) as database:
    database.execute("pragma journal_mode = wal")
    database.execute("create table if not exists t (a)")
    database.execute("insert into t values (1)")
    out = database.execute("select count(*) from t").fetchone()[0]
if arguments[1]:
    os._exit(7)
"""


FILL = """
import time
for name in "one", "two":
    open(f"{arguments[0]}/{name}", "w").write("x" * 900)
while True:
    time.sleep(0.01)
"""


def test_a_folder_that_is_given_to_write_outlives_the_run_however_it_ends(attack):
    with kept_folder() as folder:
        with pytest.raises(SandboxCrashed) as crash:
            attack(STATE, str(folder), True, write=[folder])
        assert crash.value.exit_code == 7
        assert attack(STATE, str(folder), False, write=[folder]).value == 2
        denied(attack, "open(arguments[0] + '/more', 'w')", str(folder))
    assert not folder.exists()


def test_a_folder_to_write_is_as_closed_and_as_bounded_as_the_scratch_folder(attack, flow):
    with kept_folder() as folder:
        for source in ("import os; os.symlink(S, F + '/link')", "import os; os.link(S, F + '/link')", "open(S, 'w')"):
            denied(
                attack, f"F, S = arguments\n{source}", str(folder), str(flow / "flow.py"), read=[flow], write=[folder]
            )
        with pytest.raises(SandboxLimitExceeded, match="filled a folder beyond 1,000 bytes"):
            attack(FILL, str(folder), write=[folder], limits=Limits(scratch_bytes=1000))


@pytest.mark.parametrize("place", ["home", "nothing", "file"])
def test_a_folder_of_much_else_is_not_opened_to_write(attack, tmp_path, monkeypatch, place):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(SandboxUnavailable, match="no folder of its own"):
        attack("out = 1", write=[tmp_path / place])
