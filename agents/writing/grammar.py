"""The grammars (GBNF) under which a model writes: the record's columns, words and ranges, and nothing else.

A list of ordered words can hold none twice: after a word only later words may follow. What a grammar
cannot say (complaints twice, a vignette's sense) is checked in Python after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

from agents.profiles.record import CHOICES, KINDS, LISTS, PATHS, PICTURE_COLUMNS, Picture
from agents.writing.line import BETWEEN, NO, YES

MOST_COMPLAINTS = 3
LONGEST_VIGNETTE = 400
"""Characters, as in the record. llama.cpp unrolls the repetition: 2000 would crash it."""


def line_grammar() -> str:
    """Return the grammar of `line_of`: cells with `;` between them."""
    rules = [f"root ::= {f' {_quoted(BETWEEN)} '.join(map(_name, PICTURE_COLUMNS))}"]
    for column in PICTURE_COLUMNS:
        rules += _line_cell(column)
    return "\n".join(rules) + "\n"


def json_grammar() -> str:
    """Return the grammar of `picture_text`: one flat JSON object without spaces, keys in order."""
    members = [f"{_quoted(json.dumps(column) + ':')} {_name(column)}" for column in PICTURE_COLUMNS]
    comma = f" {_quoted(',')} "
    rules = [f'root ::= "{{" {comma.join(members)} "}}"']
    for column in PICTURE_COLUMNS:
        rules += _json_cell(column)
    return "\n".join(rules) + "\n"


def _line_cell(column: str) -> Iterator[str]:
    kind, name = KINDS[column], _name(column)
    if kind == "list":
        yield from _list(column, "|", lambda word: word)
    elif kind == "text":
        yield f"{name} ::= [ -~]{{0,{LONGEST_VIGNETTE}}}"
    elif kind == "choice":
        yield f"{name} ::= ({_either(CHOICES[column])})?"
    elif kind == "bool":
        yield f"{name} ::= ({_either((NO, YES))})?"
    else:
        yield f"{name} ::= ({_number(column)})?"


def _json_cell(column: str) -> Iterator[str]:
    kind, name = KINDS[column], _name(column)
    if kind == "list":
        yield from _list(column, ",", json.dumps, "[]")
    elif kind == "text":
        yield f'{name} ::= "\\"" {name}-letter{{0,{LONGEST_VIGNETTE}}} "\\""'
        yield rf'{name}-letter ::= [^"\\\x00-\x1F\x7F-\x9F\u2028\u2029]'
    elif kind == "choice":
        yield f'{name} ::= {_either(map(json.dumps, CHOICES[column]))} | "null"'
    elif kind == "bool":
        yield f'{name} ::= "true" | "false" | "null"'
    else:
        yield f'{name} ::= {_number(column)} | "null"'


def _list(column: str, between: str, spelled: Any, brackets: str = "") -> Iterator[str]:
    """Yield the rules of a list. `x-k`: nothing yet, words from k on; `x-after-k`: at least one was written."""
    name, known, comma = _name(column), [_quoted(spelled(word)) for word in LISTS[column]], _quoted(between)
    inside = (
        f"{name}-one ({comma} {name}-one){{0,{MOST_COMPLAINTS - 1}}}"
        if column == "complaints"
        else f"{name}-0"
    )
    yield f"{name} ::= " + " ".join([*map(_quoted, brackets[:1]), inside, *map(_quoted, brackets[1:])])
    if column == "complaints":
        yield f"{name}-one ::= {' | '.join(known)}"
        return
    for k, word in enumerate(known):
        yield f"{name}-{k} ::= {word} {name}-after-{k + 1} | {name}-{k + 1}"
    for k, word in list(enumerate(known))[1:]:
        yield f"{name}-after-{k} ::= {comma} {word} {name}-after-{k + 1} | {name}-after-{k + 1}"
    yield f'{name}-{len(known)} ::= ""'
    yield f'{name}-after-{len(known)} ::= ""'


def _number(column: str) -> str:
    low, high = limits(column)
    if KINDS[column] == "int":
        return numbers(low, high, 0)
    return numbers(low * 10, high * 10, 1)


def limits(column: str) -> tuple[int, int]:
    """Return the least and the largest value of a numeric column of a picture."""
    model: Any = Picture
    for part in PATHS[column][1:-1]:
        model = model.model_fields[part].annotation
    field = model.model_fields[column]
    if column == "triage":
        return min(_values(field.annotation)), max(_values(field.annotation))
    bounds = {type(limit).__name__: limit for limit in field.metadata}
    return int(bounds["Ge"].ge), int(bounds["Le"].le)


def _values(annotation: Any) -> list[int]:
    return [value for option in get_args(annotation) for value in get_args(option)]


def numbers(low: int, high: int, decimals: int) -> str:
    """Return the alternatives of all numbers from `low` to `high`, counted in units of the last decimal.

    >>> numbers(4, 90, 0)
    '[4-9] | [1-8] [0-9] | "9" "0"'
    >>> numbers(300, 430, 1)
    '"3" [0-9] "." [0-9] | "4" [0-2] "." [0-9] | "4" "3" "." "0"'
    """
    least_digits = decimals + 1
    alternatives = []
    for digits in range(least_digits, max(len(str(high)), least_digits) + 1):
        first = max(low, 10 ** (digits - 1) if digits > least_digits else 0)
        last = min(high, 10**digits - 1)
        if first <= last:
            alternatives += _spans(str(first).zfill(digits), str(last).zfill(digits))
    return " | ".join(_spelled(spans, decimals) for spans in alternatives)


def _spans(low: str, high: str) -> list[list[str]]:
    """Return every sequence of digit ranges ("0-9", "4-4") that together cover the numbers of one length."""
    if not low:
        return [[]]
    if low[1:] == "0" * len(low[1:]) and high[1:] == "9" * len(high[1:]):
        return [[f"{low[0]}-{high[0]}", *["0-9"] * len(low[1:])]]
    if low[0] == high[0]:
        return [[f"{low[0]}-{low[0]}", *rest] for rest in _spans(low[1:], high[1:])]
    nines, noughts = "9" * len(low[1:]), "0" * len(low[1:])
    whole_from, whole_to = int(low[0]) + (low[1:] != noughts), int(high[0]) - (high[1:] != nines)
    found = [[f"{low[0]}-{low[0]}", *rest] for rest in _spans(low[1:], nines)] if low[1:] != noughts else []
    if whole_from <= whole_to:
        found.append([f"{whole_from}-{whole_to}", *["0-9"] * len(noughts)])
    if high[1:] != nines:
        found += [[f"{high[0]}-{high[0]}", *rest] for rest in _spans(noughts, high[1:])]
    return found


def _spelled(spans: list[str], decimals: int) -> str:
    parts = [f'"{span[0]}"' if span[0] == span[-1] else f"[{span}]" for span in spans]
    if decimals:
        parts.insert(-decimals, '"."')
    return " ".join(parts)


def _either(words: Any) -> str:
    return " | ".join(map(_quoted, words))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(column: str) -> str:
    return column.replace("_", "-")
