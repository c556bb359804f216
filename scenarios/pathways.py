"""What happens to a patient: steps with needs, durations, patience and routing; hazards on the way."""

import re
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from scenarios.distributions import DurationCases
from scenarios.quantities import (
    Count,
    Flag,
    Hours,
    Label,
    Name,
    PerHour,
    Positive,
    Share,
    Spec,
    When,
    as_cases,
    one_or_many,
)
from scenarios.tree import value_text

MAX_DENOMINATOR = 1000
_RATIO = re.compile(r"\s*([0-9]{1,9})\s*(?:[:/]\s*([0-9]{1,9})\s*)?")
_DECIMAL = re.compile(r"[0-9]{0,9}\.[0-9]{1,9}")


def _amount(value: Any) -> Any:
    if isinstance(value, Fraction):
        return value
    amount = _fraction(value)
    if amount is None:
        raise ValueError(f"expected a whole number or a ratio such as 1:4, got {value_text(value)}")
    if amount <= 0:
        raise ValueError(
            f"expected an amount above 0, got {value_text(value)}. Leave out a pool that is not needed."
        )
    if amount.denominator > MAX_DENOMINATOR:
        expected = f"expected an amount in parts of at most {MAX_DENOMINATOR}"
        raise ValueError(f"{expected}, got {value_text(value)}. Write a ratio such as 1:3.")
    return amount


def _fraction(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int) and abs(value) < 10**9:
        return Fraction(value)
    text = str(value)
    if (ratio := _RATIO.fullmatch(text)) and int(ratio[2] or 1):
        return Fraction(int(ratio[1]), int(ratio[2] or 1))
    return Fraction(text) if _DECIMAL.fullmatch(text) else None


PoolAmount = Annotated[
    Fraction,
    BeforeValidator(_amount),
    PlainSerializer(lambda f: str(f) if f.denominator > 1 else f.numerator, return_type=Any),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}], "examples": [1, "1:4"]}
    ),
]
"""How much of a pool: a whole number, or a ratio such as `1:4` (one nurse for four patients)."""


def one_of_each(value: Any) -> Any:
    """Let `ward` and `[ward, monitor]` stand for one of each."""
    if isinstance(value, str):
        return {value: 1}
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, 1)
    return value


Needs = Annotated[dict[Name, PoolAmount], BeforeValidator(one_of_each)]
"""Pool -> amount, all seized at once or none; `ward` and `[ward, monitor]` mean 1 of each."""


class Alternative(Spec):
    """Other pools that will do when the preferred ones are not free."""

    needs: Needs
    """What is seized instead."""
    factor: Positive = 1.0
    """Multiplies the step's duration."""
    wrong_unit: Flag = True
    """Whether hazards `while: wrong-unit` apply."""


class Patience(Spec):
    """How long a patient is willing to wait."""

    time: DurationCases
    """The patience."""
    scope: Literal["step", "journey"] = "step"
    """Counted from joining this step's queue, or from first presentation; a journey's patience is drawn once."""
    outcome: str = "left"
    """The outcome of those who lose it."""


def certainly(value: Any) -> Any:
    """Let a single name stand for that name with probability 1."""
    return {value: 1} if isinstance(value, str) else value


class RouteCase(Spec):
    """Where the patients of whom the condition holds go next."""

    when: When = {}
    """For whom (acuity is the present one); empty: everybody not yet taken."""
    to: Annotated[dict[Name, Share], BeforeValidator(certainly)]
    """A step or an outcome, or several with probabilities that sum to 1."""


def as_routes(value: Any) -> Any:
    """Let a target, or targets with probabilities, stand for everybody's route."""
    if isinstance(value, str):
        return [{"to": value}]
    if isinstance(value, dict) and not {"to", "when"} & set(value):
        return [{"to": value}]
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        share = round(1 / len(value), 2)
        shares = [*[share] * (len(value) - 1), 1 - share * (len(value) - 1)]
        chances = ", ".join(f"{name}: {chance:.2g}" for name, chance in zip(value, shares, strict=True))
        raise ValueError(
            f"expected one way at a time, got a list of names. Write {value[0]} and let its own `next` lead on, "
            f"or chances that sum to 1: {{{chances}}}"
        )
    return as_cases(value)


Routes = Annotated[tuple[RouteCase, ...], BeforeValidator(as_routes), Field(min_length=1)]
"""`ward`, `{ward: 0.3, discharged: 0.7}`, or a list of cases `{when, to}` of which the last has no `when`."""


class Limit(Spec):
    """A limit on the queue for some patients."""

    when: When = {}
    """For whom; empty: everybody not yet taken."""
    count: Count
    """Whoever finds this many waiting for the step here does not join."""


