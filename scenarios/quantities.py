"""The scalar types of the scenario language: durations, rates, shares, counts, names.

Durations are float hours and rates are per hour once parsed; both are written with units in a file.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict
from pydantic import WithJsonSchema

from scenarios.units import format_duration, parse_duration, parse_rate


class Spec(BaseModel):
    """Base of every class of the scenario language: frozen, and a stranger's key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False, populate_by_name=True
    )


def _hours(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else parse_duration(_plain(value))


def _per_hour(value: Any) -> Any:
    return parse_rate(value) if isinstance(value, str) else parse_rate(_plain(value))


def _plain(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected text with a unit, got {type(value).__name__}")
    return repr(value)


def _share(value: Any) -> Any:
    if isinstance(value, str) and value.rstrip().endswith("%"):
        try:
            return round(float(value.rstrip()[:-1]) / 100, 15)
        except ValueError:
            raise ValueError(f"expected a share such as 0.3 or 30 %, got {value!r}") from None
    return value


def _rate_text(per_hour: float) -> str:
    return f"{per_hour!r} per hour" if per_hour else "0"


def _duration_text(hours: float) -> str:
    return format_duration(hours)


Hours = Annotated[
    float,
    BeforeValidator(_hours),
    PlainSerializer(_duration_text, return_type=str),
    WithJsonSchema({"type": "string", "description": "a duration with its unit", "examples": ["90 min", "3.2 days"]}),
]
"""A duration at least 0, in hours: `90 min`, `3.2 days`."""

PerHour = Annotated[
    float,
    BeforeValidator(_per_hour),
    PlainSerializer(_rate_text, return_type=str),
    WithJsonSchema({"type": "string", "description": "a rate with its unit", "examples": ["12 per hour", "3 per day"]}),
]
"""A rate at least 0, per hour: `12 per hour`, `1 per 1.2 days`."""

Share = Annotated[float, BeforeValidator(_share), Strict(), Field(ge=0, le=1)]
"""A probability or share from 0 to 1: `0.3` or `30 %`."""

Count = Annotated[int, Strict(), Field(ge=0)]
"""A whole number of at least 0."""

Positive = Annotated[float, Strict(), Field(gt=0)]
"""A number above 0."""

NonNegative = Annotated[float, Strict(), Field(ge=0)]
"""A number of at least 0."""

Number = Annotated[float, Strict()]
"""Any finite number."""


def _name(value: str) -> str:
    if not value or not all(c.isalnum() or c in "-_ +&/." for c in value):
        raise ValueError("expected a name of letters, digits, '-', '_', ' ', '+', '&', '/' or '.'")
    return value


Name = Annotated[str, AfterValidator(_name)]
"""A name of a thing in the scenario."""


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


def as_cases(value: Any) -> Any:
    """Let a single case stand where a list of cases is expected."""
    return value if isinstance(value, list | tuple) else [value]


When = dict[str, Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]]
"""A condition: attribute name -> value or list of values; all must hold. `class`, `acuity` (at
arrival, true), `triage` (assigned), `hospital` (of arrival) and `source` (arrival stream) are
attributes too. Empty: always."""
