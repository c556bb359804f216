"""What pydantic says about a scenario, in the words and places of the file."""

import re
from typing import Any, NamedTuple

from pydantic import ValidationError

from scenarios.errors import Problem
from scenarios.quantities import Spec
from scenarios.scenario import Scenario
from scenarios.shape import at, did_you_mean, keys_of, listing, spec_of
from scenarios.tree import Node, Path, path_text, plain, value_text

REFUSES_PREEMPTION = "Fairward refuses preemption: nobody who is in care is put out for another"
INSTEAD_OF_PREEMPTION = (
    "Use queue_rule, `if_full: overflow`, flex beds, or early discharge within a `clinical_margin`."
)

EXPECTED: dict[str, str] = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "string_pattern_mismatch": "a clock time such as 07:00",
}
"""What a pydantic error type means; other types are phrased in `_phrase`."""

EXACTLY = ("hourly", "weekday")
"""Lists of a fixed length."""

AFTER_A_COMMA = re.compile(r"[0-9]+ *[a-z%]*")
"""What is left of `1,5 h` after the comma, in a mapping between braces."""

CLOCK = re.compile(r"(\d|24):([0-5]\d)")
"""A clock time that lacks its zero, or midnight."""

REMEDIES: dict[tuple[str, ...], str] = {
    ("hospitals", "*", "beds", "*", "count"): "Use 0 to close the unit.",
    ("hospitals", "*", "beds", "*"): "Use 0 to close the unit.",
    ("hospitals", "*", "staff", "*", "count"): "Use 0 for nobody.",
    ("hospitals", "*", "equipment", "*", "count"): "Use 0 for none.",
}
"""What to do about a value out of range, by place."""


class Complaint(NamedTuple):
    """A problem, and the part to leave out so that the rest can be checked all the same."""

    problem: Problem
    part: Node
    stand_in: tuple[str, Any] | None = None
    """A key and a value to add to the part instead of leaving it out."""


def complaints(error: ValidationError, root: Node) -> list[Complaint]:
    """Return what is wrong, one complaint for each of pydantic's."""
    return [_complaint(dict(detail), root) for detail in error.errors(include_url=False)]


def nearest(root: Node, path: Path) -> tuple[Node, Path]:
    """Return the deepest written part on a path of the model, and the keys below it that are not written.

    The model wraps bare values in lists and mappings, so its paths have keys that the file has not.
    """
    node, rest = root, ()  # type: tuple[Node, Path]
    for key in path:
        child = node.child(key) or (node.child(key.replace("-", "_")) if isinstance(key, str) else None)
        if child is not None:
            node, rest = child, ()
        else:
            rest = (*rest, key)
    return node, rest


def is_preemption(key: str) -> bool:
    """Return whether a key asks for preemption, which deserves a better answer than "not known"."""
    return key.lower().startswith("preempt")


def _complaint(detail: dict[str, Any], root: Node) -> Complaint:
    loc: Path = tuple(detail["loc"])
    node, _ = nearest(root, loc)
    kind = detail["type"]
    if kind == "missing":
        name = str(loc[-1])
        said = (_meaning(loc), "nothing", f"Add `{name}`.")
        stand_in = (name, "1 h") if name == "duration" and len(node.path) == 4 else None
        return Complaint(Problem(*node.place, path_text((*node.path, name)), *said), node, stand_in)
    if kind == "extra_forbidden":
        return Complaint(Problem(*node.place, path_text(node.path), *_stranger(loc)), node)
    expected, got, remedy = _phrase(detail, node)
    problem = Problem(*node.place, path_text(node.path), expected, got, remedy or _remedy(node))
    is_stream = len(node.path) == 2 and node.path[0] == "arrivals" and isinstance(node.value, dict)
    return Complaint(problem, node, ("poisson", 0) if is_stream and got == "none" else None)


