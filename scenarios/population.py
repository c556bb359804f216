"""The people around the hospitals: who they are, how their risk drifts, when they come and come back."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from scenarios.distributions import Distribution, Duration, case_list
from scenarios.people import ShareCase, ShareCases, as_share_cases, as_shares
from scenarios.quantities import (
    Count,
    Hours,
    Label,
    Name,
    NonNegative,
    PerHour,
    Positive,
    Share,
    Spec,
    When,
    one_or_many,
)

TRENDS: tuple[str, ...] = ("improving", "stable", "worsening")
"""Where a risk may be going."""

Change = Annotated[float, Field(ge=-1, le=1)]
"""What is added to a risk, from -1 to 1."""

Day = Annotated[tuple[NonNegative, ...], Field(min_length=24, max_length=24)]
"""24 relative weights by hour of day, from midnight."""

Week = Annotated[tuple[NonNegative, ...], Field(min_length=7, max_length=7)]
"""7 relative weights, from Monday."""


ClassCases = Annotated[
    tuple[ShareCase, ...], BeforeValidator(as_share_cases), BeforeValidator(as_shares), Field(min_length=1)
]
"""A class of patient, classes with shares, or a list of cases of which the last has no `when`."""


class Catchment(Spec):
    """The people around one hospital, where they go when they fall ill."""

    people: Count | None = None
    """How many; the hospital's `population` when absent."""
    attributes: dict[str, ShareCases] = {}
    """Shares of categories that differ from the scenario's for these people; the values are the scenario's."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class RiskCase(Distribution[NonNegative]):
    """A risk from 0 to 1 for the people of whom the condition holds: constant, uniform, triangular or empirical."""

    when: When = {}
    """For whom; empty: everybody not yet taken."""


class Bands(Spec):
    """Writes a patient's risk at presentation into a category, on which everything else may then condition."""

    attribute: Label
    """The category; its values are the bands, and its shares in `attributes` are for patients of other sources."""
    limits: dict[Name, Share]
    """Value -> the least risk of the band; rising, the first at 0."""


class Scale(Spec):
    """Writes a patient's risk at presentation into a number, which may multiply durations and hazards."""

    attribute: Label
    """The number attribute; its distribution in `attributes` is for patients of other sources."""
    at_no_risk: NonNegative
    """Its value for somebody without risk; between the two it rises in proportion to the risk."""
    at_full_risk: NonNegative
    """Its value for somebody whose risk is 1."""


class Feedback(Spec):
    """What the hospital does to a risk: each is added when a journey ends, and fades."""

    treated: Change = 0.0
    """Added for somebody who was treated; below 0: treatment helps."""
    untreated: Change = 0.0
    """Added for somebody who left or was sent away untreated: they come back worse."""
    per_hour_waited: Change = 0.0
    """Added for every hour until treatment began, or until they left without it."""
    fades: Hours = 720.0
    """How long what was added lasts in the mean, at least 1 day: every day a part of 1 day / `fades` of it goes."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Risk(Spec):
    """How likely somebody is to fall ill, and where that is going.

    Over an episode the risk goes from where it began to an anchor: P(t+1) = (1 - a) P_start + a P_end +
    noise + feedback, with a rising from 0 to 1. Then the next episode begins there.
    """

    start: Annotated[tuple[RiskCase, ...], BeforeValidator(case_list), Field(min_length=1)]
    """The risk at the start, from 0 to 1; or a list of cases of which the last has no `when`."""
    trends: ShareCases | None = None
    """Shares of `improving`, `stable` and `worsening` episodes; everybody is stable when absent."""
    improving: Share = 0.0
    """The risk at which an improving episode ends; who is below it stays where they are."""
    worsening: Share = 1.0
    """The risk at which a worsening episode ends; who is above it stays where they are."""
    episode: Hours = 4320.0
    """How long an episode lasts, at least 1 day; at the start people are anywhere in theirs."""
    noise: Share = 0.0
    """The greatest daily deviation to either side, narrowed near 0 and 1 to what fits, so that the mean holds."""
    bands: Bands | None = None
    """A category that tells the risk at presentation."""
    scale: Scale | None = None
    """A number that tells the risk at presentation."""
    feedback: Feedback = Feedback()
    """What treatment and waiting do."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Propensity(Spec):
    """Multiplies how often the people of whom the condition holds come."""

    when: When
    """Who."""
    factor: NonNegative
    """The multiplier: below 1 for those who stay away."""
    source: str
    """Where the effect size comes from, or `assumed`."""


