"""A stochastic SEIR epidemic over the people of all catchments, one step a day.

Each person's change of stage on a day is decided by that person's number of the day: infection at the
day's force of infection times what the vaccine leaves, then the end of latency, then of infectiousness.
So numbers of infections are binomial in each group, and two policies meet the same luck. Without
latency and groups the mean follows CHIME's daily step as the population grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from agents.population.people import IMMUNE, INFECTIOUS, LATENT, SUSCEPTIBLE, People
from agents.population.timetable import HOURS
from scenarios.epidemic import Seir
from scenarios.errors import RunError
from sim.arrivals import Floats
from sim.conditions import Codes, Facts, Mask
from sim.distributions import quantile
from sim.network import Network, attribute_values

if TYPE_CHECKING:
    from agents.population.catchment import Catchment


class Spread:
    """The epidemic among the people of the catchments, whose columns it writes."""

    def __init__(self, network: Network, catchments: Sequence[Catchment]) -> None:
        epidemic = network.scenario.epidemic
        assert epidemic is not None
        assert epidemic.seir is not None
        self.network = network
        self.catchments = list(catchments)
        self.spec = epidemic.seir
        self._groups = [self._group(c.people) for c in self.catchments]
        sizes = self._by_group([c.people.alive for c in self.catchments])
        self.contacts = transmission(self.spec, self._matrix(), sizes)
        """(g, h) -> infections a day of one susceptible of g, were all of h infectious."""
        self._severe = [admission_chances(self.spec, c.facts) for c in self.catchments]
        self._n = int(sizes.sum())
        self._begin()

    def step(self, day: int) -> None:
        """Live through a day: who is infected, becomes infectious, is immune; and who must be admitted when."""
        force = self.force()
        imported = self.spec.imports / self._n if self._n else 0.0
        for catchment, group, severe in zip(self.catchments, self._groups, self._severe, strict=True):
            people, now = catchment.people, day * HOURS
            leaves, leaves_severe = protection(self.spec, self.network, people, now)
            u = catchment.luck.of_day(day, "infection")
            chance = 1.0 - (1.0 - force[group] * leaves) * (1.0 - imported * leaves)
            stage = people.stage
            infected = (stage == SUSCEPTIBLE) & (u < chance) & people.alive
            latent = stage == LATENT
            onset = latent & (u < HOURS / self.spec.latent) if self.spec.latent else infected
            over = (stage == INFECTIOUS) & (u < HOURS / self.spec.infectious)
            stage[infected] = LATENT
            stage[onset] = INFECTIOUS
            stage[over] = IMMUNE
            self._admit(catchment, day, onset & people.alive, severe * leaves_severe)

    def force(self) -> Floats:
        """Return the chance of infection today of an unvaccinated person of each group."""
        infectious = [(c.people.stage == INFECTIOUS) & c.people.alive for c in self.catchments]
        living = self._by_group([c.people.alive for c in self.catchments])
        share = self._by_group(infectious) / np.maximum(living, 1.0)
        return np.asarray(self.contacts @ share)

    def stages(self) -> Codes:
        """Return how many of the living are susceptible, latent, infectious, immune; and how many are dead."""
        counts = np.zeros(5, dtype=np.int64)
        for catchment in self.catchments:
            people = catchment.people
            counts[:4] += np.bincount(people.stage[people.alive], minlength=4)
            counts[4] += int(np.count_nonzero(~people.alive))
        return counts

    def _admit(self, catchment: Catchment, day: int, onset: Mask, chance: Floats) -> None:
        who = np.flatnonzero(onset)
        if not len(who):
            return
        luck = catchment.luck
        who = who[luck.once("severe")[who] < chance[who]]
        delay = np.zeros(len(who), dtype=np.int64)
        if self.spec.delay is not None:
            delay = (quantile(self.spec.delay, luck.once("delay")[who]) // HOURS).astype(np.int64)
        catchment.people.admission_due[who] = day + delay

    def _begin(self) -> None:
        """Infect exactly as many as the scenario says, and make immune or vaccinated who was before."""
        people = [c.people for c in self.catchments]
        for catchment in self.catchments:
            self._cover(catchment)
            immune = catchment.luck.once("immune") < self.spec.immune
            catchment.people.stage[immune] = IMMUNE
        luck = np.concatenate([c.luck.once("infected at start") for c in self.catchments])
        first = np.argsort(luck, kind="stable")[: self.spec.infected]
        begin = 0
        for those in people:
            mine = first[(first >= begin) & (first < begin + len(those))] - begin
            those.stage[mine] = INFECTIOUS
            begin += len(those)

    def _cover(self, catchment: Catchment) -> None:
        """Give the doses of before the start."""
        people = catchment.people
        u = catchment.luck.once("covered")
        for row, mask in catchment.facts.take_first(self.spec.coverage):
            had = mask & (u < row.share)
            people.doses[had] = row.doses
            people.product[had] = self._product(row.product)

    def _product(self, name: str) -> int:
        return product_names(self.network, self.spec).index(name)

    def _group(self, people: People) -> Codes:
        if self.spec.groups is None:
            return np.zeros(len(people), dtype=np.int64)
        return people.codes[self.spec.groups]

    def _matrix(self) -> Floats | None:
        if self.spec.groups is None:
            return None
        values = attribute_values(self.network.scenario, self.spec.groups)
        return np.array([[self.spec.contacts[g][h] for h in values] for g in values])

    def _by_group(self, masks: Sequence[Mask]) -> Floats:
        n = 1 if self.spec.groups is None else len(self.spec.contacts)
        counts = np.zeros(n)
        for group, mask in zip(self._groups, masks, strict=True):
            counts += np.bincount(group[mask], minlength=n)
        return counts


def transmission(spec: Seir, contacts: Floats | None, sizes: Floats) -> Floats:
    """Return (g, h) -> infections a day of one susceptible of g, were all of h infectious.

    Contacts are made reciprocal, and scaled so that the greatest eigenvalue of the next-generation
    matrix is r0 (Diekmann, Heesterbeek & Roberts 2010, J R Soc Interface 7:873). `sizes` by group.
    Raises `RunError` if somebody could be infected with a chance above 1 a day.
    """
    daily = spec.r0 * HOURS / spec.infectious * (1.0 - spec.contact_reduction)
    if contacts is None or not sizes.any():
        return np.full((len(sizes), len(sizes)), daily)
    total = contacts * sizes[:, None]
    total = (total + total.T) / 2
    present = np.maximum(sizes, 1.0)
    dominant = max(abs(np.linalg.eigvals(total / present[None, :])))
    matrix = total / present[:, None]
    if dominant > 0:
        matrix *= daily / dominant
    most = float(matrix.sum(axis=1).max())
    if most > 1.0:
        raise RunError(
            f"epidemic.seir: expected a chance of infection of at most 1 a day, got {most:.3g} where everybody is "
            "infectious. Use a smaller r0, a longer `infectious`, or contacts that differ less."
        )
    return np.asarray(matrix)


def product_names(network: Network, spec: Seir) -> tuple[str, ...]:
    """Return the vaccines: those of the supply, or those of which people had doses before."""
    return network.products or tuple(spec.protection)


def protection(spec: Seir, network: Network, people: People, now: float) -> tuple[Floats, Floats]:
    """Return what vaccination leaves of each person's chance of infection, and of admission once infected.

    A dose counts from its onset on; until then the doses before it do.
    """
    infection, severe = np.ones(len(people)), np.ones(len(people))
    for product, name in enumerate(product_names(network, spec)):
        effect = spec.protection.get(name)
        if effect is None:
            continue
        who = np.flatnonzero((people.product == product) & (people.doses > 0))
        doses = people.doses[who] - (now < people.dosed_at[who] + effect.onset)
        who, doses = who[doses > 0], doses[doses > 0]
        infection[who] = 1.0 - _after(effect.infection, doses)
        severe[who] = 1.0 - _after(effect.severe, doses)
    return infection, severe


def _after(by_dose: tuple[float, ...], doses: Codes) -> Floats:
    return np.asarray(np.array(by_dose)[np.minimum(doses, len(by_dose)) - 1])


def admission_chances(spec: Seir, facts: Facts) -> Floats:
    """Return each unvaccinated person's chance of being admitted once infected."""
    chance = np.zeros(facts.n)
    for case, mask in facts.take_first(spec.admitted):
        chance[mask] = case.probability
    return chance