def _meaning(loc: Path) -> str:
    """Return the docstring of a field that is missing, as the end of a sentence."""
    spec = spec_of(at(Scenario, loc[:-1])) if len(loc) > 1 else Scenario
    field = spec.model_fields.get(str(loc[-1])) if spec else None
    text = (field.description or "") if field else ""
    return f"`{loc[-1]}` ({text.rstrip('.')})" if text else f"`{loc[-1]}`"


def _stranger(loc: Path) -> tuple[str, str, str]:
    name = str(loc[-1])
    if is_preemption(name):
        return "", REFUSES_PREEMPTION, INSTEAD_OF_PREEMPTION
    spec: type[Spec] | None = spec_of(at(Scenario, loc[:-1])) if len(loc) > 1 else Scenario
    known = keys_of(spec) if spec else []
    return (
        "",
        f'"{name}" is not known here',
        did_you_mean(name, known, f"Known: {listing(known)}." if known else ""),
    )


def _phrase(detail: dict[str, Any], node: Node) -> tuple[str, str, str]:
    """Return what was expected, what was got and the remedy, from one error of pydantic."""
    kind, context = detail["type"], detail.get("ctx", {})
    got = value_text(plain(node))
    if kind == "value_error" and node.value is None and AFTER_A_COMMA.fullmatch(str(node.path[-1])):
        expected, nothing, _ = split_sentence(str(context["error"]))
        return expected, nothing, "A comma ends an entry here. Write a decimal point, not a comma."
    if kind == "value_error":
        return split_sentence(str(context["error"]))
    if kind == "literal_error":
        choices = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        expected = choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
        written = node.value if isinstance(node.value, str) else ""
        return expected, got, did_you_mean(written, choices) if written else ""
    if kind == "greater_than_equal":
        whole = "a whole number" if isinstance(detail["input"], int) else "a number"
        return f"{whole} of at least {context['ge']:g}", got, ""
    if kind in ("too_short", "too_long") and node.path[-1] in EXACTLY:
        n = context.get("min_length", context.get("max_length"))
        return _entries("exactly", n), _how_many(context["actual_length"]), ""
    if kind == "string_pattern_mismatch" and (clock := CLOCK.fullmatch(str(node.value))):
        return EXPECTED[kind], got, f'Write "{int(clock[1]) % 24:02}:{clock[2]}".'
    if kind == "too_short":
        return _entries("at least", context["min_length"]), _how_many(context["actual_length"]), ""
    if kind == "too_long":
        return _entries("at most", context["max_length"]), _how_many(context["actual_length"]), ""
    if kind == "string_type" and isinstance(node.value, int | float):
        return "text", got, f'Put it in quotes: "{got}".'
    return EXPECTED.get(kind, "something else"), got, ""


def split_sentence(text: str) -> tuple[str, str, str]:
    """Split "expected X, got Y. Do Z." into its parts.

    >>> split_sentence('expected a duration such as "90 min", got "soon". Begin with a number.')
    ('a duration such as "90 min"', '"soon"', 'Begin with a number.')
    """
    if not text.startswith("expected ") or ", got " not in text:
        return "", text.rstrip("."), ""
    expected, _, got = text.removeprefix("expected ").partition(", got ")
    got, stop, remedy = got.partition(". ")
    remedy = f"{remedy.rstrip('.')}." if remedy and not remedy.endswith("?") else remedy
    return expected, got if stop else got.rstrip("."), remedy


def _entries(limit: str, n: int) -> str:
    return f"{limit} {n} {'entry' if n == 1 else 'entries'}"


def _how_many(n: int | None) -> str:
    return "none" if not n else str(n)


def _remedy(node: Node) -> str:
    if not isinstance(node.value, int | float) or isinstance(node.value, bool):
        return ""
    for pattern, remedy in REMEDIES.items():
        if len(pattern) == len(node.path) and all(
            p in ("*", k) for p, k in zip(pattern, node.path, strict=True)
        ):
            return remedy
    return ""
