"""What an audit finds, as plain records; small groups are already taken out of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scenarios.scenario import Scenario
from sim.evidence.estimated import Estimated, Tested


@dataclass(frozen=True)
class Level:
    """One outcome of one group."""

    metric: str
    attribute: str
    """"" is everybody."""
    group: str
    n: int
    """Patients at risk in all runs together."""
    events: int | None
    """Of shares: how often it was seen."""
    estimate: Estimated
    n_runs: int
    """Runs with a value."""


@dataclass(frozen=True)
class Gap:
    """One group against the reference."""

    metric: str
    attribute: str
    group: str
    reference: str
    difference: Estimated
    ratio: Estimated
    p_value: float | None
    """Of the difference, corrected by Holm for all that were looked at with this outcome."""
    adjusted: Estimated
    """The difference within hospital and acuity."""
    adjusted_p: float | None
    """Of that, corrected in the same way."""
    overlap: float
    """Share of the two groups' patients in hospitals and acuities where there are some of both."""

    @property
    def stands(self) -> bool:
        """Whether the difference stands after the correction."""
        return self.p_value is not None and self.p_value <= 0.05


@dataclass(frozen=True)
class GapTests:
    """Every test of one gap, on one number a run; p values corrected by Holm within the outcome."""

    metric: str
    attribute: str
    group: str
    reference: str
    n_runs: int
    paired: Tested
    """t test of the differences."""
    ranks: Tested
    """Wilcoxon's signed ranks of the differences."""
    cliffs_delta: float
    """P(above) less P(below) over all pairs of runs."""
    cohens_d: float
    """Difference of the means in pooled standard deviations between runs."""
    margin: float | None
    """Differences up to this count as none, as the user stated; None: not stated."""
    equivalence: Tested
    """Two one-sided tests within the margin."""


@dataclass(frozen=True)
class GroupTests:
    """Tests of more than two groups together, on one number a run and group."""

    metric: str
    attribute: str
    n_groups: int
    n_runs: int
    """Runs in which every group has a value."""
    friedman: Tested
    """Groups ranked within each run: the pairing is kept."""
    kruskal_wallis: Tested
    """As if each group came from runs of its own: the pairing is thrown away."""


@dataclass(frozen=True)
class Spread:
    """All groups of an attribute together."""

    metric: str
    attribute: str
    worst: str
    best: str
    worst_again: float | None
    """How often the worst-off is this group when runs are drawn again."""
    largest_gap: Estimated
    min_max: Estimated
    entropy: Estimated
    ggf: Estimated
    permutation: Tested
    ranks: Tested


@dataclass(frozen=True)
class Mortality:
    """Deaths of one group, crude and standardised for the mix of cases."""

    attribute: str
    group: str
    reference: str
    deaths: int
    n: int
    crude: Estimated
    direct: Estimated
    support: float
    """Share of all patients that is in strata where the group has somebody."""
    o_over_e: Estimated
    mantel_haenszel: Estimated
    """Risk ratio to the reference, where that is a group."""


@dataclass(frozen=True)
class Decision:
    """Treatment within the target, as a yes-or-no decision."""

    attribute: str
    parity_difference: Estimated
    parity_ratio: Estimated
    odds_difference: Estimated
    should: str
    """The declared Y; empty: not declared, so no equalised odds."""


@dataclass(frozen=True)
class PerHead:
    """Outcomes per 1000 people of the group in the catchment; a figure of too few is not known."""

    attribute: str
    """"" is everybody, `hospital` the hospital of first presentation."""
    group: str
    people: int
    came: Estimated
    treated: Estimated
    died: Estimated


@dataclass(frozen=True)
class Reversal:
    """A gap that says something else when like is compared with like (Simpson)."""

    metric: str
    attribute: str
    group: str
    reference: str
    crude: Estimated
    adjusted: Estimated
    kind: Literal["turns", "hidden"]
    """Clear either way with opposite signs; or clear only within hospital and acuity."""


Verdict = Literal["kept", "undecided", "breached"]


@dataclass(frozen=True)
class GateLine:
    """One group under a gate."""

    attribute: str
    group: str
    estimate: Estimated
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True)
class GateResult:
    """A gate with its decision and what it was decided on."""

    name: str
    rule: str
    """In words."""
    verdict: Verdict
    fails: bool
    """Whether it makes the audit fail: breached, or not shown to be kept where proof of compliance is asked."""
    unit: str
    signed: bool
    """Whether the figures are differences."""
    lines: tuple[GateLine, ...]


@dataclass(frozen=True)
class Tried:
    """A lever that was simulated, against the run as it was, on the same patients."""

    lever: str
    gap: Estimated
    """Change of the gap between the worst-off and the reference; below 0 is narrower."""
    worst: Estimated
    """Change for the group that was worst off, in the unit of the outcome."""
    everybody: Estimated
    p_value: float | None
    """Of the change of the gap, corrected by Holm for the levers tried."""
    same_patients: bool


@dataclass(frozen=True)
class Recommendation:
    """What was tried, ranked."""

    metric: str
    attribute: str
    group: str
    reference: str
    tried: tuple[Tried, ...]


@dataclass(frozen=True)
class FairnessReport:
    """The whole audit."""

    scenario: Scenario
    policy: str
    run: str
    seed: int
    n_runs: int
    attributes: tuple[str, ...]
    references: Mapping[str, str]
    sentence: str
    levels: tuple[Level, ...]
    hidden: Mapping[str, tuple[str, ...]]
    """Attribute -> groups that are not shown for any outcome."""
    gaps: tuple[Gap, ...]
    spreads: tuple[Spread, ...]
    mortality: tuple[Mortality, ...]
    waits_test: Mapping[str, Tested]
    """Attribute -> clustered log-rank test."""
    decisions: tuple[Decision, ...]
    per_head: tuple[PerHead, ...]
    reversals: tuple[Reversal, ...]
    gap_tests: tuple[GapTests, ...] = ()
    group_tests: tuple[GroupTests, ...] = ()
    pooled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Attribute -> groups that stand together as others."""
    withheld: tuple[str, ...] = ()
    """Outcomes that are not shown at all, since their numbers at risk would give a small group away."""
    gates: tuple[GateResult, ...] = ()
    recommendation: Recommendation | None = None
    notes: tuple[str, ...] = ()
    titles: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    """Metric -> title, unit, better."""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def breached(self) -> bool:
        """Whether any gate fails."""
        return any(gate.fails for gate in self.gates)
