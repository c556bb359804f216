"""Heart patients whose risk a model says and two thresholds sort: those of `fairward thresholds`, held out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from agents.risk.assessment import auc
from agents.risk.cohort import synthetic_cohort
from agents.risk.features import FEATURES, HeartPatients
from agents.risk.histories import TREND, Plan, Simulator
from agents.risk.model import RiskModel, fit, split
from dashboards.app.patients.cohort import (
    ASSUMED,
    COMPUTED,
    Cohort,
    Course,
    Fact,
    Floats,
    Person,
    Reasons,
    bands_of_setting,
)
from dashboards.report.exhibit import Table, row
from dashboards.report.wording import counted
from policies.thresholds.evaluation import FIXED
from policies.thresholds.moves import BANDS
from policies.thresholds.training import Question
from policies.thresholds.walk import Walk, following, walk
from scenarios.errors import RunError

N, SEED = 600, 1
"""The cohort of `fairward thresholds train` as it is without options."""
COPIES = 200
"""Other histories of the same patients, for the range."""
FAR = 1e-9


@dataclass(frozen=True)
class HeartCohort:
    """The held-out patients of the synthetic heart cohort; see `cohort.Source`."""

    setting: int
    """Index of `policies.thresholds.moves.SETTINGS`."""

    @property
    def key(self) -> str:
        """The cohort and the thresholds."""
        return f"heart:{N}:{SEED}:{self.setting}"

    def cohort(self) -> Cohort:
        """Return them with the risks at their first visit. Raises `MissingExtra` without scikit-learn."""
        model, patients = _fitted()
        risk = model.predict(patients.features)
        present = patients.outcomes()
        age, sex = (patients.features[name].to_numpy() for name in ("Age", "Sex"))
        n = len(patients)
        everybody = np.ones(n, dtype=np.bool_)
        return Cohort(
            title="the heart patients of docs/thresholds.md",
            measure="risk of heart disease",
            when="at the first visit",
            origin=f"{counted(n, 'synthetic patient')} on whom the risk model was not fitted; it was fitted to the "
            f"other {N - n}. That they have the disease or not, and every feature, was drawn by us. Among them the "
            f"model puts a patient with the disease above one without in {auc(risk, present):.0%} of pairs.",
            places=(("patient", n),),
            risk=risk,
            groups={
                "disease (the truth)": (("absent", "present"), present.astype(np.int64)),
                "sex": (("female", "male"), (sex == 1).astype(np.int64)),
                "age": (("under 55", "55 and over"), (age >= 55).astype(np.int64)),
            },
            bands=bands_of_setting(self.setting, "chosen on this page; the shipped ones are 0.3 and 0.6"),
            there=everybody,
            came=everybody,
            notes=("Another cohort would give other shares. Nothing here is medical advice.",),
        )

    def person(self, number: int) -> Person:
        """Return one of them: features, a year of visits, and what puts the patient into the band."""
        model, patients = _fitted()
        seen, ranges, trend = _walks(self.setting)
        one = patients.only(np.array([number]))
        return Person(
            label=f"patient {number}",
            risk=float(seen.risk[0, number]),
            text="",
            facts=_facts(one),
            course=_course(seen, ranges, trend, number),
            no_course="",
            reasons=_reasons(model, one),
            contacts=_visits(seen, number),
            contacts_said="What follows the first visit is simulated, with the thresholds left alone: the disease is "
            "present while the risk exceeds a tolerance of the patient's own.",
        )


@lru_cache(maxsize=1)
def _fitted() -> tuple[RiskModel, HeartPatients]:
    """Return the model, and the patients on whom it was not fitted: the split of `fairward thresholds train`."""
    whole = synthetic_cohort(N, SEED)
    learned_from, held_out = split(whole, Question.held_out, SEED)
    return fit(whole.only(learned_from), SEED), whole.only(held_out)


@lru_cache(maxsize=4)
def _walks(setting: int) -> tuple[Walk, Floats, np.ndarray]:
    """Return one history of everybody; 2 x visits x patients, the middle 95 % of others; and trends."""
    model, patients = _fitted()
    simulator = Simulator(patients, model.predict(patients.features), Plan())

    def walked(copy: int) -> tuple[Walk, np.ndarray]:
        episodes = simulator.episodes(SEED, "shown", copy)
        start = np.full(len(episodes), setting)
        return walk(episodes, following(FIXED), start, Question.verbosity), episodes.trend

    seen, trend = walked(0)
    others = np.stack([walked(copy)[0].risk for copy in range(1, COPIES + 1)])
    return seen, np.quantile(others, (0.025, 0.975), axis=0), trend


def _facts(one: HeartPatients) -> tuple[Fact, ...]:
    features = one.features.iloc[0]
    found = []
    for feature in FEATURES:
        text = f"{features[feature.name]:g}" + ("" if feature.codes else f" {feature.unit}")
        found.append(Fact(feature.name, text, ASSUMED, "agents/risk/cohort.py; codes as in Statlog (Heart)"))
    truth = "present" if one.outcomes()[0] else "absent"
    found.append(Fact("Heart disease (the truth)", truth, ASSUMED, "drawn with a planted probability"))
    found.append(Fact("Risk", "see below", COMPUTED, "a calibrated logistic regression"))
    return tuple(found)


def _course(seen: Walk, ranges: Floats, trend: np.ndarray, number: int) -> Course:
    plan = Plan()
    risk = seen.risk[:, number]
    return Course(
        days=np.arange(len(risk), dtype=np.float64) * plan.days_between,
        risk=risk,
        low=ranges[0, :, number],
        high=ranges[1, :, number],
        interval=f"The shaded range holds 95 % of {COPIES} other histories of the same patient: another trend, another "
        "noise.",
        said=f"In this history the risk is {TREND[int(trend[number])]}: it goes from {risk[0]:.2f} to {risk[-1]:.2f} "
        f"in {plan.visits} visits of {plan.days_between} days.",
    )


def _reasons(model: RiskModel, one: HeartPatients) -> Reasons:
    added = model.contributions(one.features)[0]
    total = float(model.log_odds(one.features)[0])
    if abs(model.intercept + added.sum() - total) > FAR:
        raise RunError("the contributions to a heart risk do not sum to its log-odds, so none are shown.")
    features = one.features.iloc[0]
    return Reasons(
        base=model.intercept,
        base_said="somebody average in everything among those the model was fitted to",
        labels=tuple(feature.name for feature in FEATURES),
        texts=tuple(f"{features[f.name]:g}" + ("" if f.codes else f" {f.unit}") for f in FEATURES),
        values=added,
        total=total,
        scale="log-odds",
        method="The model is linear on the log-odds, so what each feature adds to the average patient is exact; that "
        "they sum to the risk's log-odds is checked.",
    )


def _visits(seen: Walk, number: int) -> Table:
    plan = Plan()
    rows = []
    for visit in range(plan.visits):
        band = BANDS[int(seen.band[visit, number])]
        truth = "present" if seen.present[visit + 1, number] else "absent"
        right = {("high", "present"): "right", ("low", "absent"): "right", ("low", "present"): "missed",
                 ("high", "absent"): "false alarm"}.get((band, truth), "unresolved")  # fmt: skip
        rows.append(
            row(str(visit * plan.days_between), f"{seen.risk[visit, number]:.2f}", band, truth, right)
        )
    columns = ("Day", "Risk", "Band", "Disease at the next visit", "The band was")
    return Table("Visits of a year", columns, tuple(rows), numeric=False)
