"""The outcomes of every group in every replication, from the visits: what an audit works on.

Patients belong to the hospital where they first presented. Values are those of the metrics (`sim.patient_metrics`),
one a run; beside them stand the patients at risk, the events, and sums by stratum for comparing like with like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sim.evidence.log_rank import observed_less_expected
from sim.incidence import event_masses, summed
from sim.metric import Codes, Estimator, Floats, FollowUp, Grouping, Mask, Mean, PatientMetric, Study
from sim.network import Network, attribute_values
from sim.patient_metrics import DiedShare, Incidence, RestrictedMean, StratifiedIncidence, WithinTarget
from sim.tables import Tables, attribute_column

CROSSED = "*"
"""Between two attributes whose combinations are groups: `deprivation*ethnicity`."""

HOSPITAL = "hospital"
"""Of first presentation: a grouping for outcomes per head only."""

OTHERS = "others"
"""Groups of an attribute that are too small by themselves, pooled."""

OF_EVERY_PATIENT = ("acuity", "class")
"""By which groups can be formed besides the scenario's categories."""


@dataclass(frozen=True)
class Plan:
    """What an audit measures."""

    metrics: tuple[PatientMetric, ...]
    attributes: tuple[str, ...]
    """Single attributes, and crossings of two of them."""
    case_mix: tuple[str, ...] = ("acuity", "class")
    """Attributes whose combinations are the strata for mortality."""
    should: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Declared Y: attribute -> values of those who should be treated in time; empty: not declared."""
    pooled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Attribute -> groups that count together as `OTHERS`."""


@dataclass(frozen=True)
class Sums:
    """Sums of patient scores and numbers of patients: groups x strata."""

    total: Floats
    n: Floats


@dataclass(frozen=True)
class Measured:
    """One replication; keys are (metric, attribute) or attributes, attribute "" is everybody."""

    value: dict[tuple[str, str], Floats]
    n: dict[tuple[str, str], Floats]
    events: dict[tuple[str, str], Floats]
    """Of metrics that are shares."""
    by_place: dict[tuple[str, str], Sums]
    """By hospital x acuity."""
    deaths: dict[str, Sums]
    """By the case mix."""
    log_rank: dict[str, Floats]
    """Treated less expected, within acuities."""
    allocation: dict[str, Floats]
    """4 x groups, as `sim.fairness.decisions.Allocation`: treated within the target."""
    heads: dict[str, Floats]
    """3 x groups: came, treated, died; also by `HOSPITAL`. Of people of the catchments, where those are simulated."""
    patients: dict[str, tuple[Floats, Codes, dict[str, Codes]]]
    """Metric -> score of each patient, stratum (hospital x acuity), group by attribute."""


def parts_of(attribute: str) -> tuple[str, ...]:
    """Return the attributes that are crossed.

    >>> parts_of("deprivation*ethnicity"), parts_of("sex")
    (('deprivation', 'ethnicity'), ('sex',))
    """
    return tuple(part.strip() for part in attribute.split(CROSSED))


