"""What happens to a patient: steps with needs, durations, patience and routing; hazards on the way."""

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from scenarios.distributions import DurationCases
from scenarios.quantities import Count, Hours, Name, PerHour, Positive, Share, Spec, When, as_cases


def _amount(value: Any) -> Any:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool):
        raise ValueError(f"expected a whole number, a ratio such as 1:4 or a fraction, got {value!r}")
    try:
        if isinstance(value, str) and ":" in value:
            top, bottom = value.split(":")
            amount = Fraction(int(top), int(bottom))
        elif isinstance(value, float):
            amount = Fraction(repr(value))
        else:
            amount = Fraction(value)
    except (ValueError, TypeError, ZeroDivisionError):
        raise ValueError(f"expected a whole number, a ratio such as 1:4 or a fraction, got {value!r}") from None
    if amount <= 0:
        raise ValueError(f"expected an amount above 0, got {value!r}. Leave out a pool that is not needed")
    if amount.denominator > 1000:
        raise ValueError(f"expected an amount with a denominator of at most 1000, got {value!r}")
    return amount


PoolAmount = Annotated[
    Fraction,
    BeforeValidator(_amount),
    PlainSerializer(lambda f: str(f) if f.denominator > 1 else f.numerator, return_type=Any),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}], "examples": [1, "1:4"]}),
]
"""How much of a pool: a whole number, or a ratio such as `1:4` (one nurse for four patients)."""

Needs = Annotated[
    dict[Name, PoolAmount], BeforeValidator(lambda v: dict.fromkeys([v] if isinstance(v, str) else v, 1)
                                            if isinstance(v, str | list) else v)
]  # fmt: skip
"""Pool -> amount, all seized at once or none; `ward` and `[ward, monitor]` mean 1 of each."""


class Alternative(Spec):
    """Other pools that will do when the preferred ones are not free."""

    needs: Needs
    """What is seized instead."""
    factor: Positive = 1.0
    """Multiplies the step's duration."""
    wrong_unit: bool = True
    """Whether hazards `while: wrong-unit` apply."""


class Patience(Spec):
    """How long a patient is willing to wait."""

    time: DurationCases
    """The patience."""
    scope: Literal["step", "journey"] = "step"
    """Counted from joining this step's queue, or from first presentation; a journey's patience is drawn once."""
    outcome: str = "left"
    """The outcome of those who lose it."""


class RouteCase(Spec):
    """Where the patients of whom the condition holds go next."""

    when: When = {}
    """For whom (acuity is the present one); empty: everybody not yet taken."""
    to: Annotated[dict[Name, Share], BeforeValidator(lambda v: {v: 1} if isinstance(v, str) else v)]
    """A step or an outcome, or several with probabilities that sum to 1."""


def _routes(value: Any) -> Any:
    if isinstance(value, str):
        return [{"to": value}]
    if isinstance(value, dict) and not {"to", "when"} & set(value):
        return [{"to": value}]
    return as_cases(value)


Routes = Annotated[tuple[RouteCase, ...], BeforeValidator(_routes), Field(min_length=1)]
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
    scale_by: tuple[str, ...] = ()
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
    queue_limit: Annotated[tuple[Limit, ...], BeforeValidator(
        lambda v: [{"count": v}] if isinstance(v, int) and not isinstance(v, bool) else as_cases(v))] = ()
    """A limit on the number waiting for it at a hospital."""
    balking: Annotated[tuple[Balking, ...], BeforeValidator(
        lambda v: [{"probability": v}] if isinstance(v, list) and v and not isinstance(v[0], dict) else as_cases(v))] = ()
    """The chance of not joining a queue; the outcome is `left`."""
    hold: bool = False
    """Keep what it seized until the next step starts: boarding."""
    treatment: bool = False
    """Its start is when the patient counts as treated; the last to be marked before the end wins nothing: the first counts."""
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
    """Where it applies: in a queue, in a queue while holding a bed, in an alternative unit, between hospitals, in care."""
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
