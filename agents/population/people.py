"""The people of one catchment, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import sha256

import numpy as np

from agents.population.luck import Luck
from agents.population.profiles import Pool, assign
from agents.population.timetable import NEVER, invited_on
from scenarios.checks_population import lasting
from scenarios.people import ShareCase
from scenarios.population import Population, RiskCase
from sim.arrivals import Floats
from sim.conditions import Codes, Facts, Mask
from sim.distributions import quantile
from sim.network import Network, attribute_values

SUSCEPTIBLE, LATENT, INFECTIOUS, IMMUNE = range(4)
"""Stages of an infection."""

ILL, INFECTED, INVITED = range(3)
"""Why somebody comes; `INVITED` + k is by invitation number k."""


@dataclass(slots=True, eq=False)
class People:
    """Columns of length n. Days count from 0 at the start; hours are since the start."""

    profile: Codes
    """Row of the scenario's profiles (`agents.population.profiles.Pool`); -1: none."""
    codes: dict[str, Codes]
    """Category that they have for good -> index of `attribute_values`."""
    numbers: dict[str, Floats]
    """Number attribute -> value."""
    risk_start: Floats
    """The risk at the beginning of the present episode."""
    risk_end: Floats
    """Its anchor."""
    begun: Codes
    """The day on which the episode began; before the start for those in the middle of one."""
    effect: Floats
    """What treatment and waiting have added to the risk, not yet faded."""
    alive: Mask
    in_care: Mask
    """Presented, and the journey is not over."""
    doses: Codes
    """Doses received."""
    product: Codes
    """Of which product, index of `Network.products`; -1: none."""
    dosed_at: Floats
    """When the last was given, hours; -inf: long before the start."""
    stage: Codes
    """Of the infection."""
    admission_due: Codes
    """The day on which the infection makes them present; NEVER."""
    return_due: Codes
    """The day from which they come back; NEVER."""
    return_worse: Mask
    """Whether they are more urgent then."""
    invitation: Codes
    """Index of the invitation that is theirs; -1: none."""
    invited_on: Codes
    """The day on which they come for it; NEVER."""
    reason: Codes
    """Why they came last: ILL, INFECTED, INVITED + k; -1: they never did."""
    presented: Floats
    """When that was."""
    treated: Floats
    """When treatment began then; NaN: not yet."""
    cls: Codes
    acuity: Codes
    triage: Codes
    band: Codes
    """Class, acuities and risk band at that time."""

    def __len__(self) -> int:
        return len(self.alive)

    def fingerprint(self) -> str:
        """Return a SHA-256 of all columns."""
        digest = sha256()
        for field in fields(self):
            value = getattr(self, field.name)
            for name, column in (value if isinstance(value, dict) else {field.name: value}).items():
                digest.update(name.encode() + b"\0")
                digest.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()


