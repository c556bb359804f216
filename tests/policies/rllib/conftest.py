"""Ray of the tests' own: loopback, a token, a folder with a short name; processes are children of the test."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def ray_environment():
    """The environment variables of every process of a test's cluster."""
    folder = Path(tempfile.mkdtemp(prefix="fw", dir="/tmp"))
    token = folder / "token"
    token.write_text(secrets.token_hex(32), encoding="utf-8")
    (folder / "ray").mkdir()
    yield {
        **os.environ,
        "PYTHONPATH": str(HERE.parents[2]),
        "RAY_TMPDIR": str(folder),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        # Ray's own is 15: on a machine with other work, its processes would hardly ever run.
        "RAY_worker_niceness": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    shutil.rmtree(folder, ignore_errors=True)


class TwoNodes:
    """A cluster of two logical nodes of one CPU, in a process of its own."""

    def __init__(self, environment):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "two_nodes.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.address = self.process.stdout.readline().strip()

    def ask(self, what):
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def two_nodes(ray_environment):
    cluster = TwoNodes(ray_environment)
    yield cluster
    cluster.close()
