"""The cases of VALIDATION.md: what is expected of each scenario of `scenarios/library/validation/`."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from validation_estimation import Estimate, controlled_mean, mean, ratio
from validation_measures import STROKE_BEDS, Numbers, Task

from scenarios.loader import load
from sim.analytic import (
    erlang_a,
    erlang_b,
    erlang_c,
    mg1_wait,
    mg_infinity_occupancy,
    mm_c,
    priority_waits,
    stay_seen_by_inspection,
)
from sim.jackson import jackson_network
from sim.replications import replicate

Runs = Sequence[Numbers]


@dataclass(frozen=True)
class Check:
    """One figure."""

    label: str
    expected: float
    estimate: Callable[[Runs], Estimate]
    published_half_width: float | None = None
    """Of a published simulation; None: the expected figure is exact."""
    largest_half_width: float | None = 0.02
    """As a share of what is expected; None: as large as the published number of runs makes it."""
    digits: int = 4


@dataclass(frozen=True)
class Case:
    """One scenario with its checks."""

    name: str
    title: str
    part: str
    checks: tuple[Check, ...]

    @property
    def seed(self) -> int:
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], "big")

    @property
    def n_runs(self) -> int:
        return load(f"validation/{self.name}").replications


@dataclass(frozen=True)
class Row:
    """A line of the validation table."""

    part: str
    case: str
    figure: str
    expected: float
    got: float
    half_width: float
    standard_error: float
    runs: int
    published_half_width: float | None
    digits: int


def run_case(case: Case, jobs: int = 1) -> list[Row]:
    """Simulate a case and return its lines."""
    runs = list(replicate(Task(case.name, case.seed), range(case.n_runs), jobs=jobs).values())
    return [_row(case, check, check.estimate(runs), len(runs)) for check in case.checks]


def _row(case: Case, check: Check, found: Estimate, n_runs: int) -> Row:
    return Row(
        part=case.part,
        case=case.title,
        figure=check.label,
        expected=check.expected,
        got=found.value,
        half_width=found.half_width,
        standard_error=found.standard_error,
        runs=n_runs,
        published_half_width=check.published_half_width,
        digits=check.digits,
    )


def _plain(key: str) -> Callable[[Runs], Estimate]:
    return lambda runs: mean([run[key] for run in runs])


def _controlled(key: str, known: Mapping[str, float]) -> Callable[[Runs], Estimate]:
    return lambda runs: controlled_mean(
        [run[key] for run in runs], [[run[name] - value for name, value in known.items()] for run in runs]
    )


def _ratio(top: str, bottom: str) -> Callable[[Runs], Estimate]:
    return lambda runs: ratio([run[top] for run in runs], [run[bottom] for run in runs])


def _estimator(key: str, known: Mapping[str, float]) -> Callable[[Runs], Estimate]:
    """Utilisation is arrivals times service: corrected for these, nothing would be left to test."""
    return _plain(key) if key == "busy" else _controlled(key, known)


def _queue(
    name: str, title: str, rate: float, service: float, figures: Mapping[str, tuple[str, float]]
) -> Case:
    """A single queue: arrivals an hour, mean service in hours, label -> (measure, expected)."""
    known = {"arrivals an hour": rate, "mean service": service}
    checks = tuple(
        Check(label, expected, _estimator(key, known)) for label, (key, expected) in figures.items()
    )
    return Case(name, title, "V1", checks)


def _erlang_cases() -> list[Case]:
    cases = []
    for servers, load_ in ((5, 3), (10, 9), (24, 20), (50, 45)):
        name, title = f"erlang-b-{servers}-{load_}", f"Erlang B, {servers} beds, load {load_}"
        cases.append(_queue(name, title, load_, 1, {"blocked": ("blocked", erlang_b(load_, servers))}))
    for servers, load_ in ((5, 3), (10, 9), (24, 20), (50, 45)):
        name, title = f"erlang-c-{servers}-{load_}", f"Erlang C, {servers} beds, load {load_}"
        cases.append(_queue(name, title, load_, 1, {"waits": ("waits", erlang_c(load_, servers))}))
    lognormal = {"blocked": ("blocked", erlang_b(9, 10))}
    cases.append(
        _queue("erlang-b-lognormal", "Erlang B with lognormal stays, 10 beds, load 9", 9, 1, lognormal)
    )
    for name, per_minute in (("erlang-a-025", 0.25), ("erlang-a-030", 0.30)):
        exact = erlang_a(per_minute, 1 / 20, 5, 1 / 120)
        figures = {
            "abandon": ("abandons", exact.abandon_probability),
            "mean wait, min": ("mean wait", exact.mean_wait),
            "wait at all": ("waits", exact.wait_probability),
        }
        cases.append(
            _queue(name, f"Erlang A, {per_minute:.2f} arrivals a minute", per_minute * 60, 1 / 3, figures)
        )
    return cases


def _waiting_cases() -> list[Case]:
    levels = ("one", "two", "three", "four", "five")
    rates = [0.215 * share for share in (0.01, 0.12, 0.45, 0.33, 0.09)]
    waits = priority_waits(rates, 1 / 20, 5)
    by_level = {
        f"mean wait of level {i + 1}, min": (f"mean wait {level}", wait)
        for i, (level, wait) in enumerate(zip(levels, waits, strict=True))
    }
    fcfs = mm_c(0.215, 1 / 20, 5)
    mm5 = mm_c(1 / 4, 1 / 10, 5)
    return [
        _queue("priority-five-classes", "Priorities, 5 levels, 5 doctors", 12.9, 1 / 3, by_level),
        _queue(
            "priority-first-come", "The same, first come first served", 12.9, 1 / 3,
            {"mean wait, min": ("mean wait", fcfs.mean_wait)},
        ),
        _queue(
            "mg1-lognormal", "M/G/1, lognormal service", 6, 8 / 60,
            {"mean wait, min": ("mean wait", mg1_wait(0.1, 8, 6))},
        ),
        _queue(
            "mm5-renewal", "M/M/5 at half load", 15, 1 / 6,
            {"mean wait, min": ("mean wait", mm5.mean_wait), "utilisation": ("busy", mm5.utilisation)},
        ),
    ]  # fmt: skip


def _unlimited_case() -> Case:
    known = {"arrivals an hour": 0.5, "mean service": 40.0}
    checks = (
        Check("mean occupancy", 20.0, _plain("mean occupancy")),
        Check("variance / mean", 1.0, _plain("variance / mean"), largest_half_width=None),
        Check("share of time up to 15", sum(mg_infinity_occupancy(20.0, n) for n in range(16)),
              _controlled("at most 15", known), largest_half_width=None),
        Check("share of time up to 25", sum(mg_infinity_occupancy(20.0, n) for n in range(26)),
              _controlled("at most 25", known)),
        Check("stay of patients found in bed, h", stay_seen_by_inspection(40, 30), _ratio("stays found", "found")),
    )  # fmt: skip
    return Case("mg-infinity", "M/G/infinity, lognormal stays", "V1", checks)


def _jackson_case() -> Case:
    exact = jackson_network([1.0, 0.0], [[0.0, 0.5], [0.2, 0.0]], [1.0, 0.5], [2, 2])
    known = {
        "arrivals at assess": exact.arrival_rates[0],
        "service at assess": 1.0,
        "arrivals at treat": exact.arrival_rates[1],
        "service at treat": 2.0,
    }
    checks = (
        Check("patients at `assess`", exact.stations[0].mean_in_system, _controlled("at assess", known)),
        Check("patients at `treat`", exact.stations[1].mean_in_system, _controlled("at treat", known)),
        Check("patients in the network", exact.mean_in_network, _controlled("in the network", known)),
    )
    return Case("jackson-two-stations", "Jackson network of two stations", "V1", checks)


ASU_LOAD = (0.24 * 7.4 + 0.13 * 4.6 + 0.63 * 7.0) / 1.2 + 1.8 / 9.3 + 4.0 / 3.6 + 3.8 / 3.2
REHABILITATION_LOAD = (
    (1 / 21.8 + 0.24 / 1.2) * (0.40 * 30.3 + 0.60 * 28.4)
    + (1 / 31.7 + 0.11 / 3.6) * 27.6
    + (1 / 28.6 + 0.05 / 3.2) * 16.1
    + 0.01 / 9.3 * 18.7
)
"""Mean patients in bed with beds without limit: arrivals a day times mean days, from the figures of V2."""


def _stroke_case() -> Case:
    loads = {
        "ASU": ASU_LOAD,
        "rehabilitation": REHABILITATION_LOAD,
        "pooled": ASU_LOAD + REHABILITATION_LOAD,
    }
    checks = tuple(
        Check(
            f"delay, {ward} with {n} beds", erlang_b(loads[ward], n),
            _ratio(f"{ward} at {n}", f"{ward} up to {n}"), largest_half_width=None,
        )
        for ward, beds in STROKE_BEDS.items()
        for n in beds
    )  # fmt: skip
    return Case("stroke-wards", "Stroke wards", "V2", checks)


def _treatment_case() -> Case:
    published = {
        "triage": (30.8, 1.2),
        "register": (104.0, 1.6),
        "examine": (25.5, 0.6),
        "treat": (134.9, 1.8),
        "trauma stabilise": (153.6, 5.4),
        "trauma treat": (17.6, 0.9),
    }
    checks = [
        Check(f"wait for {step}, min", wait, _plain(f"wait {step}"), half_width, None, digits=1)
        for step, (wait, half_width) in published.items()
    ]
    checks.append(Check("arrivals", 229.501, _plain("arrivals"), digits=1))
    return Case("treatment-centre", "Treatment centre", "V4", tuple(checks))


CASES: dict[str, Case] = {
    case.name: case
    for case in (
        *_erlang_cases(),
        *_waiting_cases(),
        _unlimited_case(),
        _jackson_case(),
        _stroke_case(),
        _treatment_case(),
    )
}
