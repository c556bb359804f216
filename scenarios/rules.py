"""The rules that rank waiting patients and choose where the overflow goes: parameters only.

`sim/rules.py` says what each computes. A rule is written by its name (`first-come`) or as one key
with parameters (`accumulating-priority: {rates: {critical: 4, standard: 1}}`). Weights by acuity
that a rule does not name are 1. Urgency is the acuity that triage assigned.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from scenarios.quantities import Hours, NonNegative, Positive, Spec

Weights = dict[str, NonNegative]


class FirstCome(Spec):
    """Whoever came first: to the network (`journey`) or to this step's queue (`step`)."""

    clock: Literal["journey", "step"] = "journey"
    """Which arrival counts."""


class AcuityFirst(Spec):
    """The more urgent first; among equals whoever came first."""

    clock: Literal["journey", "step"] = "journey"
    """Which arrival breaks ties."""


class LongestWaitWithinTarget(Spec):
    """The largest share of the acuity's target time already waited first (needs `targets`)."""


class CMu(Spec):
    """The largest c x mu first: c the cost of an hour's wait by acuity, mu the step's service rate."""

    cost: Weights = {}
    """Cost of an hour's wait by acuity."""


class CMuTheta(Spec):
    """The largest c x mu / theta first: theta the rate of losing patience, so the impatient wait longer."""

    cost: Weights = {}
    """Cost of an hour's wait by acuity."""


class MaxWeight(Spec):
    """The largest c x mu x (number waiting for the same need at the same acuity) first."""

    cost: Weights = {}
    """Cost of an hour's wait by acuity."""


class AccumulatingPriority(Spec):
    """Priority starts at `start` and grows with the wait at `rates` per hour, by acuity (Kleinrock 1964)."""

    rates: Weights = {}
    """Points an hour by acuity."""
    start: Weights = {}
    """Points at presentation by acuity; 0 when not named."""


class EquityWeighted(Spec):
    """Accumulating priority times a weight for the patient's value of an attribute that the scenario names."""

    attribute: str
    """The attribute, for example `deprivation`."""
    weights: dict[str, Positive]
    """Weight by value; 1 when not named."""
    rates: Weights = {}
    """Points an hour by acuity."""


class _Rule(Spec):
    """A choice among rules: exactly one key."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        chosen = [n for n in type(self).model_fields if getattr(self, n) is not None]
        if len(chosen) != 1:
            known = ", ".join(f.alias or n for n, f in type(self).model_fields.items())
            raise ValueError(f"expected exactly one rule of {known}, got {' and '.join(chosen) or 'none'}")
        return self

    @property
    def law(self) -> Any:
        """The parameters of the rule that is named."""
        return next(v for n in type(self).model_fields if (v := getattr(self, n)) is not None)

    @property
    def name(self) -> str:
        """The rule's name as written in a file."""
        field = next(n for n in type(self).model_fields if getattr(self, n) is not None)
        return type(self).model_fields[field].alias or field


class QueueRule(_Rule):
    """How waiting patients are ranked; exactly one key."""

    first_come: Annotated[FirstCome | None, Field(alias="first-come")] = None
    acuity: AcuityFirst | None = None
    longest_wait: Annotated[LongestWaitWithinTarget | None, Field(alias="longest-wait")] = None
    c_mu: Annotated[CMu | None, Field(alias="c-mu")] = None
    c_mu_theta: Annotated[CMuTheta | None, Field(alias="c-mu-theta")] = None
    max_weight: Annotated[MaxWeight | None, Field(alias="max-weight")] = None
    accumulating_priority: Annotated[AccumulatingPriority | None, Field(alias="accumulating-priority")] = None
    equity_weighted: Annotated[EquityWeighted | None, Field(alias="equity-weighted")] = None


class Nearest(Spec):
    """The nearest neighbour where the step could start now."""

    within: Hours | None = None
    """Never farther than this much travel; as far as there are neighbours when absent."""


class LeastLoaded(Spec):
    """The neighbour with the smallest share of the scarcest needed pool in use where the step could start now."""

    within: Hours | None = None
    """Never farther than this much travel; as far as there are neighbours when absent."""


class Stay(Spec):
    """Nobody is sent away: wait here."""


class Outside(Spec):
    """Leave the network at once: the outcome is `diverted`."""


class OverflowRule(_Rule):
    """Where a patient goes whose step says `if_full: overflow`; exactly one key."""

    nearest: Nearest | None = None
    least_loaded: Annotated[LeastLoaded | None, Field(alias="least-loaded")] = None
    stay: Stay | None = None
    outside: Outside | None = None


def named(value: Any) -> Any:
    """Let a rule's name stand for the rule without parameters."""
    return {value: {}} if isinstance(value, str) else value


QueueRuleSpec = Annotated[QueueRule, BeforeValidator(named)]
"""A queue rule, by name or with parameters."""

OverflowRuleSpec = Annotated[OverflowRule, BeforeValidator(named)]
"""An overflow rule, by name or with parameters."""
