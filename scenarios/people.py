"""Who comes: attributes, classes, arrival streams, and the disparities between groups."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from scenarios.distributions import Amount, Duration
from scenarios.quantities import (
    Count,
    Flag,
    Hours,
    Label,
    Name,
    NonNegative,
    PerHour,
    Positive,
    Share,
    Spec,
    When,
    as_cases,
)

Shares = dict[Name, Share]
"""Value -> share; the shares sum to 1."""


class ShareCase(Spec):
    """Shares for the patients of whom the condition holds."""

    when: When = {}
    """For whom; empty: everybody not yet taken."""
    share: Shares
    """Value -> share, summing to 1."""


def as_share_cases(value: Any) -> Any:
    if isinstance(value, dict) and not {"share", "when"} & set(value):
        return [{"share": value}]
    return as_cases(value)


ShareCases = Annotated[tuple[ShareCase, ...], BeforeValidator(as_share_cases), Field(min_length=1)]
"""`{a: 0.3, b: 0.7}`, or a list of cases `{when, share}` of which the last has no `when`."""


class Attribute(Spec):
    """Something known of every patient at arrival: a category or a number."""

    title: str = ""
    """What it is called in tables and reports."""
    share: ShareCases | None = None
    """A category: its values with their shares; may condition on `class`, `hospital`, `source` and the attributes
    written above."""
    number: Amount | None = None
    """A number: its distribution (for example a frailty that scales durations)."""
    protected: Flag = False
    """A policy may not see it when the scenario is `group_blind`."""
    source: str = ""
    """Where the figures come from, or `assumed`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.share is None) == (self.number is None):
            raise ValueError("expected either share (a category) or number, got both or neither")
        return self


class PatientClass(Spec):
    """A class of patients: their pathway and how urgent they are."""

    pathway: Label
    """The name of the pathway they follow."""
    acuity: ShareCases | None = None
    """How urgent they truly are at arrival; needed when there are several acuities."""
    title: str = ""
    """What it is called in tables and reports."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class RateTable(Spec):
    """A piecewise constant rate that repeats."""

    rates: Annotated[tuple[PerHour, ...], Field(min_length=1)]
    """One rate for each interval."""
    breakpoints: tuple[Hours, ...] | None = None
    """Where each interval starts after the origin, the first at 0; equal parts of the period when absent."""
    period: Hours
    """After how long the table repeats."""
    origin: Hours = 0.0
    """When the table begins, after the scenario's start; before it the table is continued backwards."""


