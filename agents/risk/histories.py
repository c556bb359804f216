"""How the risk of a patient goes on from visit to visit, between the anchors of the absent and the present disease.

Every patient starts at the own risk. Its other anchor is a *counterpart*: a patient of the same sex with
the opposite outcome, whose risk lies on the other side, the nearest in age. A patient without the disease
worsens towards the counterpart's risk or stays; one with it improves or stays. The risk follows
`agents.drift.drifted`.

The true outcome at a visit is "present" while the risk exceeds a tolerance of the patient's own, drawn once
so that the outcome at the first visit is what the file says. If the risks are calibrated, a share p of the
patients at risk p has the disease at every visit, and one whose risk rises falls ill at most once but for noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from agents.drift import drifted, part_of_episode
from agents.risk.features import FEATURES, HeartPatients
from sim.streams import uniforms

IMPROVING, STABLE, WORSENING = -1, 0, 1
TREND = {IMPROVING: "improving", STABLE: "stable", WORSENING: "worsening"}
FIXED = ("Age", "Sex")
"""Features that do not follow the risk: an episode is a year."""
EDGE = 1e-9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Plan:
    """What every episode is like. All figures are assumed: change them with care, and say so."""

    visits: int = 12
    """Visits at which a risk is predicted; each is judged at the next one, the last at one visit more."""
    days_between: int = 30
    """Days from visit to visit."""
    spread: float = 0.05
    """The largest noise of a risk (`agents.drift`)."""
    stable: float = 0.4
    """The share of patients whose risk stays where it is."""
    care_effect: tuple[float, float, float] = (0.0, -0.01, -0.02)
    """What being in the low, moderate and high band adds to the next risk: closer follow-up lowers it a little."""


@dataclass(frozen=True)
class Episodes:
    """One episode of `plan.visits` visits for each row; rows refer to patients."""

    plan: Plan
    patient: Ints
    """episodes: the patient's row in the cohort."""
    counterpart: Ints
    """episodes: the row of the patient at the other anchor; the own row if the risk is stable."""
    trend: Ints
    """episodes: `IMPROVING`, `STABLE` or `WORSENING`."""
    start: Floats
    """episodes: the risk at the first visit."""
    end: Floats
    """episodes: the risk at the last evaluation, but for noise and care."""
    tolerance: Floats
    """episodes: the disease is present while the risk exceeds it."""
    noise: Floats
    """episodes x visits: uniform numbers behind the noise at each evaluation."""

    def __len__(self) -> int:
        return len(self.patient)

    def only(self, rows: Ints) -> Episodes:
        """Return the episodes in some rows, in that order."""
        chosen = {
            name: getattr(self, name)[rows]
            for name in ("patient", "counterpart", "trend", "start", "end", "tolerance", "noise")
        }
        return Episodes(plan=self.plan, **chosen)

    def next_risk(self, visit: int, band: Ints) -> Floats:
        """Return the risk at the evaluation after a visit (from 0), when each was in a band (0, 1, 2) until then."""
        a = part_of_episode(visit + 1, self.plan.visits)
        effect = np.array(self.plan.care_effect)[band]
        return drifted(self.start, self.end, a, self.noise[:, visit], self.plan.spread, effect)

    def present(self, risk: Floats) -> Flags:
        """Return who truly has the disease at these risks."""
        return np.asarray(self.tolerance < risk)


@dataclass(frozen=True)
class Simulator:
    """Makes episodes of some patients: any number of copies, each by random numbers of its own."""

    patients: HeartPatients
    risk: Floats
    """patients: the risk predicted at the first visit, by a model that did not see the patient."""
    plan: Plan

    @cached_property
    def partner(self) -> Ints:
        """patients: the counterpart's row; -1: nobody fits."""
        return counterparts(self.patients, self.risk)

    def episodes(self, seed: int, purpose: str, copy: int = 0) -> Episodes:
        """Return one episode of each patient."""
        n, plan, risk, present = len(self.patients), self.plan, self.risk, self.patients.outcomes()

        def u(name: str, n: int = n) -> Floats:
            return uniforms(seed, copy, ("heart history", purpose, name), n)

        changes = (u("trend") >= plan.stable) & (self.partner >= 0)
        counterpart = np.where(changes, self.partner, np.arange(n))
        share = u("tolerance")
        return Episodes(
            plan=plan,
            patient=np.arange(n),
            counterpart=counterpart,
            trend=np.where(changes, np.where(present, IMPROVING, WORSENING), STABLE),
            start=risk,
            end=risk[counterpart],
            tolerance=np.where(present, share * risk, risk + share * (1 - risk)),
            noise=u("noise", n * plan.visits).reshape(n, plan.visits),
        )


def counterparts(patients: HeartPatients, risk: Floats) -> Ints:
    """Return each patient's row at the other anchor; -1 where nobody fits."""
    present = patients.outcomes()
    age, sex = (patients.features[name].to_numpy() for name in FIXED)
    found = np.full(len(patients), -1, dtype=np.int64)
    for row in range(len(patients)):
        beyond = risk < risk[row] if present[row] else risk > risk[row]
        fitting = np.flatnonzero((present != present[row]) & (sex == sex[row]) & beyond)
        if len(fitting):
            found[row] = fitting[np.argmin(np.abs(age[fitting] - age[row]))]
    return found


def features_at(
    patients: HeartPatients, episodes: Episodes, risk: Floats, seed: int, purpose: str
) -> pd.DataFrame:
    """Return episodes x features, stretched between the anchors so that they go with a risk (`episodes`).

    The way travelled is measured on the log-odds. Numbers move along it; a code jumps to the counterpart's
    where the way passes a uniform number of its own. The model's reading of these features is near the
    risk, not equal to it, between the anchors.
    """
    here, there, now = (logit(np.clip(p, EDGE, 1 - EDGE)) for p in (episodes.start, episodes.end, risk))
    span = there - here
    way = np.clip(np.divide(now - here, span, out=np.zeros_like(span), where=span != 0), 0.0, 1.0)
    columns = {}
    for feature in FEATURES:
        values = patients.features[feature.name].to_numpy(dtype=np.float64)
        first, last = values[episodes.patient], values[episodes.counterpart]
        if feature.name in FIXED:
            columns[feature.name] = first
        elif feature.codes:
            jump = uniforms(seed, 0, ("heart history", purpose, "jump", feature.name), len(episodes))
            columns[feature.name] = np.where(way > jump, last, first)
        else:
            columns[feature.name] = np.round(first + way * (last - first), 1)
    return pd.DataFrame(columns)
