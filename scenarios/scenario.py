"""The root of the scenario language."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from scenarios.costs import Costs
from scenarios.counterfactual import Counterfactual
from scenarios.epidemic import Epidemic
from scenarios.hospitals import Hospital, Transfers
from scenarios.pathways import Hazards, Pathway
from scenarios.people import Arrivals, Attribute, Disparities, PatientClass
from scenarios.population import Population, Profiles
from scenarios.quantities import Count, Flag, Hours, Label, Name, Spec, as_cases, one_or_many
from scenarios.rules import FirstCome, OverflowRule, OverflowRuleSpec, QueueRule, QueueRuleSpec, Stay
from scenarios.tree import value_text
from scenarios.uncertain import Uncertain
from scenarios.vaccine import Vaccine

OUTCOMES: tuple[str, ...] = ("discharged", "died", "left", "cancelled", "diverted", "declined", "ineligible")
"""Outcomes that always exist; a scenario may add others, each of one of these kinds."""


class Equity(Spec):
    """Whose outcomes are compared."""

    groups: Annotated[tuple[Label, ...], BeforeValidator(one_or_many)] = ()
    """Attributes by which results are shown; the first is the group of tallies and rewards."""
    reference: dict[str, Label] = {}
    """Attribute -> the value that the others are compared with; the overall mean when not named."""


def calendar_time(value: Any) -> Any:
    """Let a date stand for its midnight; refuse times that depend on a time zone."""
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise ValueError(f"expected a date such as 2025-01-06 or 2025-01-06T06:00, got {value_text(value)}")
    return moment


class Scenario(Spec):
    """A hospital network, who comes to it, and how long to watch."""

    fairward: Literal[1]
    """The version of the scenario language."""
    name: Name
    """A short name for run folders: letters, digits, `-`, `_` and `.`."""
    title: str = ""
    """A title for people."""
    question: str = ""
    """The question that this scenario answers."""
    assumptions: tuple[str, ...] = ()
    """What is assumed, for the report."""
    source: str = ""
    """Where the model comes from."""
    start: Annotated[datetime, BeforeValidator(calendar_time)] = datetime(2025, 1, 6)
    """Calendar date of time zero (a Monday when absent)."""
    horizon: Hours
    """How long to simulate, warm-up included."""
    warm_up: Hours = 0.0
    """Patients who present before it, and time before it, are left out of results."""
    replications: Annotated[Count, Field(ge=1)] = 20
    """How many runs unless the command says otherwise."""
    decide_every: Hours = 4.0
    """How long between decisions; 0: no regular ones."""
    decide_on: tuple[Literal["arrival", "full", "free"], ...] = ()
    """Decide also when a patient first joins a queue, a step cannot start, or a bed becomes free and someone waits."""
    group_blind: Flag = False
    """Whether policies see no protected attribute."""
    tau: Hours = 24.0
    """Untreated time counts up to this long after presentation (restricted mean)."""
    acuities: Annotated[tuple[Name, ...], Field(min_length=1)] = ("standard",)
    """Levels of urgency, the most urgent first."""
    targets: dict[str, Hours] = {}
    """Acuity -> the time within which treatment should start."""
    attributes: dict[Name, Attribute] = {}
    """What is known of every patient; each may condition on those above it."""
    equity: Equity = Equity()
    """Whose outcomes are compared."""
    disparities: Disparities = Disparities()
    """Differences between groups that the model contains."""
    classes: Annotated[dict[Name, PatientClass], Field(min_length=1)]
    """Classes of patients."""
    pathways: Annotated[dict[Name, Pathway], Field(min_length=1)]
    """What happens to them."""
    outcomes: dict[Name, Literal["discharged", "died", "left", "cancelled", "diverted"]] = {}
    """Further outcomes and of which kind each is."""
    hazards: Hazards = Hazards()
    """What happens to patients of itself."""
    hospitals: Annotated[dict[Name, Hospital], Field(min_length=1)]
    """The network."""
    transfers: Transfers = Transfers()
    """Moving patients between hospitals."""
    arrivals: dict[Name, Arrivals] = {}
    """Who comes where and when; needed unless `population` or `epidemic` sends patients."""
    population: Population | None = None
    """The people around the hospitals, whose risk drifts and who come when they are ill or invited."""
    profiles: Profiles | None = None
    """Clinical profiles of these people."""
    epidemic: Epidemic | None = None
    """An epidemic that sends patients."""
    vaccine: Vaccine | None = None
    """The vaccine supply."""
    queue_rule: QueueRuleSpec = QueueRule(first_come=FirstCome())
    """How waiting patients are ranked unless a policy says otherwise."""
    overflow_rule: OverflowRuleSpec = OverflowRule(stay=Stay())
    """Where the overflow goes unless a policy says otherwise."""
    backfill: Literal["none", "fit", "strict"] = "none"
    """When a patient is short of a pool: `none` closes to worse-ranked patients the pools that it is short of,
    `fit` closes none, `strict` closes all that it needs."""
    on_deadlock: Literal["swap", "overflow", "fail"] = "swap"
    """When patients block one another for ever: exchange their places, send the worst-ranked away, or stop."""
    uncertain: dict[Name, Uncertain] | None = None
    """Figures that are not known for certain: `fairward uncertainty` draws them, all else takes what is written."""
    costs: Costs | None = None
    """What things cost; without it nothing is said about money."""
    counterfactual: Annotated[tuple[Counterfactual, ...], BeforeValidator(as_cases)] | None = None
    """What if they were of another group? One flip after the other; written by `fairward counterfactual`."""
