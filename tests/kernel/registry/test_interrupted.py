"""A publish that is killed, or whose disk is full, leaves no half of a version, and can be done again."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest

from flowlattice.registry import FolderStore, Registry, Version
from flowlattice.signing import Keyring, SigningKey
from tests.support.published import NOW, REQUIRED, artefact

# In a process of its own, for it forks: each attempt is killed as it reaches its n-th call of fsync, or finds no room
# for more than so many bytes of a file; after each it says how many versions there are, and how many of them are whole.
ATTEMPTS = """
import json, os, pickle, resource, signal, sys
from pathlib import Path
import flowlattice.evidence  # once, and not in each attempt
from flowlattice.registry import FolderStore, Registry, RegistryError, Version
from flowlattice.signing import Keyring, SigningKey

folder, way = Path(sys.argv[1]), sys.argv[2]
artefact, pem, at, required = pickle.loads(sys.stdin.buffer.read())
key = SigningKey.of("release", pem)
registry = Registry(FolderStore(folder), keyring=Keyring([key.public]), required=required)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

def killed_at(number):
    calls, real = iter(range(1, 1000)), os.fsync
    def fsync(handle):
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        real(handle)
    os.fsync = fsync

def full_at(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

said = []
for number in map(int, sys.argv[3:]):
    child = os.fork()
    if child == 0:
        {"kill": killed_at, "full": full_at}[way](number)
        try:
            registry.publish(artefact, key, at=at)
            os._exit(0)
        except RegistryError as error:
            os._exit(27 if "cannot be written (File too large)" in str(error) else 1)
    status = os.waitpid(child, 0)[1]
    known = registry.versions("echo")
    whole = [one for one in known if registry.verified("echo", one, at=at).holds]
    said.append([os.waitstatus_to_exitcode(status), len(known), len(whole)])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def wanted(flows):
    return artefact(flows / "echo")


@pytest.mark.parametrize(
    ("way", "numbers", "code"),
    [("kill", [1, 2, 3, 4, 6, 9, 13, 17, 20, 23, 26], -9), ("full", [0, 100, 1000, 2000, 3000], 27)],
)
def test_what_is_interrupted_leaves_no_half_and_can_be_done_again(tmp_path, wanted, way, numbers, code):
    key = SigningKey.generate("release")
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, str(tmp_path / "registry"), way, *map(str, numbers)],
        input=pickle.dumps((wanted, key.pem(), NOW, REQUIRED)),
        capture_output=True,
        check=True,
    )
    attempts = json.loads(done.stdout)
    assert attempts[0] == [code, 0, 0]
    codes = [ended for ended, _, _ in attempts]
    assert set(codes) <= {code, 0}
    assert codes.count(code) >= 4
    assert all(known == whole for _, known, whole in attempts)
    registry = Registry(FolderStore(tmp_path / "registry"), keyring=Keyring([key.public]), required=REQUIRED)
    registry.publish(wanted, key, at=NOW)
    assert registry.verified("echo", Version("1.0.0"), at=NOW).holds
    assert registry.artefact("echo", Version("1.0.0")).files == wanted.files
