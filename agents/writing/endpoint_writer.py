"""Pictures from an OpenAI-compatible endpoint: chat completions, constrained by a JSON Schema."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from agents.profiles.record import Demographics, Picture
from agents.writing.chat_server import ChatServer, Unexpected, Unreadable
from agents.writing.forms import Form
from agents.writing.llama_worker import HEADER
from agents.writing.reading import read
from agents.writing.writer import Rejected
from scenarios.errors import RunError
from sim.streams import uniforms

KEY_VARIABLE = "FAIRWARD_API_KEY"
"""Where the key is looked for, and nowhere else: another program's key goes to no server of your choice."""


class EndpointWriter:
    """A writer (see `agents.writing.writer`). What a server writes for a seed is its own affair: not repeatable."""

    repeatable = False

    def __init__(
        self,
        url: str,
        form: Form,
        model: str | None = None,
        timeout: float = 120.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._server = ChatServer(url, os.environ.get(KEY_VARIABLE), timeout, sleep)
        self._form = form
        self._model = model or self._first_model()
        self.label = f"the language model {self._model} at {self._server.url}; not checked by clinicians"

    @property
    def identity(self) -> Mapping[str, str]:
        """Address, the model's name, the form's version, the way of sampling."""
        return {
            "endpoint": self._server.url, "model": self._model, "form": self._form.version,
            "sampling": "temperature 1, top_p 1",
        }  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open."""

    def write(self, demographics: Demographics, seed: int, attempt: int) -> Picture:
        """Return a picture, or raise `Rejected`; `RunError` if the server fails, try after try."""
        names = ("profile", demographics.profile_id, f"attempt {attempt}")
        header = self._form.header(demographics)
        messages = self._form.messages or ({"role": "user", "content": HEADER},)
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [m | {"content": m["content"].replace(HEADER, header)} for m in messages],
            "temperature": 1,
            "top_p": 1,
            "seed": int(uniforms(seed, 0, names, 1)[0] * 2**31),
            "max_tokens": self._form.longest,
        }
        if self._form.schema is None:  # the embedded model, behind a server of llama.cpp, which knows these
            request |= {"grammar": self._form.grammar, "top_k": 0, "min_p": 0}
        else:
            schema = {"name": "clinical_picture", "schema": self._form.schema}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        try:
            text, end = self._server.ask("/chat/completions", request, _completion)
        except Unreadable:
            raise Rejected("not readable by its own server") from None
        if end == "length":
            raise Rejected("longer than it may be")
        return read(text, self._form)

    def _first_model(self) -> str:
        try:
            name: str = self._server.ask("/models", None, _first)
        except RunError as error:
            error.add_note("A server that lists no models: say which one to use by --model NAME.")
            raise
        return name


def _completion(answer: Any) -> tuple[str, str]:
    """Return the text, and why it ended."""
    try:
        choice = answer["choices"][0]
        content, end = choice["message"]["content"], choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Unexpected("a chat completion") from None
    if not isinstance(content, str):
        raise Unexpected("a chat completion with text")
    return content, str(end)


def _first(answer: Any) -> str:
    try:
        name = answer["data"][0]["id"]
    except (KeyError, IndexError, TypeError):
        raise Unexpected("a list of models") from None
    if not isinstance(name, str):
        raise Unexpected("a list of models")
    return name
