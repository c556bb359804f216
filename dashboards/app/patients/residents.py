"""The people who live around the hospitals of a scenario, as one run on the screen had them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from agents.population.catchment import Catchment
from agents.population.diary import Diary, Lives
from agents.population.source import catchments_of
from dashboards.app.patients.cohort import Bands, Cohort, Person, bands_of_setting
from dashboards.app.patients.contacts import hospital_title
from dashboards.app.patients.resident import Resident
from dashboards.report.wording import counted, listed, mid_sentence, tidy
from policies.parts import Parts
from policies.replication import simulate
from scenarios.checks_population import people_of
from scenarios.errors import RunError, UsageError
from scenarios.scenario import Scenario
from sim.catchments import source_name
from sim.network import Network, attribute_values, compile_network

MOST_PEOPLE = 300_000
"""More than these are for a command line: their diary would fill the memory of the server."""


@dataclass(frozen=True)
class Run:
    """One run that is on the screen, picklable."""

    scenario: str
    """As JSON."""
    policy: str
    seed: int
    number: int
    log: str
    """SHA-256 of its event log, as the result keeps it."""
    folder: str
    """Of `policies.parts.Parts`, which holds the run."""
    label: str
    """Of the side."""

    def table(self, name: str) -> Path:
        """Return where a table of the run is."""
        return Parts(Path(self.folder)).place(self.policy, self.number) / f"{name}.parquet"

    @property
    def key(self) -> str:
        """Everything that decides what happened in it."""
        parts = (self.scenario, self.policy, str(self.seed), str(self.number), self.label)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def live(run: Run) -> dict[int, Lives]:
    """Make the run again with a diary and return its people by hospital. Raises `RunError` if it is another run."""
    scenario = _scenario(run.scenario)
    assert scenario.population is not None
    n = sum(people_of(scenario, name) for name in scenario.population.catchments)
    if n > MOST_PEOPLE:
        raise UsageError(f"This scenario has {n} people; this page shows at most {MOST_PEOPLE}.")
    diary = Diary()
    again = simulate(scenario, run.policy, run.seed, run.number, diary=diary)
    if again.log.fingerprint() != run.log:
        raise RunError(
            f"Run {run.number}, made again, is not the one on the screen, so nobody is shown. This is a bug; please "
            "report it with the scenario."
        )
    return diary.lives()


@dataclass(frozen=True, eq=False)
class Residents:
    """The people of a run on one day; see `cohort.Source`."""

    run: Run
    lives: dict[int, Lives]
    day: int
    setting: int
    """Thresholds for scenarios that have no bands of their own; index of `policies.thresholds.moves.SETTINGS`."""

    @property
    def key(self) -> str:
        """The run, the day and the thresholds."""
        return f"residents:{self.run.key}:{self.day}:{self.setting}"

    def cohort(self) -> Cohort:
        """Return everybody with the risk on the day."""
        scenario, network, catchments = _people(self.run.scenario, self.run.seed, self.run.number)
        population = scenario.population
        assert population is not None
        groups = {}
        for name in sorted(catchments[0].people.codes, key=lambda name: name not in scenario.equity.groups):
            codes = np.concatenate([catchment.people.codes[name] for catchment in catchments])
            groups[name] = (attribute_values(scenario, name), codes)
        homes = np.repeat(np.arange(len(catchments)), [len(c.people) for c in catchments])
        titles = tuple(hospital_title(scenario, network.hospitals[c.hospital]) for c in catchments)
        lived = [self.lives[c.hospital] for c in catchments]
        return Cohort(
            title=f"the people of “{scenario.title or scenario.name}”, run {self.run.number}, {self.run.label}",
            measure=_measure(scenario),
            when=f"on day {self.day}",
            origin=f"{counted(len(homes), 'made-up person', 'made-up people')} around "
            f"{counted(len(catchments), 'hospital')}, drawn one by one; who they are is drawn anew in each run, and is "
            "the same under every policy.",
            places=tuple((network.hospitals[c.hospital], len(c.people)) for c in catchments),
            risk=np.concatenate([one.on(self.day).risk for one in lived]),
            groups={**groups, "home": (titles, homes)},
            bands=bands_of(scenario, self.setting),
            there=np.concatenate([one.died > self.day for one in lived]),
            came=np.concatenate([_came(self.run, network, c) for c in catchments]),
            notes=_cohort_notes(scenario),
        )

    def person(self, number: int) -> Person:
        """Return one of them, with what the run did to the person."""
        scenario, network, catchments = _people(self.run.scenario, self.run.seed, self.run.number)
        for catchment in catchments:
            if number < len(catchment.people):
                break
            number -= len(catchment.people)
        else:
            raise UsageError("There is nobody of this number.")
        one = Resident(scenario, network, catchments, catchment, number, self.lives[catchment.hospital])
        return one.told(self.day, *_visits_of(self.run, network, catchment, number))


def bands_of(scenario: Scenario, setting: int) -> Bands:
    """Return the bands that the scenario writes into patients, or those chosen on the page."""
    assert scenario.population is not None
    bands = scenario.population.risk.bands
    if bands is None:
        return bands_of_setting(
            setting, "chosen on this page; the scenario has none, so they decide nothing in it"
        )
    attribute = scenario.attributes[bands.attribute]
    origin = f"of the scenario: at each presentation they become “{attribute.title or tidy(bands.attribute)}”"
    return Bands(tuple(bands.limits), tuple(bands.limits.values()), origin)


@lru_cache(maxsize=2)
def _people(text: str, seed: int, number: int) -> tuple[Scenario, Network, list[Catchment]]:
    """Return the people as they are at the start of a run."""
    scenario = _scenario(text)
    network = compile_network(scenario)
    return scenario, network, catchments_of(network, seed, number)


def _scenario(text: str) -> Scenario:
    return Scenario.model_validate(json.loads(text))


def _measure(scenario: Scenario) -> str:
    assert scenario.population is not None
    spec = scenario.population.presenting
    names = list(dict.fromkeys(name for case in spec.classes for name in case.share))
    titles = [scenario.classes[name].title or tidy(name) for name in names]
    return f"risk of coming ({listed([mid_sentence(title) for title in titles])})"


def _came(run: Run, network: Network, catchment: Catchment) -> np.ndarray:
    visits = pd.read_parquet(run.table("visits"), columns=["source", "person"])
    mine = visits["source"] == source_name(network.hospitals[catchment.hospital])
    came = np.zeros(len(catchment.people), dtype=np.bool_)
    came[visits.loc[mine, "person"].to_numpy()] = True
    return came


def _visits_of(
    run: Run, network: Network, catchment: Catchment, person: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    source = source_name(network.hospitals[catchment.hospital])
    visits = pd.read_parquet(run.table("visits"), filters=[("person", "==", person)])
    visits = visits[visits["source"] == source].sort_values("presented")
    steps = pd.read_parquet(
        run.table("steps"), filters=[("patient", "in", visits["patient"].tolist() or [-1])]
    )
    return visits, steps


def _cohort_notes(scenario: Scenario) -> tuple[str, ...]:
    assert scenario.population is not None
    population, notes = scenario.population, []
    if not population.presenting.at_full_risk and not population.presenting.at_no_risk:
        notes.append(
            "In this scenario nobody comes because of this risk: patients come from streams, by invitation, or because "
            "they are infected. So the risk says nothing here."
        )
    if scenario.profiles is None:
        notes.append(
            "The scenario gives people no clinical profile, so there is none to show. `profiles: {generator: "
            "calibrated}` gives everybody one; see docs/population.md."
        )
    return (*notes, "The dead are not counted. Infections are not shown person by person.")
