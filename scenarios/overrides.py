"""`--set hospitals.north.beds.icu.count=12`: changes to a scenario from the command line.

`=` replaces; `+=`, `-=` and `*=` compute with numbers, shares, durations and rates (a key that is not
written counts as its default); `+=` also appends to a list. Values are YAML: `{count: 4}`, `[a, b]`.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, get_args

from scenarios.complaints import INSTEAD_OF_PREEMPTION, REFUSES_PREEMPTION, is_preemption
from scenarios.errors import Problem, ScenarioError
from scenarios.quantities import Hours, Spec
from scenarios.reading import read_value
from scenarios.scenario import Scenario
from scenarios.shape import (
    did_you_mean,
    field_of,
    holds_things,
    inside,
    is_counted,
    is_one_key,
    keys_of,
    listing,
    short_for,
    spec_of,
)
from scenarios.tree import Node, Path, Place, from_plain, path_text, plain, value_text
from scenarios.units import format_duration, parse_duration, parse_rate

SEGMENT = re.compile(
    r"""\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^."\[\]=]+?))\s*(?P<indices>(?:\[\d{1,6}\])*)\s*(?:\.|$)"""
)
FORM = "a change such as hospitals.north.beds.icu.count=12"


class Override(NamedTuple):
    """One change: where, how (`=`, `+=`, `-=`, `*=`) and what."""

    path: Path
    operator: str
    value: Node
    place: Place


class _Refused(Exception):
    def __init__(self, path: Path, expected: str, got: str, remedy: str = "") -> None:
        self.parts = (path_text(path), expected, got, remedy)


def overridden(root: Node, texts: Sequence[str]) -> Node:
    """Return the scenario with the changes made, in order. All that cannot be made are told together."""
    problems: list[Problem] = []
    for number, text in enumerate(texts, start=1):
        place = Place(f"--set {number}")
        try:
            change = parse_override(text, place)
            root = _changed(root, Scenario, change.path, (), change)
        except _Refused as refusal:
            problems.append(Problem(*place, *refusal.parts))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return root


def parse_override(text: str, place: Place) -> Override:
    """Read `path=value`, `path+=value`, `path-=value` or `path*=value`."""
    found = re.match(r"""(?P<path>(?:"[^"]*"|[^="])*?)(?P<operator>[-+*]?=)(?P<value>.*)""", text, re.DOTALL)
    if found is None:
        raise _Refused((), FORM, value_text(text))
    value = read_value(found["value"], place.file)
    return Override(_parse_path(found["path"].strip()), found["operator"], value, place)


def _parse_path(text: str) -> Path:
    path: list[str | int] = []
    end = 0
    while end < len(text):
        segment = SEGMENT.match(text, end)
        if segment is None:
            raise _Refused((), FORM, value_text(text), "Put a name that holds a dot or a bracket in quotes.")
        path.append(segment["bare"] if segment["quoted"] is None else segment["quoted"])
        path += [int(index) for index in re.findall(r"\d+", segment["indices"])]
        end = segment.end()
    if not path or text.endswith("."):
        raise _Refused((), FORM, value_text(text))
    return tuple(path)


def _changed(node: Node, annotation: Any, rest: Path, done: Path, change: Override) -> Node:
    """Return `node`, which stands at `done`, with the change made at `rest` below it."""
    if not rest:
        return _combined(node, annotation, done, change)
    key, rest = rest[0], rest[1:]
    path = (*done, key)
    if isinstance(key, int):
        if not isinstance(node.value, list):
            raise _Refused(done, "a list", value_text(plain(node)), f"Leave out [{key}].")
        if key >= len(node.value):
            raise _Refused(path, f"an index below {len(node.value)}", str(key), "Use += to append.")
        items = list(node.value)
        items[key] = _changed(items[key], inside(annotation, key), rest, path, change)
        return Node(items, node.place)
    entries = _entries(node, annotation, done)
    if key in entries:
        old: Node = entries[key]
    else:
        _check_new_key(entries, annotation, path, last=not rest, change=change)
        old = _absent(annotation, key, change)
        if is_one_key(annotation) and key != "when":
            entries = {name: child for name, child in entries.items() if name == "when"}
    return Node({**entries, key: _changed(old, inside(annotation, key), rest, path, change)}, node.place)


def _entries(node: Node, annotation: Any, path: Path) -> dict[str, Node]:
    match node.value:
        case dict() as entries:
            return entries
        case None:
            return {}
        case list():
            raise _Refused(path, "an index such as [0], since this is a list", "a name")
    short = short_for(spec_of(annotation))
    if short is None:
        raise _Refused(path, "a mapping", value_text(node.value), "It is a single value and has no keys.")
    return {short: node}


