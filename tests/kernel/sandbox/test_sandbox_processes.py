"""Processes, privileges and the environment: a sandboxed task is alone, has no rights, and knows no secrets."""

import os
import select
import signal
import subprocess
import sys
import time

import pytest

from flowlattice.sandbox import JsonValue, Sandbox, SandboxCrashed, SandboxTaskError

EXECUTE = "tests.kernel.sandbox.sandbox_tasks:execute"

STARTS = {
    "subprocess": "import subprocess; subprocess.run(['/bin/echo', 'hi'])",
    "fork": "import os; os.fork()",
    "forkpty": "import pty; pty.fork()",
    "spawn": "import os; os.posix_spawn('/bin/echo', ['echo'], {})",
    "exec": "import os; os.execv('/bin/echo', ['echo'])",
    "exec of the interpreter": "import os, sys; os.execv(sys.executable, ['python', '-c', 'pass'])",
    "multiprocessing": "import multiprocessing as m; m.get_context('fork').Process(target=print).start()",
}
SIGNALS = {
    "kill": "os.kill(PARENT, 9)",
    "harmless kill": "os.kill(PARENT, 0)",
    "template": "os.kill(os.getppid(), 9)",
    "everybody": "os.kill(-1, 9)",
    "own group": "os.kill(0, 9)",
    "parent's group": "os.killpg(os.getpgid(PARENT), 9)",
    "input signal": "import fcntl; fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, PARENT)",
    "chosen signal": "import fcntl; fcntl.fcntl(os.pipe()[0], fcntl.F_SETSIG, 9)",
    "slower": "os.setpriority(os.PRIO_PROCESS, PARENT, 19)",
    "elsewhere": "os.sched_setaffinity(PARENT, {0})",
    "limits": "import resource; resource.prlimit(PARENT, resource.RLIMIT_CPU, (1, 1))",
}
PRIVILEGES = {
    "user": "os.setuid(0)",
    "groups": "os.setgroups([0])",
    "limit": "import resource; resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)",
    "session": "os.setsid()",
    "memory file": "os.memfd_create('x')",
    "host name": "import socket; socket.sethostname('x')",
    "clock": "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
}
# Calls that Python has no function for, by their x86_64 and aarch64 numbers.
KERNEL_CALLS = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "tkill": (200, 130),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "unshare": (272, 97),
    "setns": (308, 268),
    "pivot_root": (155, 41),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "reboot": (169, 142),
    "personality": (135, 92),
    "seccomp": (317, 277),
    "capset": (126, 91),
    "clone3": (435, 435),
    "execveat": (322, 281),
    "openat2": (437, 437),
}


@pytest.mark.parametrize("source", STARTS.values(), ids=STARTS.keys())
def test_no_process_can_be_started(attack, source):
    with pytest.raises(SandboxTaskError) as error:
        attack(source)
    assert error.value.type in ("PermissionError", "OSError"), error.value.traceback


def test_a_shell_command_does_nothing(attack, tmp_path):
    attack("import os; os.system(f'echo hi > {arguments[0]}')", str(tmp_path / "proof"), read=[tmp_path])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", SIGNALS.values(), ids=SIGNALS.keys())
def test_no_other_process_can_be_touched(attack, source):
    with pytest.raises(SandboxTaskError) as error:
        attack(f"import os\nPARENT, = arguments\n{source}", os.getpid())
    assert error.value.type == "PermissionError", error.value.traceback


def test_it_may_signal_itself(attack):
    with pytest.raises(SandboxCrashed) as error:
        attack("import os; os.kill(os.getpid(), 15)")
    assert error.value.signal == "SIGTERM"


@pytest.mark.parametrize("source", PRIVILEGES.values(), ids=PRIVILEGES.keys())
def test_no_privilege_is_left(attack, source):
    with pytest.raises(SandboxTaskError) as error:
        attack(f"import os\n{source}")
    assert error.value.type in ("PermissionError", "ValueError"), error.value.traceback


