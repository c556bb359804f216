"""Pictures from a GGUF file on this machine, by llama-cpp-python in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import file_digest
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from agents.embedded.gguf_file import NAME
from agents.profiles.record import Demographics, Picture
from agents.writing.forms import Form, json_form, line_form
from agents.writing.llama_process import LlamaProcess
from agents.writing.llama_worker import Request, Setup
from agents.writing.reading import read
from agents.writing.writer import Rejected
from scenarios.errors import MissingExtra, UsageError

EMBEDDED = Path(__file__).resolve().parents[1] / "embedded" / "profiles.gguf"
"""The model that is shipped."""
EMBEDDED_LABEL = "the embedded model: a distilled sampler of its corpus, not a medical model"
MAGIC = b"GGUF"
HEAD_BYTES = 4096
"""Where a file of ours says its name."""
CONTEXT_OF_LINE, CONTEXT_OF_CHAT = 512, 6144
"""Tokens of prompt and answer together."""


class LlamaWriter:
    """A writer (see `agents.writing.writer`). One sequence at a time, so that output repeats."""

    repeatable = True

    def __init__(self, model: Path, form: Form, label: str, threads: int = 1) -> None:
        self.label = label
        self._model, self._form, self._threads = model, form, threads

    @property
    def identity(self) -> Mapping[str, str]:
        """The model's hash, the form's version, llama-cpp-python's version, the way of sampling."""
        with self._model.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        return {
            "model": digest, "form": self._form.version, "llama_cpp_python": version("llama-cpp-python"),
            "sampling": f"temperature 1, whole vocabulary, one sequence, {self._threads} thread(s)",
        }  # fmt: skip

    def __enter__(self) -> Self:
        chat = self._form.messages
        self._process = LlamaProcess(
            Setup(
                model=str(self._model.resolve()),
                grammar=self._form.grammar,
                messages=None if chat is None else list(chat),
                context=CONTEXT_OF_LINE if chat is None else CONTEXT_OF_CHAT,
                threads=self._threads,
                full_precision=chat is None,
            )
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._process.close()

    def write(self, demographics: Demographics, seed: int, attempt: int) -> Picture:
        """Return a picture, or raise `Rejected`; `RunError` if llama.cpp fails."""
        names = ("profile", demographics.profile_id, f"attempt {attempt}")
        request = Request(self._form.header(demographics), seed, names, self._form.longest)
        answer = self._process.ask(request)
        if answer["end"] == "length":
            raise Rejected("longer than it may be")
        return read(answer["text"], self._form)


def embedded_writer() -> LlamaWriter:
    """Return the writer of the shipped model."""
    require_llama("--backend embedded")
    return LlamaWriter(EMBEDDED, line_form(), EMBEDDED_LABEL)


def gguf_writer(model: Path, threads: int) -> LlamaWriter:
    """Return the writer of a model file. Raises `UsageError` if it cannot be one."""
    problem = _what_is_wrong_with(model)
    if problem:
        raise UsageError(f"--backend gguf:{model}: {problem}")
    require_llama("--backend gguf")
    if _is_ours(model):
        return LlamaWriter(model, line_form(), EMBEDDED_LABEL, threads)
    return LlamaWriter(
        model, json_form(), f"the language model {model.name}; not checked by clinicians", threads
    )


def require_llama(what: str) -> None:
    """Raise `MissingExtra` if llama-cpp-python is not installed, with what works without it."""
    if find_spec("llama_cpp") is None:
        error = MissingExtra("llm", what)
        error.add_note(
            "It compiles llama.cpp: a C++ compiler and some minutes. Without it `--backend calibrated` works."
        )
        raise error


def _what_is_wrong_with(model: Path) -> str | None:
    try:
        with model.open("rb") as file:
            magic = file.read(len(MAGIC))
    except FileNotFoundError:
        return "no such file. No model is ever downloaded: give the path of one that you have."
    except OSError as error:
        return f"cannot be read: {error.strerror}."
    return None if magic == MAGIC else "not a GGUF file (it does not begin with GGUF)."


def _is_ours(model: Path) -> bool:
    """Whether it was written by `agents.embedded`: then it knows our text form, and no chat."""
    with model.open("rb") as file:
        return NAME.encode() in file.read(HEAD_BYTES)