def draw_people(network: Network, hospital: int, n: int, luck: Luck, pool: Pool | None = None) -> People:
    """Draw the people of a catchment; whatever else is in the scenario, they are the same.

    Shares are exact: of the people for whom a case holds, each value has as many as its share says,
    rounded; who they are is drawn.
    """
    population = network.scenario.population
    assert population is not None
    facts = Facts(n, {}, {})
    facts.learn("hospital", network.hospitals, np.full(n, hospital, dtype=np.int64))
    overrides = population.catchments[network.hospitals[hospital]].attributes
    numbers = {}
    known = lasting(network.scenario)
    for name, spec in network.scenario.attributes.items():
        if spec.number is not None:
            numbers[name] = quantile(spec.number, luck.once("attribute", name))
        elif name in known:
            values = attribute_values(network.scenario, name)
            cases = overrides.get(name, spec.share) or ()
            facts.learn(name, values, exact_shares(cases, values, facts, luck.once("attribute", name)))
    invitation, day = _invitations(network, population, facts, luck)
    begins = _phase(population, luck)
    start = risk_at_start(population.risk.start, facts, luck.once("risk"))
    profile = np.full(n, -1, dtype=np.int64)
    if pool is not None:
        profile, _ = assign(pool, facts.codes, n, luck.once("profile"))
        if pool.risk is not None:
            told = pool.risk[profile]
            start = np.where(np.isnan(told), start, told)
    people = People(
        profile=profile,
        codes={name: facts.codes[name] for name in known},
        numbers=numbers,
        risk_start=start,
        risk_end=start.copy(),
        begun=begins,
        effect=np.zeros(n),
        alive=np.ones(n, dtype=np.bool_),
        in_care=np.zeros(n, dtype=np.bool_),
        doses=np.zeros(n, dtype=np.int64),
        product=np.full(n, -1, dtype=np.int64),
        dosed_at=np.full(n, -np.inf),
        stage=np.full(n, SUSCEPTIBLE, dtype=np.int64),
        admission_due=np.full(n, NEVER, dtype=np.int64),
        return_due=np.full(n, NEVER, dtype=np.int64),
        return_worse=np.zeros(n, dtype=np.bool_),
        invitation=invitation,
        invited_on=day,
        reason=np.full(n, -1, dtype=np.int64),
        presented=np.full(n, np.nan),
        treated=np.full(n, np.nan),
        cls=np.zeros(n, dtype=np.int64),
        acuity=np.zeros(n, dtype=np.int64),
        triage=np.zeros(n, dtype=np.int64),
        band=np.zeros(n, dtype=np.int64),
    )
    return people


def person_facts(network: Network, hospital: int, people: People) -> Facts:
    """Return what conditions may ask about people who are not patients."""
    facts = Facts(len(people), {}, {})
    facts.learn("hospital", network.hospitals, np.full(len(people), hospital, dtype=np.int64))
    for name, codes in people.codes.items():
        facts.learn(name, attribute_values(network.scenario, name), codes)
    return facts


def exact_shares(cases: Sequence[ShareCase], values: tuple[str, ...], facts: Facts, u: Floats) -> Codes:
    """Choose a value for each by the first case that holds, in exact shares: the order of `u` says who has which.

    >>> half = [ShareCase(share={"a": 0.5, "b": 0.5})]
    >>> exact_shares(half, ("a", "b"), Facts(4, {}, {}), np.array([0.1, 0.2, 0.9, 0.3])).tolist()
    [0, 0, 1, 1]
    """
    index = {value: i for i, value in enumerate(values)}
    chosen = np.full(facts.n, -1, dtype=np.int64)
    for case, mask in facts.take_first(cases):
        who = np.flatnonzero(mask)
        rank = np.empty(len(who))
        rank[np.argsort(u[who], kind="stable")] = np.arange(len(who))
        codes = np.array([index[value] for value in case.share], dtype=np.int64)
        cumulative = np.cumsum(list(case.share.values()))[:-1]
        chosen[who] = codes[np.searchsorted(cumulative, (rank + 0.5) / len(who), side="right")]
    return chosen


def risk_at_start(cases: Sequence[RiskCase], facts: Facts, u: Floats) -> Floats:
    """Return each person's risk by the first case that holds."""
    risk = np.zeros(facts.n)
    for case, mask in facts.take_first(cases):
        risk[mask] = quantile(case, u[mask])
    return risk


def _phase(population: Population, luck: Luck) -> Codes:
    """Return when the episodes began in which people are at the start: evenly spread."""
    length = int(population.risk.episode // 24)
    return -(luck.once("phase") * length).astype(np.int64)


def _invitations(network: Network, population: Population, facts: Facts, luck: Luck) -> tuple[Codes, Codes]:
    invitation = np.full(facts.n, -1, dtype=np.int64)
    day = np.full(facts.n, NEVER, dtype=np.int64)
    if not population.invitations:
        return invitation, day
    u = luck.once("invited on")
    for row, mask in facts.take_first(population.invitations):
        invitation[mask] = population.invitations.index(row)
        day[mask] = invited_on(network.scenario.start, row.weekday, row.begins, row.ends, u[mask])
    return invitation, day
