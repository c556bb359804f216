"""Two worlds with the same luck, patient by patient: as it is, and with a flip."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from policies.counterfactual.flip import Flip, flipped_scenario
from policies.replication import dump_json, simulate
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.fairness.by_group import Plan, Sums, measure
from sim.metric import Floats, Study
from sim.network import Network, attribute_values
from sim.outcomes import METRICS
from sim.patient_metrics import UntreatedHours
from sim.result import Result
from sim.streams import uniforms
from sim.tables import Tables, attribute_column

OUTCOMES = ("untreated_hours", "died_share", "left_share")
"""What is compared patient by patient: hours untreated to tau, whether they died, whether they left."""


@dataclass(frozen=True)
class Worlds:
    """One replication in both worlds; patients are matched by who they are, not by their number."""

    replication: int
    patients: pd.DataFrame
    """One row a patient who came in both worlds and could be followed: stream, number, value (of the attribute, as it
    is), hospital, acuity, flipped, and NAME_a (as it is) and NAME_b (flipped) of every outcome."""
    same_log: bool
    """Whether nothing at all differs."""
    n_unfollowed: int
    """Patients left out: they came too late to be followed to tau, or in one world only."""
    changed: dict[str, int]
    """Column of the patients -> how many have another value in the flipped world."""
    n_flipped: int
    gap: Sums | None
    """Untreated hours by group x (hospital x acuity), as it is."""
    one: tuple[dict[str, object], dict[str, object]] | None = None
    """The flipped patient's row of `visits` in both worlds, where there is one only."""


@dataclass(frozen=True)
class BothWorlds:
    """Picklable: replication -> both worlds."""

    scenario: Scenario
    flip: Flip
    policy: str
    seed: int
    engine: str = "auto"
    patient: int | None = None
    """The id of the only patient who is flipped; None: see `one_each`."""
    one_each: bool = False
    """Flip one patient a run, drawn among those who have the value; else everybody who has it."""

    def __getstate__(self) -> dict[str, object]:
        """Travel with the scenario as text: its generic classes cannot be pickled."""
        return {**vars(self), "scenario": dump_json(self.scenario)}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update({**state, "scenario": _read(str(state["scenario"]))})

    def __call__(self, number: int) -> Worlds:
        """Run both. Raises `UsageError` if the patient does not exist or does not have the value."""
        before = simulate(self.scenario, self.policy, self.seed, number, self.engine)
        who = self._who(before, number)
        only = None if who is None else identity(before, who)
        other = flipped_scenario(self.scenario, self.flip, only)
        after = simulate(other, self.policy, self.seed, number, self.engine)
        found = compared(before, after, self.flip, number, only)
        if who is None:
            return replace(found, gap=_sums(before, self.flip.attribute))
        return found

    def _who(self, result: Result, number: int) -> int | None:
        if self.patient is not None:
            return _checked(result, self.patient, self.flip, number)
        if not self.one_each:
            return None
        able = np.flatnonzero(_has(result, self.flip) & _followed(result) & _of_streams(result))
        if not len(able):
            raise UsageError(
                f"replication {number} has no patient with {self.flip.attribute} {self.flip.was}."
            )
        u = uniforms(self.seed, number, ("counterfactual", "one of", self.flip.attribute, self.flip.was), 1)
        return int(able[int(u[0] * len(able))])


@lru_cache(maxsize=2)
def _read(text: str) -> Scenario:
    return Scenario.model_validate(json.loads(text))


