"""Renders docs/reference/scenario.md from the schema: `python -m scenarios.reference`."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from scenarios import distributions, hospitals, pathways, people, population, quantities, rules, uncertain
from scenarios import scenario as root
from scenarios.quantities import Count, Hours, NonNegative, PerHour, Positive, Spec, When
from scenarios.rules import OverflowRule, QueueRule
from scenarios.shape import spec_of
from scenarios.snippets import SNIPPETS
from scenarios.tree import value_text
from scenarios.units import format_duration

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "scenario.md"

INTRODUCTION = """\
# The scenario language

<!-- Made from the schema by `python -m scenarios.reference`. Change the docstrings in scenarios/, not this page. -->

A scenario is one YAML file (the YAML 1.2 core schema: `1:4`, `yes` and dates are text). Run `fairward validate
FILE` to see all that is wrong with one, each with its place and what to do; `fairward schema` prints the JSON Schema.

## Quantities

| written | means |
|---|---|
| duration | A number and a unit: `90 min`, `3.2 days`, `2 weeks`. Only `0` needs no unit. |
| rate | `12 per hour`, `3/day`, `1 per 1.2 days`. Only `0` needs no unit. |
| share | From 0 to 1: `0.3` or `30 %`. |
| amount | Of a pool: a whole number, or a ratio such as `1:4` (one nurse for four patients). |
| name | Letters, digits, `-`, `_`, space, `+`, `&`, `/` and `.`. |

## Conditions

`when: {sex: f, acuity: [critical, urgent]}`: an attribute and its value or values; all must hold. Besides the
scenario's own attributes there are `class`, `acuity` (true), `triage` (as assigned), `hospital` (of arrival) and
`source` (arrival stream). In `next` and in hazards `acuity` is the present one; elsewhere that at arrival. An
attribute's shares may condition on `class`, `hospital`, `source` and the attributes written above it, acuity shares
on all attributes too. In a list of cases the first that holds is taken, and the last has no `when`.

## Differences from another scenario

`extends: surge` (a scenario of the library) or `extends: ./base.yaml` (a file beside this one): mappings merge, lists
and values are replaced, `null` deletes a key. A bare count (`icu: 12`) leaves a unit's other keys as they are; another
distribution or rule takes the place of the inherited one.

On the command line `--set hospitals.north.beds.icu.count=12` replaces a value; `+=`, `-=` and `*=` compute with
numbers, shares, durations and rates, and `+=` appends to a list. `roster[1].count` is the second shift; a name that
holds a dot stands in quotes: `duration_factor."emergency.ward"`.