def test_dangerous_kernel_calls_are_refused(attack):
    source = """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
column = ("x86_64", "aarch64").index(platform.machine())
out = {}
for name, numbers in arguments[0].items():
    ctypes.set_errno(0)
    out[name] = [libc.syscall(ctypes.c_long(numbers[column]), *[ctypes.c_long(0)] * 6), ctypes.get_errno()]
"""
    refused = ([-1, 1], [-1, 38])

    answers = attack(source, {name: [*numbers] for name, numbers in KERNEL_CALLS.items()}).value

    assert {name: answer for name, answer in answers.items() if answer not in refused} == {}


@pytest.mark.parametrize(("option", "value"), [(4, 1), (1, 0), (22, 1), (23, 0), (24, 0)])
def test_settings_of_the_process_cannot_be_taken_back(attack, option, value):
    source = (
        "import ctypes; l = ctypes.CDLL(None, use_errno=True); out = [l.prctl(*arguments, 0, 0, 0), ctypes.get_errno()]"
    )

    assert attack(source, option, value).value == [-1, 1]


def test_another_calling_convention_kills(attack):
    with pytest.raises(SandboxCrashed) as error:
        attack("import ctypes; ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 + 39))")
    assert error.value.signal == "SIGSYS"


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("PAYMENTS_API_KEY", "sk-live-1234")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere/sk-live-1234.py")
    return "sk-live-1234"


def test_no_secret_is_in_the_environment(secret):
    with Sandbox(EXECUTE) as fresh:
        source = "import os; out = dict(os.environ)"
        environment = fresh.run(EXECUTE, {"source": source, "arguments": []}).value

    assert isinstance(environment, dict)
    assert secret not in str(environment)
    assert "PAYMENTS_API_KEY" not in environment


@pytest.mark.parametrize("whose", ["self", "{parent}", "{template}"])
@pytest.mark.parametrize("what", ["environ", "mem", "maps", "cmdline", "status", "root/", "fd/"])
def test_no_process_can_be_looked_into(attack, whose, what):
    source = """
import os
path = arguments[0].format(parent=arguments[1], template=os.getppid())
os.listdir(path) if path.endswith("/") else open(path, "rb").read(1)
"""
    with pytest.raises(SandboxTaskError, match="PermissionError"):
        attack(source, f"/proc/{whose}/{what}", os.getpid())


def test_variables_can_be_given():
    with Sandbox(EXECUTE, env={"PYTHONHASHSEED": "7"}) as seeded:
        request: JsonValue = {"source": "out = hash('a')", "arguments": []}
        first, second = (seeded.run(EXECUTE, request).value for _ in range(2))
    with Sandbox(EXECUTE, env={"PYTHONHASHSEED": "7"}) as again:
        third = again.run(EXECUTE, request).value

    assert first == second == third


def test_open_files_of_the_parent_are_closed(attack, tmp_path):
    (tmp_path / "secret").write_text("PRIVATE")
    source = """
import os
out = []
for descriptor in range(3, 200):
    try:
        os.fstat(descriptor)
        out.append(os.read(descriptor, 10).decode())
    except OSError as error:
        pass
"""
    with (tmp_path / "secret").open() as opened:
        os.set_inheritable(opened.fileno(), True)
        assert attack(source).value == []


def test_a_killed_parent_takes_its_sandbox_along(tmp_path):
    program = """
import sys
from flowlattice.sandbox import run
source = "import os; open('work', 'w').close(); emit(os.getpid())\\nwhile True: pass"
run(sys.argv[1], {"source": source, "arguments": []}, on_event=lambda pid: print(pid, flush=True))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", program, EXECUTE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        sandboxed = os.pidfd_open(int(parent.stdout.readline()))
        assert list(tmp_path.iterdir()) != []
        parent.send_signal(signal.SIGKILL)

    # A process file descriptor becomes readable when its process ends.
    assert select.select([sandboxed], [], [], 30)[0] == [sandboxed]
    os.close(sandboxed)
    eventually(lambda: list(tmp_path.iterdir()) == [])


def eventually(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