class Poisson(Spec):
    """A Poisson process: homogeneous, by hour and weekday, or by a rate table."""

    rate: PerHour | None = None
    """The mean rate over a week."""
    hourly: Annotated[tuple[NonNegative, ...], Field(min_length=24, max_length=24)] | None = None
    """24 relative weights by hour of day, from midnight."""
    weekday: Annotated[tuple[NonNegative, ...], Field(min_length=7, max_length=7)] | None = None
    """7 relative weights, from Monday."""
    table: RateTable | None = None
    """A rate table instead of `rate`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.rate is None) == (self.table is None):
            raise ValueError("expected either rate or table, got both or neither")
        if self.table is not None and (self.hourly or self.weekday):
            raise ValueError("expected hourly and weekday only beside rate, got them beside table")
        for name in ("hourly", "weekday"):
            weights = getattr(self, name)
            if weights is not None and sum(weights) <= 0:
                raise ValueError(f"expected {name} weights with a sum above 0, got 0")
        return self


class Renewal(Spec):
    """Independent gaps between arrivals, of any distribution."""

    gap: Duration
    """The time between two arrivals."""
    first: Literal["interval", "start"] = "interval"
    """The first arrival comes after a first gap, or at the start."""


class Schedule(Spec):
    """Arrivals at written times: appointments, electives, people present at the start."""

    at: Annotated[tuple[Hours, ...], Field(min_length=1)]
    """When, after the origin; `0` is the origin itself."""
    each: Annotated[Count, Field(ge=1)] = 1
    """How many at each time."""
    every: Hours | None = None
    """Repeat the list after this long (for example 1 day); once only when absent."""
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] | None = None
    """Only on these days; every day when absent."""
    no_show: Share = 0.0
    """The share that never comes."""
    lateness: Duration | None = None
    """How late each comes."""


def as_shares(value: Any) -> Any:
    """Let a single class stand for everybody."""
    return {value: 1} if isinstance(value, str) else value


def as_rate(value: Any) -> Any:
    """Let a bare rate stand for a homogeneous process."""
    return {"rate": value} if isinstance(value, str | int | float) and not isinstance(value, bool) else value


class Arrivals(Spec):
    """One stream of arrivals to one hospital."""

    hospital: Label
    """Where they present."""
    classes: Annotated[Shares, BeforeValidator(as_shares)]
    """A class, or classes with their shares."""
    poisson: Annotated[Poisson, BeforeValidator(as_rate)] | None = None
    """A Poisson process."""
    renewal: Renewal | None = None
    """A renewal process."""
    schedule: Schedule | None = None
    """Written times."""
    batch: Amount | None = None
    """How many come at once, rounded to a whole number; 1 when absent."""
    scale: NonNegative = 1.0
    """Multiplies a Poisson rate: the demand factor of a surge."""
    begins: Hours = 0.0
    """Nobody before this time after the start."""
    ends: Hours | None = None
    """Nobody from this time after the start on."""
    ambulance: Share = 0.0
    """The share that comes by ambulance and so can be diverted."""
    attributes: dict[str, ShareCases] = {}
    """Shares of categories that differ from the scenario's for this stream; the values are the scenario's (a share
    of 0 there, if nobody else has one)."""
    acuity: ShareCases | None = None
    """Acuity shares that differ from the class's for this stream."""
    source: str = ""
    """Where the figures come from, or `assumed`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [n for n in ("poisson", "renewal", "schedule") if getattr(self, n) is not None]
        if len(named) != 1:
            raise ValueError(
                f"expected exactly one of poisson, renewal, schedule, got {' and '.join(named) or 'none'}"
            )
        return self


class _Disparity(Spec):
    when: When
    """Who is affected."""
    source: str
    """Where the effect size comes from, or `assumed`."""


class UnderTriage(_Disparity):
    """Triage assigns one level less urgent than the truth."""

    probability: Share
    """How often."""


class LatePresentation(_Disparity):
    """They come later than they fell ill, and sometimes sicker."""

    delay: Duration
    """How much later they present."""
    worse: Share = 0.0
    """How often they are one acuity level more urgent when they do."""


class LongerTravel(_Disparity):
    """Transfers take them longer."""

    factor: Positive
    """Multiplies travel times between hospitals."""


class ExtraTime(_Disparity):
    """Steps take longer for them, for example with an interpreter."""

    steps: tuple[Label, ...]
    """Which: `step` of any pathway, or `pathway.step`."""
    extra: Hours
    """How much longer."""


class Uptake(_Disparity):
    """Only a share of those invited comes; the others are counted as declined."""

    classes: tuple[Label, ...]
    """Which classes of patients are invited."""
    probability: Share
    """The share that comes."""


class Disparities(Spec):
    """Differences between groups that the model contains, each with its published size or `assumed`."""

    under_triage: tuple[UnderTriage, ...] = ()
    """Triage takes them less seriously."""
    late_presentation: tuple[LatePresentation, ...] = ()
    """They come late."""
    longer_travel: tuple[LongerTravel, ...] = ()
    """Their transfers take longer."""
    extra_time: tuple[ExtraTime, ...] = ()
    """Their steps take longer."""
    uptake: tuple[Uptake, ...] = ()
    """Fewer of them come when invited."""


__all__ = [
    "Arrivals", "Attribute", "Disparities", "ExtraTime", "LatePresentation", "LongerTravel", "PatientClass",
    "Poisson", "RateTable", "Renewal", "Schedule", "ShareCase", "ShareCases", "Shares", "UnderTriage", "Uptake",
]  # fmt: skip
