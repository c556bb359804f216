"""How a policy is written: `name`, `name:key=value:key=value`, `ckpt:FOLDER`, and `name+name` for both at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from math import isfinite

from scenarios.errors import UsageError

Parameters = Mapping[str, str]
"""Parameters as written, by key."""

PATH = "path"
"""The parameter that holds the folder of a learned policy."""

LEARNED = re.compile(r"(?:(?P<others>.*?)\+)?\s*(?P<name>ckpt(?:-[a-z]+)?)\s*:(?P<path>.*)")
"""A learned policy stands last: a folder may have any sign in its name, `+` and `:` too."""


def parse(written: str) -> list[tuple[str, dict[str, str]]]:
    """Return the names and parameters of the policies that are combined.

    >>> parse("c-mu:critical=8+nearest")
    [('c-mu', {'critical': '8'}), ('nearest', {})]
    >>> parse("nearest+ckpt:trained/a+b:c=d/iteration-000100")
    [('nearest', {}), ('ckpt', {'path': 'trained/a+b:c=d/iteration-000100'})]
    """
    if learned := LEARNED.fullmatch(written.strip()):
        if not learned["path"]:
            raise UsageError(f'policy "{written}": expected a folder after {learned["name"]}:, got nothing.')
        before = [] if learned["others"] is None else parse(learned["others"])
        return [*before, (learned["name"], {PATH: learned["path"]})]
    parts: list[tuple[str, dict[str, str]]] = []
    for part in written.split("+"):
        name, *pairs = (text.strip() for text in part.split(":"))
        parameters: dict[str, str] = {}
        for pair in pairs:
            key, equals, value = (text.strip() for text in pair.partition("="))
            if not (key and equals and value):
                raise UsageError(f'policy "{written}": expected name:key=value, got {pair!r} after "{name}".')
            if key in parameters:
                raise UsageError(f'policy "{written}": {key} is given twice. Keep one of them.')
            parameters[key] = value
        parts.append((name, parameters))
    return parts


def no_parameters(policy: str, parameters: Parameters) -> None:
    """Raise if there are parameters."""
    if parameters:
        raise UsageError(f"{policy} takes no parameters, got {', '.join(parameters)}. Write only {policy}.")


def weights_by(policy: str, known: Iterable[str], parameters: Parameters) -> dict[str, float]:
    """Return parameters that are numbers of at least 0 under known keys."""
    known = tuple(known)
    weights = {}
    for key, text in parameters.items():
        if key not in known:
            raise UsageError(f"{policy}: {key} is not a parameter. {suggestion(key, known)}")
        weights[key] = number(policy, key, text)
    return weights


def number(policy: str, key: str, text: str) -> float:
    """Return a finite number of at least 0."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise UsageError(f"{policy}:{key}: expected a number of at least 0, got {text!r}.")
    return value


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name, or all of them.

    >>> suggestion("acuty", ["acuity", "neutral"])
    'Did you mean "acuity"?'
    """
    known = list(known)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"?' if near else f"Known: {', '.join(known)}."