class Presenting(Spec):
    """How often people come, as what, and when in the day; at most once a day each."""

    at_no_risk: PerHour
    """How often somebody without risk comes; between the two it rises in proportion to the risk."""
    at_full_risk: PerHour
    """How often somebody comes whose risk is 1; at most once a day, `factors` and `weekday` included."""
    factors: tuple[Propensity, ...] = ()
    """Who comes more or less often at the same risk; several that hold multiply."""
    classes: ClassCases
    """The class of patient that they are: a class, classes with shares, or cases by attribute and risk band."""
    acuity: ShareCases | None = None
    """How urgent they are, by class, attribute and risk band; by their class when absent."""
    ambulance: Share = 0.0
    """The share that comes by ambulance."""
    hourly: Day | None = None
    """24 relative weights by hour of day, from midnight; even when absent."""
    weekday: Week | None = None
    """7 relative weights, from Monday; even when absent."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Invitation(Spec):
    """Invites people, for example for a dose: each comes on one day of a period, if they do not decline.

    Who comes is a patient of the class; `disparities.uptake` says who declines. The dead, those in
    care on their day and those who had a dose before the start do not come.
    """

    patients: Label
    """The class as which they come."""
    when: When = {}
    """Who is invited, by attribute and hospital; the first invitation that holds counts."""
    begins: Hours = 0.0
    """From when."""
    ends: Hours
    """Until when; the days between are equally likely, `weekday` apart."""
    hourly: Day | None = None
    """24 relative weights by hour of day, from midnight; even when absent."""
    weekday: Week | None = None
    """7 relative weights, from Monday; even when absent."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Return(Spec):
    """Some come back after a journey has ended; who comes for something else before then does not."""

    outcomes: Annotated[tuple[Label, ...], BeforeValidator(one_or_many), Field(min_length=1)]
    """After which outcomes; the first row that holds counts."""
    when: When = {}
    """Who: class, acuity at arrival, triage, hospital and attributes."""
    untreated: bool | None = None
    """Only those who were not treated (true) or who were (false); both when absent."""
    probability: Share
    """How often."""
    after: Duration
    """How long after the end of the journey, at least until the next day."""
    worse: Share = 0.0
    """How often they are one acuity level more urgent then."""
    source: str
    """Where the figures come from, or `assumed`."""


class Match(Spec):
    """Which field of a profile tells the value of an attribute."""

    field: str
    """The profile's field, for example `sex`, `age` or `deprivation`."""
    limits: dict[Name, float] | None = None
    """Value -> the least number for it, rising, where the field is a number."""
    values: dict[Name, str] | None = None
    """Value -> the profile's word for it, where they differ."""


def as_match(value: Any) -> Any:
    """Let the name of a field stand for it."""
    return {"field": value} if isinstance(value, str) else value


class Profiles(Spec):
    """Gives every person a clinical profile that agrees with the attributes named here."""

    file: str | None = None
    """A file of profiles, CSV or Parquet; relative to the file in which it is written."""
    generator: Literal["calibrated"] | None = None
    """Make profiles instead of reading them."""
    n: Annotated[Count, Field(ge=1)] = 2000
    """How many profiles to make; several people may share one."""
    match: dict[str, Annotated[Match, BeforeValidator(as_match)]] = {}
    """Attribute -> the profile's field: a person's profile is drawn among those that agree in all of these; where
    there is none, the last written are given up one by one."""
    risk: str | None = None
    """A number of the profile that tells the risk at the start, instead of `population.risk.start`."""
    full_risk: Positive = 1.0
    """The value of that number that means a risk of 1; it must not be exceeded."""
    source: str = ""
    """Where the profiles come from, or `assumed`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.generator is None):
            raise ValueError("expected either file or generator, got both or neither")
        return self


class Population(Spec):
    """People who live around the hospitals, fall ill, come, are invited and come back."""

    catchments: Annotated[dict[str, Catchment], Field(min_length=1)]
    """Hospital -> the people around it."""
    risk: Risk
    """How likely they are to fall ill, and where that is going."""
    presenting: Presenting
    """How often they come, and as what."""
    invitations: tuple[Invitation, ...] = ()
    """Who is invited, when."""
    returns: tuple[Return, ...] = ()
    """Who comes back."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


__all__ = [
    "TRENDS", "Bands", "Catchment", "ClassCases", "Day", "Feedback", "Invitation", "Match", "Population", "Presenting",
    "Profiles", "Propensity", "Return", "Risk", "RiskCase", "Scale", "Week", "as_match",
]  # fmt: skip