class Balking(Spec):
    """The chance of not joining, by the number found waiting for the step here."""

    when: When = {}
    """For whom; empty: everybody not yet taken."""
    probability: Annotated[tuple[Share, ...], Field(min_length=1)]
    """The chance when 0, 1, 2, ... are waiting; the last holds for all longer queues."""
    outcome: str = "left"
    """The outcome of those who do not join."""


def as_limits(value: Any) -> Any:
    """Let a number stand for a limit that holds for everybody."""
    return [{"count": value}] if isinstance(value, int) and not isinstance(value, bool) else as_cases(value)


def as_balking(value: Any) -> Any:
    """Let a list of numbers stand for chances that hold for everybody."""
    is_chances = isinstance(value, list) and value and not isinstance(value[0], dict | Spec)
    return [{"probability": value}] if is_chances else as_cases(value)


class Factor(Spec):
    """Multiplies a duration for the patients of whom the condition holds."""

    when: When
    """For whom."""
    factor: Positive
    """The multiplier."""
    source: str = ""
    """Where the figure comes from, or `assumed`."""


class Step(Spec):
    """One step of a pathway: wait for its needs, hold them for its duration, go on."""

    title: str = ""
    """What it is called in tables and reports."""
    needs: Needs = {}
    """The pools that it seizes, all at once or none; nothing needed: it starts at once."""
    alternatives: tuple[Alternative, ...] = ()
    """Taken, in order, when the step's own needs are not free."""
    duration: DurationCases
    """How long it takes, drawn at arrival from class, acuity at arrival and attributes."""
    scale_by: Annotated[tuple[Label, ...], BeforeValidator(one_or_many)] = ()
    """Number attributes that multiply the duration."""
    factors: tuple[Factor, ...] = ()
    """Multipliers by attribute at arrival; all that hold apply."""
    acuity_factor: dict[str, Positive] = {}
    """Multiplier by the acuity at the start of the step; 1 when not named."""
    patience: Patience | None = None
    """How long patients wait for it; for ever when absent."""
    if_full: Literal["wait", "leave", "overflow"] = "wait"
    """When it cannot start now: wait, leave at once (`full_outcome`), or ask the overflow rule."""
    full_outcome: str = "cancelled"
    """The outcome of `if_full: leave` and of `queue_limit`."""
    queue_limit: Annotated[tuple[Limit, ...], BeforeValidator(as_limits)] = ()
    """A limit on the number waiting for it at a hospital."""
    balking: Annotated[tuple[Balking, ...], BeforeValidator(as_balking)] = ()
    """The chance of not joining a queue, and the outcome of those who do not."""
    hold: Flag = False
    """Keep what it seized until the next step starts: boarding."""
    treatment: Flag = False
    """Its start is when the patient counts as treated, if no earlier start did. When no step of the pathway is
    marked, every step that needs something counts; when none needs anything, the first step does."""
    dose: str | None = None
    """The vaccine product of which one dose is used; it starts only when a dose is at hand."""
    clinical_margin: Hours | None = None
    """An early discharge may cut at most this much of the stay; none is allowed when absent."""
    next: Routes = (RouteCase(to={"discharged": 1.0}),)
    """Where the patient goes afterwards: steps of this pathway or outcomes."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Pathway(Spec):
    """A path through the hospital."""

    title: str = ""
    """What it is called in tables and reports."""
    first: Routes | None = None
    """Where patients begin; the first step written when absent."""
    steps: Annotated[dict[Name, Step], Field(min_length=1)]
    """The steps by name."""


class Hazard(Spec):
    """A risk per hour that is used up only while its condition holds."""

    when: When = {}
    """For whom, by attributes and the *present* acuity; empty: everybody."""
    during: tuple[Literal["waiting", "boarding", "wrong-unit", "travelling", "care"], ...]
    """Where it applies: in a queue, in a queue while holding a bed (boarding), in an alternative unit, between
    hospitals, in care."""
    rate: PerHour
    """How often; rates of several hazards that hold are added."""
    times: str | None = None
    """A number attribute that multiplies the rate, for example `risk`."""
    source: str = ""
    """Where the figure comes from, or `assumed`."""


class Hazards(Spec):
    """What happens to patients of itself: the clock is a unit-exponential threshold drawn before the start."""

    leave: tuple[Hazard, ...] = ()
    """Leaving without being treated."""
    deteriorate: tuple[Hazard, ...] = ()
    """Becoming one acuity level more urgent; not beyond the most urgent."""
    die: tuple[Hazard, ...] = ()
    """Dying."""
