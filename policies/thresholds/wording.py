"""What a training found, as text and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from agents.risk.assessment import Assessment, Estimate
from policies.thresholds.evaluation import Worth, difference
from policies.thresholds.moves import ACTIONS, LEVELS, SETTINGS, STEPS
from policies.thresholds.training import Answers, Ground, Question, Run, Tuned
from sim.inference import Interval, interval

SCHEMA = "fairward.thresholds/1"
NEAR = 0.99
"""The share of the best of its form from which a policy counts as within 1 %."""


def training_text(
    question: Question, ground: Ground, exact: Answers, runs: Sequence[Run], tuned: Tuned
) -> str:
    """Return the findings of a training, the useful first."""
    worths = tuned.judgement
    visits = ground.chain.visits
    n = len(ground.judging.patients)
    rows = [
        (f"shipped, fixed: {SETTINGS[tuned.start]}", worths.shipped),
        (f"tuned, fixed: {SETTINGS[tuned.setting]}", worths.tuned),
        ("the table itself, starting at the shipped ones", worths.table),
        (f"best fixed by trying all: {SETTINGS[tuned.exhaustive]}", worths.exhaustive),
    ]
    lines = [
        f"Tuned thresholds: {SETTINGS[tuned.setting]} (where {tuned.agreement:.0%} of the orders of patients end).",
        "",
        f"{n} held-out patients, reward a visit "
        f"(+1 right, -1 wrong, 0 unresolved, less {question.verbosity:g} a reason)",
        *(f"  {name}: {_worth_text(w)}" for name, w in rows),
        "Difference from the shipped thresholds, paired by patient",
        *(f"  {name.partition(':')[0]}: {_signed(difference(worths.shipped, w))}" for name, w in rows[1:]),
        "Difference of the tuned from the best fixed thresholds",
        f"  {_signed(difference(worths.exhaustive, worths.tuned))}",
        "",
        f"Risk model, {ground.assessment.n} patients to learn from, cross-validated",
        *_assessment_lines(ground.assessment),
        f"and for the {n} held-out patients",
        *_assessment_lines(ground.judged_assessment),
        "",
        "The learners against what is known exactly (reward a visit by the chain counted in the histories)",
        f"  shipped thresholds, fixed: {exact.shipped / visits:.4f}",
        f"  best policy with one action for each level: {exact.form.value / visits:.4f} ({_proof(exact)})",
        f"  best policy that sees the thresholds too (value iteration): {exact.full / visits:.4f}",
        f"  {len(runs)} learners, share of the best of their form: kept {_range([r.kept_value for r in runs], exact)}, "
        f"table at the end {_range([r.last_value for r in runs], exact)}",
        "",
        f"Intervals are 95 %, over patients. Seed {question.seed}; learners' seeds {runs[0].seed} to {runs[-1].seed}. "
        "Not shown: other cohorts. Nothing here is medical advice.",
    ]
    return "\n".join(lines)


def training_data(
    question: Question, ground: Ground, exact: Answers, runs: Sequence[Run], tuned: Tuned
) -> dict[str, Any]:
    """Return the findings of a training as one versioned object."""
    visits = ground.chain.visits
    worths = {name: getattr(tuned.judgement, name) for name in ("shipped", "tuned", "table", "exhaustive")}
    return {
        "schema": SCHEMA,
        "tuned": SETTINGS[tuned.setting]._asdict() | {"unit": f"1/{STEPS}"},
        "agreement": tuned.agreement,
        "start": SETTINGS[tuned.start]._asdict(),
        "best_fixed": SETTINGS[tuned.exhaustive]._asdict(),
        "held_out_ids": list(ground.judging.patients.ids),
        "held_out": {name: _interval_data(interval(w.reward)) for name, w in worths.items()},
        "difference_from_shipped": {
            name: _interval_data(difference(worths["shipped"], w))
            for name, w in worths.items()
            if name != "shipped"
        },
        "tuned_less_best_fixed": _interval_data(difference(worths["exhaustive"], worths["tuned"])),
        "risk_model": {
            "cross_validated": _assessed(ground.assessment),
            "held_out": _assessed(ground.judged_assessment),
        },
        "per_visit": {
            "shipped": exact.shipped / visits,
            "best_of_form": exact.form.value / visits,
            "best_of_form_bound": exact.form.bound / visits,
            "full_optimum": exact.full / visits,
        },
        "best_of_form": [ACTIONS[a].name for a in exact.form.policy],
        "learners": [
            {
                "seed": run.seed,
                "kept_share": run.kept_value / exact.form.value,
                "last_share": run.last_value / exact.form.value,
                "candidates": run.n_candidates,
                "policy": [ACTIONS[a].name for a in run.kept],
            }
            for run in runs
        ],
    }


def table_frame(run: Run) -> pd.DataFrame:
    """Return the table of the kept policy: a row a level."""
    frame = pd.DataFrame(run.table, columns=[action.name for action in ACTIONS])
    frame.insert(0, "State", range(LEVELS))
    return frame.assign(Best=[ACTIONS[a].name for a in run.kept])


def _worth_text(worth: Worth) -> str:
    mean = interval(worth.reward)
    return (
        f"{mean.mean:.3f} [{mean.low:.3f}, {mean.high:.3f}]; unresolved {worth.unresolved.mean():.1%}, "
        f"missed {worth.missed.mean():.1%}, false alarms {worth.false_alarm.mean():.1%} of visits"
    )


def _signed(found: Interval) -> str:
    clear = "" if found.low > 0 or found.high < 0 else ": no clear change"
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]{clear}"


def _assessment_lines(found: Assessment) -> list[str]:
    return [
        f"  AUC {found.auc}, Brier score {found.brier} ({found.brier_of_the_mean:.3f} if all got the mean)",
        f"  calibration slope {found.slope} (1 is right), level {found.level} (0 is right)",
    ]


def _proof(exact: Answers) -> str:
    slack = exact.form.bound / exact.form.value - 1
    return f"proven to within {slack:.2%} by branch and bound, {exact.form.nodes} nodes"


def _range(values: Sequence[float], exact: Answers) -> str:
    shares = [value / exact.form.value for value in values]
    near = sum(share >= NEAR for share in shares)
    return f"{min(shares):.1%} to {max(shares):.1%}, {near} of {len(shares)} within 1 %"


def _interval_data(found: Interval) -> dict[str, float]:
    return {"mean": found.mean, "low": found.low, "high": found.high, "n": found.n_runs}


def _assessed(found: Assessment) -> dict[str, Any]:
    figures = {name: _estimate(getattr(found, name)) for name in ("auc", "brier", "slope", "level")}
    curve = [{"n": p.n, "predicted": p.predicted, "observed": _estimate(p.observed)} for p in found.curve]
    return {"n": found.n, "n_present": found.n_present, **figures, "curve": curve}


def _estimate(found: Estimate) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}
