"""The process in which llama.cpp works: started, asked, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from agents.writing.llama_worker import Request, Setup, as_line
from scenarios.errors import RunError

KEPT = "What was written before is kept."
PATIENCE_SECONDS = 2.0
"""Until a process that was asked to end is ended."""


class LlamaProcess:
    """See `agents.writing.llama_worker` for what is said to it."""

    def __init__(self, setup: Setup) -> None:
        threads = str(setup.threads)
        self._model = setup.model
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agents.writing.llama_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            env=os.environ | {"OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "passive"},
            cwd=Path(__file__).resolve().parents[2],
        )
        try:
            self.ask(setup)
        except BaseException:
            self.close()
            raise

    def ask(self, message: Setup | Request) -> dict[str, Any]:
        """Return the answer; `RunError` if llama.cpp refuses or the process ends."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = b""
        with suppress(BrokenPipeError):
            self._process.stdin.write(as_line(message).encode())
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise RunError(f"{self._model}: {self._end()} {KEPT}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RunError(f"{self._model}: {answer['error']}. {KEPT}")
        return answer

    def close(self) -> None:
        """End the process, kindly first."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._noise.close()

    def _end(self) -> str:
        """Say how the process ended, with the last thing it printed."""
        code = self._process.wait()
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self._noise.seek(0)
        last = self._noise.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        return f"the process of llama.cpp {how}{': ' + last[0] if last else ''}."