def _check_new_key(
    entries: dict[str, Node], annotation: Any, path: Path, last: bool, change: Override
) -> None:
    """Refuse a key that the schema does not know, or the name of a thing that does not exist."""
    name = str(path[-1])
    if inside(annotation, name) is None and is_preemption(name):
        raise _Refused(path, "", REFUSES_PREEMPTION, INSTEAD_OF_PREEMPTION)
    if inside(annotation, name) is None:
        spec = spec_of(annotation)
        known = (
            [*entries, *(keys_of(spec) if spec else [])] if annotation is not Scenario else keys_of(Scenario)
        )
        what = f'"{name}" is not known here'
        raise _Refused(path, "", what, did_you_mean(name, known, f"Known: {listing(dict.fromkeys(known))}."))
    if holds_things(annotation) and not (last and isinstance(change.value.value, dict)):
        remedy = did_you_mean(
            name, entries, f"There are: {listing(entries)}." if entries else "There are none."
        )
        raise _Refused(path, "", f'there is no "{name}"', remedy)


def _absent(annotation: Any, key: str, change: Override) -> Node:
    """Return what a key that is not written stands for: its default if that is a plain value."""
    spec = spec_of(annotation)
    field = field_of(spec, key) if spec else None
    default = field.default if field is not None and not field.is_required() else None
    if isinstance(default, Spec) or not isinstance(default, str | int | float | tuple) or default == ():
        return Node([] if default == () else None, change.place)
    if isinstance(default, float) and _is_duration(field):
        return Node(format_duration(default), change.place)
    return from_plain(list(default) if isinstance(default, tuple) else default, change.place)


def _is_duration(field: Any) -> bool:
    return get_args(Hours)[1] in field.metadata


def _combined(old: Node, annotation: Any, path: Path, change: Override) -> Node:
    if change.operator == "=":
        if (
            is_counted(annotation)
            and isinstance(old.value, dict)
            and not isinstance(change.value.value, dict)
        ):
            return Node({**old.value, "count": change.value}, change.place)
        return change.value
    if is_counted(annotation) and isinstance(old.value, dict) and "count" in old.value:
        count = _combined(old.value["count"], None, (*path, "count"), change)
        return Node({**old.value, "count": count}, change.place)
    if isinstance(old.value, list) and change.operator == "+=":
        new = change.value.value if isinstance(change.value.value, list) else [change.value]
        return Node([*old.value, *new], change.place)
    return Node(_computed(old.value, change, path), change.place)


def _computed(old: Any, change: Override, path: Path) -> str | int | float:
    new = change.value.value
    if old is None:
        raise _Refused(path, "", f"this is not written in the scenario, so {change.operator} has nothing to change",
                       "Use =.")  # fmt: skip
    for read, write in _QUANTITIES:
        left = read(old)
        right = _factor(new) if change.operator == "*=" else read(new)
        if left is None or right is None:
            continue
        value = _OPERATORS[change.operator](left, right)
        if not math.isfinite(value) or abs(value) > 1e18:
            raise _Refused(path, "a finite result", f"{value_text(old)} {change.operator} {value_text(new)}")
        if value < 0 and write is not _plain_number:
            raise _Refused(
                path, "a result of at least 0", f"{value_text(old)} {change.operator} {value_text(new)}"
            )
        return write(value)
    what = (
        "a plain number to multiply by"
        if change.operator == "*="
        else f"something to add to {value_text(old)}"
    )
    raise _Refused(
        path,
        what,
        value_text(plain(change.value)),
        f"{change.operator} works on numbers, durations and rates.",
    )


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _factor(value: Any) -> float | None:
    return _number(value)


def _percent(value: Any) -> float | None:
    found = re.fullmatch(r"\s*([0-9.eE+-]{1,30})\s*%\s*", value) if isinstance(value, str) else None
    try:
        return float(found[1]) if found else None
    except ValueError:
        return None


def _quantity(parse: Callable[[str], float]) -> Callable[[Any], float | None]:
    def read(value: Any) -> float | None:
        try:
            return parse(value) if isinstance(value, str) else parse("0") if value == 0 else None
        except ValueError:
            return None

    return read


def _plain_number(value: float) -> str | int | float:
    return value


_QUANTITIES: tuple[tuple[Callable[[Any], float | None], Callable[[float], str | int | float]], ...] = (
    (_number, _plain_number),
    (_percent, lambda value: f"{value!r} %"),
    (_quantity(parse_duration), format_duration),
    (_quantity(parse_rate), lambda value: f"{value!r} per hour"),
)

_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+=": lambda left, right: left + right,
    "-=": lambda left, right: left - right,
    "*=": lambda left, right: left * right,
}
