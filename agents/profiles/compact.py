"""The text form of a picture that a language model reads and writes: one flat JSON object, without spaces.

Keys are the columns of the flat form, all of them and in their order; what was not measured is `null`.
The prompt is the demographics in the same form, without the profile's label.
"""

from __future__ import annotations

import json
from typing import Any

from agents.profiles.record import (
    CHOICES,
    KINDS,
    LISTS,
    PATHS,
    PICTURE_COLUMNS,
    Demographics,
    Picture,
    Record,
)


def prompt_text(demographics: Demographics) -> str:
    """Return who the patient is, as the beginning that a model continues.

    >>> prompt_text(Demographics(profile_id="p1", age=70, sex="female", deprivation=5))[:40]
    '{"age":70,"sex":"female","ethnicity":nul'
    """
    return _dumps({k: v for k, v in demographics.__dict__.items() if k != "profile_id"})


def picture_text(picture: Picture) -> str:
    """Return the picture as text."""
    flat: dict[str, Any] = {}
    for name, value in picture.__dict__.items():
        flat.update(value.__dict__ if isinstance(value, Record) else {name: value})
    return _dumps(flat)


def picture_of(text: str) -> Picture:
    """Return the picture that a model wrote. Raises `ValueError` (pydantic's too) with what is wrong."""
    try:
        written = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("expected one flat object, got deep nesting") from None
    if not isinstance(written, dict):
        raise ValueError("expected one JSON object")
    nested: dict[str, Any] = {}
    for name, value in written.items():
        if name not in PICTURE_COLUMNS:
            raise ValueError(f"expected the columns of a picture, got {name[:40]!r}")
        into = nested
        for part in PATHS[name][1:-1]:
            into = into.setdefault(part, {})
        into[name] = value
    return Picture.model_validate(nested)


def picture_schema() -> dict[str, Any]:
    """Return the JSON Schema of the text form, for endpoints that constrain what a model writes."""
    properties = {name: _schema(name) for name in PICTURE_COLUMNS}
    return {
        "type": "object",
        "properties": properties,
        "required": list(PICTURE_COLUMNS),
        "additionalProperties": False,
    }


def _schema(name: str) -> dict[str, Any]:
    full = Picture.model_json_schema()
    path = PATHS[name][1:]
    where = full["$defs"][path[0].capitalize()] if len(path) > 1 else full
    if name in LISTS:
        limits = {"minItems": 1, "maxItems": 3} if name == "complaints" else {"maxItems": len(LISTS[name])}
        return {"type": "array", "items": {"enum": list(LISTS[name])}, "uniqueItems": True, **limits}
    if name in CHOICES:
        return {"enum": [*CHOICES[name], None]}
    kept = {
        k: v for k, v in where["properties"][name].items() if k not in ("default", "description", "title")
    }
    if KINDS[name] == "text":
        return {"type": "string", "maxLength": kept["maxLength"]}
    return kept


def _dumps(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is written twice: JSON would keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("expected each key once, got one twice")
    return found
