"""Blob backends: a folder, and the double in a folder of its own."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable

import pytest

from flowlattice.bindings import EnvironmentBindings, LocalBindings
from flowlattice.errors import ObjectMissing, PinBroken
from tests.support.flows import running

TOML = '[test.files]\nbackend = "folder"\npath = "bucket"\n'


@pytest.fixture(params=["memory", "state", "folder"])
def bindings(request, tmp_path):
    makers: dict[str, Callable[[], EnvironmentBindings | LocalBindings]] = {
        "memory": LocalBindings,
        "state": lambda: LocalBindings(tmp_path / "state"),
        "folder": lambda: EnvironmentBindings(TOML, "test", tmp_path),
    }
    made = makers[request.param]()
    yield made
    asyncio.run(made.close())


def digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@running
async def test_what_is_put_is_found_by_key_by_digest_and_in_the_list(bindings):
    files = bindings.blob("files")
    assert await files.list("") == []
    made = await files.put("a/b.txt", b"one")
    assert (made.bucket, made.key, made.digest, made.size) == (files.bucket, "a/b.txt", digest(b"one"), 3)
    await files.put("a.txt", b"two")
    await files.put("a/b.txt", b"three")
    assert await files.get("a/b.txt") == b"three"
    assert await files.get_by_hash(digest(b"two")) == b"two"
    assert [reference.key for reference in await files.list("")] == ["a.txt", "a/b.txt"]
    assert [reference.digest for reference in await files.list("a/")] == [digest(b"three")]
    with pytest.raises(ObjectMissing, match="binding files has no object sha256:"):
        await files.get_by_hash(digest(b"one"))
    await files.delete("a/b.txt")
    await files.delete("a/b.txt")
    with pytest.raises(ObjectMissing, match=r"binding files has no object a/b\.txt"):
        await files.get("a/b.txt")


@running
async def test_bindings_have_buckets_of_their_own(bindings):
    if isinstance(bindings, LocalBindings):
        await bindings.blob("files").put("k", b"1")
        assert await bindings.blob("others").list("") == []
    assert bindings.blob("files") is bindings.blob("files")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../up", "a/../../up", "a//b", "a/./b", "a\\b", "a\0b", "k" * 1025])
@running
async def test_what_is_no_key(bindings, key):
    for work in (
        bindings.blob("files").get(key),
        bindings.blob("files").put(key, b""),
        bindings.blob("files").delete(key),
    ):
        with pytest.raises(ValueError, match="is no key"):
            await work


@pytest.mark.parametrize("wanted", ["", "sha256:00", "md5:" + "0" * 64, "sha256:" + "G" * 64])
@running
async def test_what_is_no_digest(bindings, wanted):
    with pytest.raises(ValueError, match="a digest is sha256: and 64 hex digits"):
        await bindings.blob("files").get_by_hash(wanted)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bucket").mkdir()
    return tmp_path / "bucket"


@running
async def test_files_that_others_put_there_are_objects(tmp_path, folder):
    (folder / "deep").mkdir()
    (folder / "deep" / "log.txt").write_bytes(b"log")
    files = EnvironmentBindings(TOML, "test", tmp_path).blob("files")
    (found,) = await files.list("")
    assert (found.bucket, found.key, found.size) == ("bucket", "deep/log.txt", 3)
    assert await files.get_by_hash(found.digest) == b"log"


@running
async def test_a_file_that_was_changed_is_not_what_was_listed(tmp_path, folder):
    (folder / "log.txt").write_bytes(b"log")
    files = EnvironmentBindings(TOML, "test", tmp_path).blob("files")
    (found,) = await files.list("")
    (folder / "log.txt").write_bytes(b"changed")
    with pytest.raises(ObjectMissing):
        await files.get_by_hash(found.digest)


@running
async def test_a_file_that_was_changed_behind_its_date_is_never_handed_on(tmp_path, folder):
    (folder / "log.txt").write_bytes(b"log")
    was = (folder / "log.txt").stat()
    files = EnvironmentBindings(TOML, "test", tmp_path).blob("files")
    (found,) = await files.list("")
    (folder / "log.txt").write_bytes(b"LOG")
    os.utime(folder / "log.txt", ns=(was.st_atime_ns, was.st_mtime_ns))
    with pytest.raises(PinBroken, match=r"gave sha256:.* where sha256:.* is pinned"):
        await files.get_by_hash(found.digest)


@running
async def test_a_link_out_of_the_folder_leads_nowhere(tmp_path, folder):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "file").symlink_to(tmp_path / "outside" / "secret.txt")
    files = EnvironmentBindings(TOML, "test", tmp_path).blob("files")
    assert await files.list("") == []
    for key in ("link/secret.txt", "file"):
        with pytest.raises(ValueError, match="leads out of the bucket"):
            await files.get(key)


@running
async def test_a_bucket_may_have_a_name_of_its_own(tmp_path):
    text = TOML + 'bucket = "logs"\n'
    files = EnvironmentBindings(text, "test", tmp_path).blob("files")
    assert (await files.put("k", b"")).bucket == "logs"
    assert (tmp_path / "bucket" / "k").read_bytes() == b""


@running
async def test_what_a_double_keeps_for_this_process_goes_with_it():
    bindings = LocalBindings()
    await bindings.blob("files").put("k", b"1")
    await bindings.close()
    assert await bindings.blob("files").list("") == []
