"""One of the people of a scenario: fields and where they come from, the course of the risk, and its parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agents.population.catchment import Catchment
from agents.population.diary import Lives, Parts
from agents.population.timetable import NEVER
from agents.profiles.record import COLUMNS, DERIVED_COLUMNS
from dashboards.app.patients.cohort import (
    ASSUMED,
    COMPUTED,
    GENERATED,
    GIVEN,
    Course,
    Fact,
    Person,
    Reasons,
)
from dashboards.app.patients.contacts import came_as, contacts, contacts_said, hospital_title
from dashboards.app.patients.records import field_name, field_text
from dashboards.report import phrases
from dashboards.report.wording import listed, mid_sentence, sentence_case, tidy
from scenarios.errors import RunError
from scenarios.population import Population
from scenarios.scenario import Scenario
from scenarios.units import format_duration
from sim.network import Network, attribute_values

DAY = 24.0
MIDDLE = 0.95
FAR = 1e-9


@dataclass(frozen=True, eq=False)
class Resident:
    """A person of a catchment."""

    scenario: Scenario
    network: Network
    catchments: list[Catchment]
    """All of them, as they are at the start."""
    home: Catchment
    number: int
    """In the home."""
    lives: Lives

    def told(self, day: int, visits: pd.DataFrame, steps: pd.DataFrame) -> Person:
        """Return what is to be said, given the person's visits in the order of time."""
        parts = self.lives.of(self.number)
        label = f"{self.network.hospitals[self.home.hospital]} {self.number}"
        shared = "Several people may share one profile; this one was drawn for the person at the start."
        return Person(
            label=label,
            risk=float(parts.risk[day]),
            text=self._vignette(),
            facts=self._facts(parts),
            course=self._course(parts, visits, day),
            no_course="",
            reasons=self._reasons(parts, day),
            contacts=contacts(self.scenario, visits, steps),
            contacts_said=contacts_said(label, visits),
            notes=() if self.home.pool is None else (shared,),
        )

    @property
    def _population(self) -> Population:
        assert self.scenario.population is not None
        return self.scenario.population

    @property
    def _profile(self) -> pd.Series | None:
        """The row of the person's profile."""
        pool, row = self.home.pool, int(self.home.people.profile[self.number])
        return None if pool is None or row < 0 else pool.frame.iloc[row]

    def _vignette(self) -> str:
        profile = self._profile
        return "" if profile is None or pd.isna(profile["vignette"]) else str(profile["vignette"])

    def _facts(self, parts: Parts) -> tuple[Fact, ...]:
        scenario, people = self.scenario, self.home.people
        name = self.network.hospitals[self.home.hospital]
        home = self._population.catchments[name]
        found = [
            Fact(
                "Lives around",
                hospital_title(scenario, name),
                *_origin(home.source or self._population.source),
            )
        ]
        for attribute, codes in people.codes.items():
            spec = scenario.attributes[attribute]
            source = home.source if attribute in home.attributes else spec.source
            value = attribute_values(scenario, attribute)[codes[self.number]]
            found.append(Fact(sentence_case(spec.title or tidy(attribute)), tidy(value), *_origin(source)))
        for attribute, numbers in people.numbers.items():
            spec = scenario.attributes[attribute]
            title = sentence_case(spec.title or tidy(attribute))
            found.append(Fact(title, f"{numbers[self.number]:.3g}", *_origin(spec.source)))
        origin = (
            (COMPUTED, "from the profile") if self._risk_is_told else _origin(self._population.risk.source)
        )
        found.append(Fact("Risk at the start", f"{parts.first[0]:.3f}", *origin))
        if self._population.invitations:
            found.append(self._invitation())
        return (*found, *self._profile_facts())

    @property
    def _risk_is_told(self) -> bool:
        """Whether the profile says the risk at the start."""
        return self.home.pool is not None and self.home.pool.risk is not None

    def _invitation(self) -> Fact:
        people = self.home.people
        number, day = int(people.invitation[self.number]), int(people.invited_on[self.number])
        if number < 0 or day == NEVER:
            return Fact("Invited", "no", COMPUTED, "follows from who the person is")
        row = self._population.invitations[number]
        return Fact("Invited", f"on day {day}: {came_as(self.scenario, row.patients)}", *_origin(row.source))

    def _profile_facts(self) -> list[Fact]:
        profile, spec = self._profile, self.scenario.profiles
        if profile is None or spec is None:
            return []
        written = (
            (GIVEN, "the file of profiles of the scenario")
            if spec.file
            else (GENERATED, "the calibrated generator: agents/profiles/laws.py")
        )
        found = []
        for column in COLUMNS:
            value = profile[column]
            if column in ("profile_id", "vignette") or pd.isna(value) or value == "":
                continue
            derived = column in DERIVED_COLUMNS
            text = f"{value:.3f}" if derived else field_text(column, value)
            origin = (COMPUTED, "docs/profiles.md") if derived else written
            found.append(Fact(f"Profile: {mid_sentence(field_name(column))}", text, *origin))
        return found

    def _course(self, parts: Parts, visits: pd.DataFrame, day: int) -> Course:
        spec, lives = self._population.risk, self.lives
        died = int(lives.died[self.number])
        n = max(min(died, lives.n_days), 1)
        risk, middle = parts.risk[:n], (parts.risk - parts.chance)[:n]
        room = MIDDLE * parts.room[:n]
        mine = lives.episodes["who"] == self.number
        ways = zip(lives.episodes["start"][mine], lives.episodes["end"][mine], strict=True)
        trends = [
            "stays" if end == start else "improves" if end < start else "worsens" for start, end in ways
        ]
        said = (
            f"It goes from {risk[0]:.3f} on day 0 to {risk[-1]:.3f} on day {n - 1}. "
            f"Episode by episode ({format_duration(spec.episode, digits=3)} each) it {listed(trends, 'then')}."
        )
        kept = visits[visits["presented"] < n * DAY]
        return Course(
            days=np.arange(n, dtype=np.float64),
            risk=risk,
            low=middle - room,
            high=middle + room,
            interval="The shaded range holds 95 % of what the chance of a single day could have made of it."
            if spec.noise
            else "",
            said=said + (" The person dies in this run." if died < lives.n_days else ""),
            marks=tuple(
                (float(time) / DAY, came_as(self.scenario, str(name)))
                for time, name in zip(kept["presented"], kept["class"], strict=True)
            ),
            now=float(day),
            extra=(("Care adds", tuple(f"{value:+.3f}" for value in parts.care[:n])),),
        )

    def _reasons(self, parts: Parts, day: int) -> Reasons:
        """Return the risk as a sum: who the person is, how the episodes went, what care did, chance."""
        everybody = float(np.concatenate([c.people.risk_start for c in self.catchments]).mean())
        first = float(parts.first[day])
        if self._risk_is_told:
            assert self.scenario.profiles is not None
            rows = [("the profile", tidy(self.scenario.profiles.risk or ""), first - everybody)]
        else:
            alike, said = self._alike()
            rows = [("who the person is", said, alike - everybody), ("own level", "drawn", first - alike)]
        rows += [
            ("episodes that are over", "", float(parts.earlier[day])),
            ("the present episode", "", float(parts.present[day])),
            ("treatment and waiting", "", float(parts.care[day])),
            ("chance of the day", "", float(parts.chance[day])),
        ]
        values, total = np.array([value for *_, value in rows]), float(parts.risk[day])
        if abs(everybody + values.sum() - total) > FAR:
            raise RunError("the parts of a risk do not sum to it, so none are shown.")
        return Reasons(
            base=everybody,
            base_said="the mean of all people at the start",
            labels=tuple(label for label, *_ in rows),
            texts=tuple(text for _, text, _ in rows),
            values=values,
            total=total,
            scale="risk",
            method="The risk of this scenario is a sum, so its parts are exact; that they sum to the risk is checked.",
        )

    def _alike(self) -> tuple[float, str]:
        """Return the mean risk at the start of those of whom the same case holds, and who they are."""
        cases = self._population.risk.start
        mine = next(case for case, mask in self.home.facts.take_first(cases) if mask[self.number])
        alike = [
            c.people.risk_start[mask]
            for c in self.catchments
            for case, mask in c.facts.take_first(cases)
            if case is mine
        ]
        return float(np.concatenate(alike).mean()), "" if len(cases) == 1 else phrases.when(mine.when)


def _origin(source: str) -> tuple[str, str]:
    """Return how a field that was drawn is known: assumed where the scenario says so, or says nothing."""
    if not source:
        return ASSUMED, "the scenario names no source"
    return (ASSUMED if source.lower().startswith("assumed") else GENERATED), source
