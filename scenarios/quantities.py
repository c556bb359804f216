"""The scalar types of the scenario language: durations, rates, shares, counts, names.

Durations are float hours and rates are per hour once parsed; both are written with units in a file.
"""

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    WithJsonSchema,
)

from scenarios.attribute_docs import Documented
from scenarios.tree import value_text
from scenarios.units import format_duration, parse_duration, parse_rate


class Spec(Documented):
    """Base of every class of the scenario language: frozen, and a stranger's key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True, defer_build=True
    )
    """Built when it is first used, as a part of a scenario: one by one takes longer."""


LONGEST = 1000 * 365.25 * 24
"""The longest duration, in hours: what is longer is a slip of the pen and would only overflow."""


def _hours(value: Any) -> Any:
    hours = parse_duration(_with_unit(value, 'a duration such as "90 min"'))
    if hours > LONGEST:
        raise ValueError(f"expected a duration of at most 1000 years, got {value_text(value)}")
    return hours


def _per_hour(value: Any) -> Any:
    return parse_rate(_with_unit(value, 'a rate such as "12 per hour"'))


def _with_unit(value: Any, expected: str) -> str:
    """Return text for the parsers of units, which alone know that only 0 needs no unit."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected {expected}, got {value_text(value)}")
    return repr(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_share(value: Any) -> Any:
    """Let `30 %` stand for 0.3."""
    if (
        isinstance(value, str)
        and re.fullmatch(r"\s*[0-9]{0,9}\.?[0-9]{0,15}\s*%\s*", value)
        and value.strip(" .%")
    ):
        number: Any = float(Fraction(value.strip(" %")) / 100)
    else:
        number = value
    if not _is_number(number) or not 0 <= number <= 1:
        remedy = f'. Say "{number:g} %" if it is per cent' if _is_number(number) and 1 < number <= 100 else ""
        raise ValueError(f"expected a share from 0 to 1 such as 0.3 or 30 %, got {value_text(value)}{remedy}")
    return float(number)


def _count(value: Any) -> Any:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"expected a whole number of at least 0, got {value_text(value)}")
    return value


def _positive(value: Any) -> Any:
    if not _is_number(value) or not value > 0:
        raise ValueError(f"expected a number above 0, got {value_text(value)}")
    return value


def _non_negative(value: Any) -> Any:
    if not _is_number(value) or not value >= 0:
        raise ValueError(f"expected a number of at least 0, got {value_text(value)}")
    return value


def _rate_text(per_hour: float) -> str:
    return f"{per_hour!r} per hour" if per_hour else "0"


def _duration_text(hours: float) -> str:
    return format_duration(hours)


Hours = Annotated[
    float,
    BeforeValidator(_hours),
    PlainSerializer(_duration_text, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"const": 0}], "examples": ["90 min", "3.2 days"]}),
]
"""A duration at least 0, in hours: `90 min`, `3.2 days`."""

PerHour = Annotated[
    float,
    BeforeValidator(_per_hour),
    PlainSerializer(_rate_text, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"const": 0}], "examples": ["12 per hour", "3 per day"]}),
]
"""A rate at least 0, per hour: `12 per hour`, `1 per 1.2 days`."""

Share = Annotated[float, BeforeValidator(as_share), Field(ge=0, le=1)]
"""A probability or share from 0 to 1: `0.3` or `30 %`."""

Count = Annotated[int, BeforeValidator(_count), Field(ge=0)]
"""A whole number of at least 0."""

Positive = Annotated[float, BeforeValidator(_positive), Field(gt=0)]
"""A number above 0."""

NonNegative = Annotated[float, BeforeValidator(_non_negative), Field(ge=0)]
"""A number of at least 0."""

Flag = Annotated[bool, Strict()]
"""`true` or `false`."""


def text_of_scalar(value: Any) -> Any:
    """Let `1` and `true` stand as names, as they do for keys, which are always text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _name(value: str) -> str:
    if not value or value != value.strip() or not all(c.isalnum() or c in "-_ +&/." for c in value):
        raise ValueError(
            f"expected a name of letters, digits, '-', '_', ' ', '+', '&', '/' or '.', got {value_text(value)}"
        )
    return value


Label = Annotated[str, BeforeValidator(text_of_scalar)]
"""A name that refers to a thing in the scenario."""

Name = Annotated[str, BeforeValidator(text_of_scalar), AfterValidator(_name)]
"""A name of a thing in the scenario."""


def one_or_many(value: Any) -> Any:
    """Let a single value stand where a list of values is expected."""
    return [value] if isinstance(value, str | int | float) else value


def as_cases(value: Any) -> Any:
    """Let a single case stand where a list of cases is expected."""
    return value if isinstance(value, list | tuple) else [value]


When = dict[str, Annotated[tuple[Label, ...], BeforeValidator(one_or_many), Field(min_length=1)]]
"""A condition: attribute name -> value or list of values; all must hold. `class`, `acuity` (at
arrival, true), `triage` (assigned), `hospital` (of arrival) and `source` (arrival stream) are
attributes too. Empty: always."""