def compared(
    before: Result, after: Result, flip: Flip, number: int, only: tuple[str, int] | None = None
) -> Worlds:
    """Return two worlds of one replication patient by patient."""
    made = Tables(before), Tables(after)
    keys = _keys(before), _keys(after)
    _, in_a, in_b = np.intersect1d(*keys, return_indices=True)
    order = np.argsort(in_a)
    in_a, in_b = in_a[order], in_b[order]
    columns = before.patients.columns(), after.patients.columns()
    changed = {
        name: int(np.count_nonzero(columns[0][name][in_a] != columns[1][name][in_b]))
        for name in columns[0]
        if name not in ("ordinal", "source", "group")  # the group is a copy of an attribute
    }
    flipped = before.patients.codes[flip.attribute][in_a] != after.patients.codes[flip.attribute][in_b]
    scores = [_scores(one, result.network) for one, result in zip(made, (before, after), strict=True)]
    visits = made[0].visits
    frame = pd.DataFrame(
        {
            "stream": visits["source"].to_numpy()[in_a],
            "number": before.patients.ordinal[in_a],
            "value": visits[attribute_column(flip.attribute)].to_numpy()[in_a],
            "hospital": visits["hospital"].to_numpy()[in_a],
            "acuity": visits["acuity"].to_numpy()[in_a],
            "flipped": flipped,
            **{f"{name}_a": scores[0][name][in_a] for name in OUTCOMES},
            **{f"{name}_b": scores[1][name][in_b] for name in OUTCOMES},
        }
    )
    kept = np.isfinite(scores[0]["untreated_hours"][in_a]) & np.isfinite(scores[1]["untreated_hours"][in_b])
    after_warm_up = ~visits["in_warm_up"].to_numpy()
    one = None
    if only is not None:
        row_a, row_b = (int(np.flatnonzero(key == _key(before, only))[0]) for key in keys)
        one = made[0].visits.iloc[row_a].to_dict(), made[1].visits.iloc[row_b].to_dict()
    return Worlds(
        replication=number,
        patients=frame[kept].reset_index(drop=True),
        same_log=before.log.fingerprint() == after.log.fingerprint(),
        n_unfollowed=int(after_warm_up.sum()) - int(kept.sum()),
        changed={name: n for name, n in changed.items() if n},
        n_flipped=int(flipped.sum()),
        gap=None,
        one=one,
    )


def identity(result: Result, patient: int) -> tuple[str, int]:
    """Return a patient's arrival stream and number in it."""
    return result.sources[int(result.patients.source[patient])], int(result.patients.ordinal[patient])


def tau_of(network: Network) -> float:
    """Return to when patients are followed: the scenario's tau, or half the observation where that is shorter."""
    return min(network.scenario.tau, (network.horizon - network.warm_up) / 2)


def _scores(made: Tables, network: Network) -> dict[str, Floats]:
    """One number a patient for every outcome; NaN for who cannot be followed to tau, or is of the warm-up.

    Everybody who presents tau or more before the horizon is followed to tau, so that nobody here is censored.
    """
    study = Study(made, network, ())
    tau = tau_of(network)
    wait = study.wait.until(tau)
    who = study.in_need & (study.presented <= network.horizon - tau)
    found = {
        "untreated_hours": np.where(wait.over, wait.time, tau),
        "died_share": study.ended("died").astype(np.float64),
        "left_share": study.ended("left").astype(np.float64),
    }
    return {name: np.where(who, score, np.nan) for name, score in found.items()}


def _sums(result: Result, attribute: str) -> Sums:
    """Untreated hours by group x (hospital x acuity), weighed for the censored as an audit does."""
    metric = METRICS["untreated_hours"]
    assert isinstance(metric, UntreatedHours)
    plan = Plan((metric,), (attribute,))
    return measure(Tables(result).visits, result.network, plan, with_patients=False).by_place[
        "untreated_hours", attribute
    ]


def _keys(result: Result) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return result.patients.source.astype(np.int64) * 2**40 + result.patients.ordinal


def _key(result: Result, only: tuple[str, int]) -> int:
    return result.sources.index(only[0]) * 2**40 + only[1]


def _has(result: Result, flip: Flip) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    code = attribute_values(result.network.scenario, flip.attribute).index(flip.was)
    return np.asarray(result.patients.codes[flip.attribute] == code)


def _followed(result: Result) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    network, time = result.network, result.patients.time
    return np.asarray((time >= network.warm_up) & (time <= network.horizon - tau_of(network)))


def _of_streams(result: Result) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(result.patients.source < len(result.network.sources))


def _checked(result: Result, patient: int, flip: Flip, number: int) -> int:
    n = len(result.patients)
    if not 0 <= patient < n:
        raise UsageError(f"--patient: expected a number below {n} in replication {number}, got {patient}.")
    if not _of_streams(result)[patient]:
        raise UsageError(f"--patient: {patient} does not come from a stream of `arrivals`. Choose another.")
    if not _has(result, flip)[patient]:
        code = int(result.patients.codes[flip.attribute][patient])
        value = attribute_values(result.network.scenario, flip.attribute)[code]
        able = np.flatnonzero(_has(result, flip) & _followed(result) & _of_streams(result))[:5]
        remedy = f"With {flip.was}: {', '.join(map(str, able))}, ..." if len(able) else "Nobody is."
        raise UsageError(f"--patient: {patient} has {flip.attribute} {value}, not {flip.was}. {remedy}")
    return patient
