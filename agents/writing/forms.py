"""The two text forms in which a model reads a patient and writes a picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from agents.profiles.compact import picture_of, picture_schema, prompt_text
from agents.profiles.record import Demographics, Picture
from agents.writing.grammar import json_grammar, line_grammar
from agents.writing.line import line_prompt, picture_of_line
from agents.writing.llama_worker import HEADER


@dataclass(frozen=True)
class Form:
    """A text form. `messages`, if there are any, are a chat whose last one holds `HEADER`."""

    name: str
    header: Callable[[Demographics], str]
    read: Callable[[str], Picture]
    """Raises `ValueError` with what is wrong."""
    grammar: str
    messages: tuple[dict[str, str], ...] | None
    schema: dict[str, Any] | None
    """The JSON Schema of the answer, for an endpoint; None: it is no JSON, and the grammar is sent."""
    longest: int
    """Tokens of an answer; far more than any needs."""

    @property
    def version(self) -> str:
        """Changes with every change of what a model is told."""
        told = json.dumps([self.name, self.grammar, self.messages, self.schema], sort_keys=True)
        return f"{self.name}-{sha256(told.encode()).hexdigest()[:12]}"


SYSTEM = (
    "You write synthetic patients for testing hospital software. No real person is described. "
    "You are given who presents at an emergency department, as JSON. Answer with the clinical picture of that "
    "patient as one JSON object and nothing else. It must be plausible for that age and sex, and agree with itself: "
    "vital signs and laboratory results fit the complaint and the diagnoses, medications fit the diagnoses and not "
    "the allergies. Most people are not very ill. triage is from 1 (at once) to 5 (can wait). Write null for what "
    "was not measured, [] for none. Chief complaint first. vignette: one or two sentences, at most 400 characters, "
    "that say the same as the other fields, without names, places or dates.\nThe object follows this JSON Schema:\n"
)


def line_form() -> Form:
    """Return the form of the embedded model."""
    return Form("line", line_prompt, picture_of_line, line_grammar(), None, None, longest=400)


def json_form() -> Form:
    """Return the form for every other model: a chat, and JSON."""
    schema = picture_schema()
    instructions = SYSTEM + json.dumps(schema, separators=(",", ":"))
    messages = ({"role": "system", "content": instructions}, {"role": "user", "content": HEADER})
    return Form("json", prompt_text, picture_of, json_grammar(), messages, schema, longest=1200)