def groups_of(
    network: Network, attribute: str, pooled: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[str, ...]:
    """Return the groups of an attribute or crossing in the scenario's order; those pooled are one group, the last."""
    values = [
        _with_others(_values(network, part), (pooled or {}).get(part, ())) for part in parts_of(attribute)
    ]
    if len(values) == 1:
        return values[0]
    return tuple(f"{a}, {b}" for a in values[0] for b in values[1])


def categories(network: Network) -> tuple[str, ...]:
    """Return every attribute by which groups can be formed."""
    own = [name for name, spec in network.scenario.attributes.items() if spec.share is not None]
    return (*own, *(name for name in OF_EVERY_PATIENT if name not in own))


def measure(visits: pd.DataFrame, network: Network, plan: Plan, with_patients: bool = True) -> Measured:
    """Return what a replication's visits say; `with_patients` keeps the scores for tests on them."""
    study = study_of(visits, network, plan)
    found = Measured({}, {}, {}, {}, {}, {}, {}, {}, {})
    everybody, *groupings = _groupings(study, network, plan)
    place = study.hospital * len(network.acuities) + study.acuity
    n_places = study.n_hospitals * len(network.acuities)
    for metric in plan.metrics:
        who = metric.who(study)
        estimator = metric.estimator(study, who)
        events, score = event_of(estimator) if metric.unit == "share" else None, score_of(estimator)
        for grouping in (everybody, *groupings):
            key, code, n_groups = (metric.name, grouping.attribute), grouping.code[who], len(grouping.groups)
            found.value[key] = estimator(code, n_groups)
            found.n[key] = np.bincount(code, minlength=n_groups).astype(np.float64)
            if events is not None:
                found.events[key] = summed(events, code, n_groups)
            if score is not None:
                found.by_place[key] = _sums(score, code, n_groups, place[who], n_places)
        if with_patients and score is not None:
            found.patients[metric.name] = (score, place[who], {g.attribute: g.code[who] for g in groupings})
    _of_the_audit(found, study, network, plan, (everybody, *groupings))
    return found


def study_of(visits: pd.DataFrame, network: Network, plan: Plan) -> Study:
    """Return a replication prepared for the metrics of patients; they read the visits and nothing else."""
    single = {
        part for attribute in (*plan.attributes, *plan.case_mix, *plan.should) for part in parts_of(attribute)
    }
    own = [
        name
        for name, spec in network.scenario.attributes.items()
        if spec.share is not None and name in single
    ]
    expected = {
        "hospital": network.hospitals,
        "class": network.classes,
        "acuity": network.acuities,
        **{attribute_column(name): attribute_values(network.scenario, name) for name in own},
    }
    visits = visits.assign(
        **{
            column: visits[column].astype("category").cat.set_categories(list(values))
            for column, values in expected.items()
        }
    )
    return Study(Tables.of(visits=visits), network, own)


def score_of(estimator: Estimator) -> Floats | None:
    """Return one number a patient whose mean over everybody is the estimate; None where there is no such number.

    A patient whose wait or journey was seen to its end carries also the weight of those alike who were censored
    (the mass of Aalen-Johansen over everybody of the run), so that means of groups need no further care.
    """
    match estimator:
        case Mean():
            return estimator.amount
        case RestrictedMean():
            return estimator.tau - _weights(estimator.follow_up) * estimator.saved
        case StratifiedIncidence():
            weights = _weights(estimator.follow_up, estimator.stratum, estimator.n_strata)
            return weights * estimator.follow_up.over
        case Incidence():
            return _weights(estimator.follow_up) * estimator.counted
    return None


def event_of(estimator: Estimator) -> Floats | None:
    """Return whether the event of a share was seen, patient by patient; None where that is not known."""
    match estimator:
        case StratifiedIncidence():
            return estimator.follow_up.over.astype(np.float64)
        case Incidence():
            return estimator.counted.astype(np.float64)
        case Mean():
            return estimator.amount
    return None


def _weights(follow_up: FollowUp, stratum: Codes | None = None, n_strata: int = 1) -> Floats:
    code = np.zeros(len(follow_up.time), dtype=np.int64) if stratum is None else stratum
    masses = event_masses(follow_up.time, follow_up.censored, code, n_strata)
    return np.asarray(masses * np.bincount(code, minlength=n_strata)[code])


def _groupings(study: Study, network: Network, plan: Plan) -> Iterator[Grouping]:
    known = {grouping.attribute: grouping for grouping in study.groupings}
    yield known[""]
    for attribute in plan.attributes:
        parts = [_pooled(known[part], plan.pooled.get(part, ())) for part in parts_of(attribute)]
        code = parts[0].code if len(parts) == 1 else parts[0].code * len(parts[1].groups) + parts[1].code
        yield Grouping(attribute, groups_of(network, attribute, plan.pooled), code)


def _with_others(values: tuple[str, ...], pooled: tuple[str, ...]) -> tuple[str, ...]:
    return (*(value for value in values if value not in pooled), OTHERS) if pooled else values


def _pooled(grouping: Grouping, pooled: tuple[str, ...]) -> Grouping:
    if not pooled:
        return grouping
    groups = _with_others(grouping.groups, pooled)
    place = np.array([groups.index(OTHERS if group in pooled else group) for group in grouping.groups])
    return Grouping(grouping.attribute, groups, place[grouping.code])


def _of_the_audit(
    found: Measured, study: Study, network: Network, plan: Plan, groupings: Sequence[Grouping]
) -> None:
    died, target = DiedShare(), WithinTarget()
    in_need = died.who(study)
    deaths = score_of(died.estimator(study, in_need))
    assert deaths is not None
    mix, n_mixes = _combined(study, plan.case_mix)
    wait = study.wait.of(in_need).until(study.tau)
    has_target = target.who(study)
    in_time = target.estimator(study, has_target) if has_target.any() else None
    should = _should(study, plan)[has_target]
    people = _people(study)
    places = Grouping(HOSPITAL, network.hospitals, study.hospital)
    for grouping in (*groupings, places):
        found.heads[grouping.attribute] = np.array(
            [
                np.bincount(grouping.code[who], minlength=len(grouping.groups)).astype(np.float64)
                for who in (people, people & ~np.isnan(study.treated), people & study.ended("died"))
            ]
        )
    for grouping in groupings:
        name, n_groups, code = grouping.attribute, len(grouping.groups), grouping.code[in_need]
        found.deaths[name] = _sums(deaths, code, n_groups, mix[in_need], n_mixes)
        if not name:
            continue
        found.log_rank[name] = np.zeros(n_groups)
        for acuity in range(len(network.acuities)):
            alike = study.acuity[in_need] == acuity
            found.log_rank[name] += observed_less_expected(
                wait.time[alike], wait.over[alike], code[alike], n_groups
            )
        if isinstance(in_time, StratifiedIncidence):
            given, code = in_time.follow_up.over, grouping.code[has_target]
            found.allocation[name] = np.array(
                [
                    np.bincount(code[who], minlength=n_groups).astype(np.float64)
                    for who in (should, should & given, ~should, ~should & given)
                ]
            )


def _people(study: Study) -> Mask:
    """Who came; of the people of the catchments, where those are simulated: others come from outside."""
    if study.network.scenario.population is None or "person" not in study.tables.visits:
        return study.came
    return np.asarray(study.came & (study.tables.visits["person"].to_numpy() >= 0), dtype=np.bool_)


def _should(study: Study, plan: Plan) -> Mask:
    known = {grouping.attribute: grouping for grouping in study.groupings}
    should = np.ones(len(study.acuity), dtype=np.bool_)
    for attribute, values in plan.should.items():
        grouping = known[attribute]
        should &= np.isin(grouping.code, [grouping.groups.index(value) for value in values])
    return should


def _combined(study: Study, attributes: Sequence[str]) -> tuple[Codes, int]:
    known = {grouping.attribute: grouping for grouping in study.groupings}
    code, n = np.zeros(len(study.acuity), dtype=np.int64), 1
    for attribute in attributes:
        grouping = known[attribute]
        code, n = code * len(grouping.groups) + grouping.code, n * len(grouping.groups)
    return code, n


def _sums(score: Floats, code: Codes, n_groups: int, stratum: Codes, n_strata: int) -> Sums:
    cell = code * n_strata + stratum
    shape = (n_groups, n_strata)
    return Sums(
        summed(score, cell, n_groups * n_strata).reshape(shape),
        np.bincount(cell, minlength=n_groups * n_strata).reshape(shape).astype(np.float64),
    )


def _values(network: Network, attribute: str) -> tuple[str, ...]:
    if attribute in network.scenario.attributes:
        return tuple(attribute_values(network.scenario, attribute))
    return {"acuity": network.acuities, "class": network.classes}[attribute]
