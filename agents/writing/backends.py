"""Back ends by the name that the command line takes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from agents.writing.calibrated_writer import CalibratedWriter
from agents.writing.endpoint_writer import EndpointWriter
from agents.writing.forms import json_form, line_form
from agents.writing.llama_writer import embedded_writer, gguf_writer
from agents.writing.writer import Writer
from scenarios.errors import UsageError

NAMES = ("calibrated", "embedded", "gguf:PATH", "openai:URL")


def writer_named(
    backend: str,
    people: pd.DataFrame,
    seed: int,
    model: str | None = None,
    form: str = "json",
    threads: int = 1,
    timeout: float = 120.0,
) -> Writer:
    """Return the writer of a back end. Raises `UsageError` and `MissingExtra`.

    `model`, `form` and `timeout` (seconds) concern endpoints, `threads` a model file.
    """
    kind, _, where = backend.partition(":")
    if kind == "calibrated" and not where:
        return CalibratedWriter(people, seed)
    if kind == "embedded" and not where:
        return embedded_writer()
    if kind == "gguf" and where:
        return gguf_writer(Path(where).expanduser(), threads)
    if kind == "openai" and where:
        return EndpointWriter(where, {"json": json_form, "line": line_form}[form](), model, timeout)
    raise UsageError(f"--backend {backend}: expected one of {', '.join(NAMES)}.")
