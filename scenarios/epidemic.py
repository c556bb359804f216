"""An epidemic that sends patients: a given curve, a deterministic SIR, or a stochastic SEIR over the population."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from scenarios.distributions import Duration
from scenarios.people import ShareCases, Shares
from scenarios.population import ClassCases, Day
from scenarios.quantities import Count, Hours, NonNegative, Share, Spec, When, as_cases, one_or_many


class Curve(Spec):
    """A given number of admissions for each day."""

    admissions: Annotated[tuple[NonNegative, ...], Field(min_length=1)]
    """Admissions a day over all hospitals, from the first day on; none after the last."""


class Sir(Spec):
    """The deterministic SIR of Penn CHIME with its daily step, calibrated to the patients in hospital today.

    Source: Weissman et al. (2020), Ann Intern Med 173:21.
    """

    population: Annotated[Count, Field(ge=1)]
    """People in the region."""
    in_hospital: Annotated[Count, Field(ge=1)]
    """Patients of the epidemic in these hospitals at the start."""
    market_share: Annotated[Share, Field(gt=0)] = 1.0
    """The share of the region's patients that comes to these hospitals."""
    doubling_time: Hours
    """How long the infected took to double before the start, at least 1 day."""
    infectious: Hours
    """How long somebody is infectious, in the mean; at least 1 day."""
    contact_reduction: Share = 0.0
    """By how much contacts are reduced from the start on."""
    admitted: Annotated[Share, Field(gt=0)]
    """The share of the infected who are admitted."""
    stay: Hours
    """The stay in hospital by which the patients there today are accounted for, whole days."""


class Protection(Spec):
    """What a vaccine does, by the number of doses; the last figure holds for more."""

    infection: Annotated[tuple[Share, ...], BeforeValidator(one_or_many), Field(min_length=1)]
    """By how much the chance of infection is smaller after one dose, two, ..."""
    severe: Annotated[tuple[Share, ...], BeforeValidator(one_or_many), Field(min_length=1)]
    """By how much the chance of admission is smaller for those who are infected all the same."""
    onset: Hours = 336.0
    """How long after a dose it begins to protect."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Coverage(Spec):
    """Who had a dose long before the start."""

    when: When = {}
    """Among whom; the first row that holds counts."""
    product: str
    """Of which product."""
    share: Share
    """How many of them."""
    doses: Annotated[Count, Field(ge=1)] = 1
    """How many doses."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Chance(Spec):
    """A chance for the people of whom the condition holds."""

    when: When = {}
    """For whom; empty: everybody not yet taken."""
    probability: Share
    """The chance."""
    source: str = ""
    """Where it comes from, or `assumed`."""


class Seir(Spec):
    """A stochastic SEIR epidemic over the people of `population`, day by day.

    Susceptible people are infected with the day's force of infection, times what their vaccine
    leaves; then they are infected but not yet infectious (latent), infectious, and immune for good.
    """

    r0: NonNegative
    """How many one infectious person infects when nobody is immune or vaccinated."""
    latent: Hours = 0.0
    """How long until the infected are infectious, in the mean; 0, or at least 1 day."""
    infectious: Hours
    """How long they are, in the mean; at least 1 day."""
    infected: Count
    """How many are infectious at the start; evenly drawn among all people."""
    immune: Share = 0.0
    """The share of the others who are immune at the start."""
    imports: NonNegative = 0.0
    """How many infections a day come from outside the region, in the mean."""
    contact_reduction: Share = 0.0
    """By how much contacts are reduced."""
    groups: str | None = None
    """The attribute by which contacts differ; everybody meets everybody when absent."""
    contacts: dict[str, dict[str, NonNegative]] = {}
    """Value -> value -> how many of the second somebody of the first meets a day. Only the proportions count: `r0`
    sets the size. Made reciprocal: the contacts between two groups are the mean of what each of them says."""
    admitted: Annotated[tuple[Chance, ...], BeforeValidator(as_cases), Field(min_length=1)]
    """The chance that an infected person must be admitted; the last case has no `when`."""
    delay: Duration | None = None
    """From becoming infectious to presenting; the same day when absent."""
    protection: dict[str, Protection] = {}
    """Vaccine product -> what it does."""
    coverage: tuple[Coverage, ...] = ()
    """Who had a dose before the start."""


class Epidemic(Spec):
    """An epidemic that sends patients to the hospitals; exactly one of curve, sir, seir."""

    curve: Curve | None = None
    """Given admissions."""
    sir: Sir | None = None
    """Admissions of a deterministic SIR."""
    seir: Seir | None = None
    """A stochastic SEIR over `population`."""
    hospitals: Shares = {}
    """For `curve` and `sir`: where the admitted present, shares; with `seir` they go to the hospital of their
    catchment."""
    counts: Literal["poisson", "nearest"] = "poisson"
    """For `curve` and `sir`: a day's number of patients is Poisson, or the curve rounded so that sums stay right."""
    classes: ClassCases
    """The class of patient of the admitted: a class, or classes with shares; with `seir` also cases by attribute."""
    acuity: ShareCases | None = None
    """How urgent they are; by their class when absent."""
    attributes: dict[str, ShareCases] = {}
    """Shares of categories for them, for example `flu: {positive: 1}`; the values are the scenario's."""
    ambulance: Share = 0.0
    """The share that comes by ambulance."""
    hourly: Day | None = None
    """24 relative weights by hour of day, from midnight; even when absent."""
    source: str = ""
    """Where the figures come from, or `assumed`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [name for name in ("curve", "sir", "seir") if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"expected exactly one of curve, sir, seir, got {' and '.join(named) or 'none'}")
        return self


__all__ = ["Chance", "Coverage", "Curve", "Epidemic", "Protection", "Seir", "Sir"]