Preemption is refused: nobody who is in care is put out for another. See `queue_rule`, `if_full: overflow`, flex beds
and `clinical_margin` instead.
"""


def reference() -> str:
    """Return the page."""
    return "\n".join([INTRODUCTION, *map(section, classes(root.Scenario))])


def classes(spec: type[Spec], seen: set[type[Spec]] | None = None) -> Iterator[type[Spec]]:
    """Yield a class and those that its fields hold, each once, in the order of the schema."""
    seen = set() if seen is None else seen
    if spec in seen:
        return
    seen.add(spec)
    yield spec
    for field in spec.model_fields.values():
        for inner in _specs(field.annotation):
            yield from classes(inner, seen)


def _specs(annotation: Any) -> Iterator[type[Spec]]:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield _generic(annotation)
    for part in get_args(annotation):
        yield from _specs(part)


def _generic(spec: type[Spec]) -> type[Spec]:
    """Return the class without its parameter, so that hours and numbers are told once."""
    origin = spec.__pydantic_generic_metadata__["origin"]
    return origin if origin is not None and issubclass(origin, Spec) else spec


def section(spec: type[Spec]) -> str:
    """Return what the page says of one class."""
    rows = [_row(name, field) for name, field in spec.model_fields.items()]
    table = ["| key | type | default | meaning |", "|---|---|---|---|", *rows] if rows else ["No keys."]
    example = ["```yaml", SNIPPETS[spec].strip(), "```"]
    return "\n".join([f"## {spec.__name__}", "", _one_line(spec.__doc__ or ""), "", *table, "", *example, ""])


def _row(name: str, field: FieldInfo) -> str:
    kind = type_text(field.annotation, field.metadata)
    cells = (f"`{field.alias or name}`", kind, _default(field), _meaning(field))
    return "| " + " | ".join(_one_line(cell).replace("|", "\\|") for cell in cells) + " |"


def _meaning(field: FieldInfo) -> str:
    held = spec_of(field.annotation)
    return field.description or (_generic(held).__doc__ if held else None) or ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default = field.default
    if isinstance(default, QueueRule | OverflowRule):
        return f"`{default.name}`"
    if default in (None, "", (), {}) or isinstance(default, Spec):
        return ""
    if get_args(Hours)[1] in field.metadata:
        return f"`{format_duration(default)}`"
    match default:
        case tuple() if isinstance(default[0], Spec):
            return "`discharged`"
        case tuple():
            return f"`[{', '.join(map(str, default))}]`"
        case datetime():
            return f"`{default:%Y-%m-%d}`"
        case bool() | float() | int():
            return f"`{value_text(default)}`"
        case _:
            return f"`{default}`"


def type_text(annotation: Any, metadata: Any = ()) -> str:
    """Return a type in words.

    >>> type_text(dict[str, tuple[int, ...]])
    'mapping of name to list of whole number'
    """
    if annotation == When:
        return "[condition](#conditions)"
    for part in metadata:
        if isinstance(part, BeforeValidator) and part.func in _WORDS:
            words = _WORDS[part.func](_plain_type(annotation))
            return f"{words}, at least 1" if Ge(1) in metadata else words
    return _plain_type(annotation)


def _plain_type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return " or ".join(type_text(part) for part in arguments if part is not NoneType)
    if origin is dict:
        return f"mapping of name to {type_text(arguments[1])}"
    if origin is tuple:
        return f"list of {type_text(arguments[0])}"
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if isinstance(annotation, TypeVar):
        return "duration, or number"
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        name = _generic(annotation).__name__
        return f"[{name}](#{name.lower()})"
    return {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}.get(
        annotation, str(annotation)
    )


def _func(alias: Any) -> Any:
    return get_args(alias)[1].func


_WORDS: dict[Any, Callable[[str], str]] = {
    _func(Hours): lambda full: "duration",
    _func(PerHour): lambda full: "rate",
    _func(Count): lambda full: "whole number",
    _func(Positive): lambda full: "number above 0",
    _func(NonNegative): lambda full: "number of at least 0",
    _func(pathways.PoolAmount): lambda full: "amount",
    _func(hospitals.Capacity): lambda full: "whole number or `unlimited`",
    quantities.as_cases: lambda full: f"{full}; or a single one",
    quantities.as_share: lambda full: "share",
    quantities.text_of_scalar: lambda full: "name",
    quantities.one_or_many: lambda full: f"{full}; or a single one",
    distributions.bare_text: lambda full: f"{full}; or a bare value",
    distributions.case_list: lambda full: f"{full}; or a single one, or a bare duration",
    distributions.as_value: lambda full: f"{full}; or its value",
    distributions.as_mean: lambda full: f"{full}; or its mean",
    distributions.as_values: lambda full: f"{full}; or its values",
    hospitals.as_count: lambda full: f"{full}; or a bare count",
    pathways.one_of_each: lambda full: f"{full}; or a name, or a list of names, for one of each",
    pathways.certainly: lambda full: f"{full}; or a single name",
    pathways.as_routes: lambda full: f"{full}; or a name, or a mapping of name to share",
    pathways.as_limits: lambda full: f"{full}; or a bare count",
    pathways.as_balking: lambda full: f"{full}; or a list of shares",
    people.as_share_cases: lambda full: f"{full}; or a mapping of name to share",
    people.as_shares: lambda full: f"{full}; or a single name",
    people.as_rate: lambda full: f"{full}; or a bare rate",
    uncertain.as_quantity: lambda full: "number, share, duration or rate",
    population.as_match: lambda full: f"{full}; or its field",
    rules.named: lambda full: f"{full}; or its name",
    root.calendar_time: lambda full: "date, or date and time",
}


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8")
