"""Random but valid small networks, and policies that order whatever is legal.

The scenarios are meant to be awkward: everything that the language can say occurs, pools are scarce,
and every other scenario is full of ties (constant whole minutes, batches at one time).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import yaml
from hypothesis import strategies as st

from scenarios.loader import load_text
from scenarios.rules import OverflowRule, QueueRule
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Decision, Directive, Orders

BEDS, STAFF, EQUIPMENT = ("ward", "icu"), ("nurse", "doctor"), ("scanner",)
ACUITIES = ("critical", "urgent", "standard")

Draw = st.DrawFn


def seeds() -> st.SearchStrategy[int]:
    """Seeds of workloads and policies."""
    return st.integers(0, 2**32 - 1)


@st.composite
def small_scenarios(
    draw: Draw,
    hazards: bool | None = None,
    vaccine: bool | None = None,
    n_hospitals: int | None = None,
    on_deadlock: str | None = None,
    boarding: bool = False,
) -> Scenario:
    """Draw a valid scenario of one to three hospitals with some dozens of patients.

    `boarding`: every step that can, keeps its pools until the next one starts, and nobody loses patience.
    """
    raw = draw(_raw(hazards, vaccine, n_hospitals, on_deadlock))
    for pathway in raw["pathways"].values() if boarding else ():
        for step in pathway["steps"].values():
            step.pop("patience", None)
            step |= {"hold": True, "if_full": "wait"} if step.get("needs") else {}
    return load_text(yaml.safe_dump(raw, sort_keys=False))


@st.composite
def _raw(
    draw: Draw, hazards: bool | None, vaccine: bool | None, n_hospitals: int | None, on_deadlock: str | None
) -> dict[str, Any]:
    ties = draw(st.booleans())
    acuities = list(ACUITIES[: draw(st.integers(1, 3))])
    hospitals = ["north", "south", "west"][: n_hospitals or draw(st.integers(1, 3))]
    has_vaccine = draw(st.booleans()) if vaccine is None else vaccine
    with_hazards = draw(st.booleans()) if hazards is None else hazards
    classes = ["a", "b"][: draw(st.integers(1, 2))]
    pathways = {f"path-{name}": {"steps": draw(_steps(ties, acuities))} for name in classes}
    if has_vaccine:
        classes.append("invited")
        pathways["path-invited"] = {"steps": draw(_clinic(ties))}
    raw: dict[str, Any] = {
        "fairward": 1,
        "name": "small",
        "horizon": f"{draw(st.sampled_from([7, 16, 30]))} h",
        "decide_every": draw(st.sampled_from(["0", "1 h", "1 h", "4 h"])),
        "decide_on": draw(st.lists(st.sampled_from(["arrival", "full", "free"]), unique=True, max_size=2)),
        "acuities": acuities,
        "targets": {name: f"{10 * 3**i} min" for i, name in enumerate(acuities)},
        "attributes": {
            "group": {"share": {"x": 0.5, "y": 0.5}, "protected": True},
            "risk": {"number": {"uniform": {"low": 0.5, "high": 2}}},
        },
        "equity": {"groups": ["group"]},
        "group_blind": draw(st.booleans()),
        "classes": {
            name: {
                "pathway": f"path-{name}",
                "acuity": {level: 1 / len(acuities) for level in acuities[:-1]}
                | {acuities[-1]: 1 - (len(acuities) - 1) / len(acuities)},
            }
            for name in classes
        },
        "pathways": pathways,
        "outcomes": {"postponed": "cancelled"},
        "hospitals": {name: draw(_hospital(ties)) for name in hospitals},
        "queue_rule": draw(queue_rules_raw(acuities)),
        "overflow_rule": draw(st.sampled_from(["nearest", "least-loaded", "stay", "outside"])),
        "backfill": draw(st.sampled_from(["none", "fit", "strict"])),
        "on_deadlock": on_deadlock or draw(st.sampled_from(["swap", "swap", "overflow", "fail"])),
        "arrivals": {
            f"stream-{i}": draw(_arrivals(ties, hospitals, classes)) for i in range(draw(st.integers(1, 3)))
        },
    }
    if len(hospitals) > 1:
        raw["transfers"] = draw(_transfers(hospitals))
    if with_hazards:
        raw["hazards"] = draw(_hazards(acuities))
    if has_vaccine:
        raw["vaccine"] = draw(_vaccine(hospitals))
    if draw(st.booleans()):
        raw["disparities"] = _disparities(len(acuities))
    return raw


def _hours(draw: Draw, ties: bool, mean_minutes: int) -> Any:
    """A duration with about this mean: constant whole minutes if ties are wanted."""
    if ties:
        return f"{draw(st.sampled_from([0, 10, 20, 30, 60])) * mean_minutes // 30} min"
    kind = draw(st.sampled_from(["exponential", "lognormal", "uniform", "constant"]))
    mean = f"{mean_minutes} min"
    match kind:
        case "exponential":
            return {"exponential": mean}
        case "lognormal":
            return {"lognormal": {"mean": mean, "sd": mean}}
        case "uniform":
            return {"uniform": {"low": "0", "high": f"{2 * mean_minutes} min"}}
    return mean


@st.composite
def _needs(draw: Draw) -> dict[str, Any]:
    needs: dict[str, Any] = {}
    for pool in draw(st.lists(st.sampled_from([*BEDS, *STAFF, *EQUIPMENT]), unique=True, max_size=3)):
        needs[pool] = (
            draw(st.sampled_from([1, "1:2", "1:4", "3:4"]))
            if pool in STAFF
            else draw(st.sampled_from([1, 1, 1, 2]))
        )
    return needs


@st.composite
def _steps(draw: Draw, ties: bool, acuities: list[str]) -> dict[str, Any]:
    names = [f"step-{i}" for i in range(draw(st.integers(1, 4)))]
    steps: dict[str, Any] = {}
    for i, name in enumerate(names):
        needs = draw(_needs())
        step: dict[str, Any] = {"duration": _hours(draw, ties, draw(st.sampled_from([20, 60, 180])))}
        if needs:
            step["needs"] = needs
            if draw(st.integers(0, 3)) == 0:
                others = draw(_needs())
                if others and others != needs:
                    step["alternatives"] = [{"needs": others, "factor": draw(st.sampled_from([0.5, 1, 1.3]))}]
            step["if_full"] = draw(st.sampled_from(["wait", "wait", "wait", "leave", "overflow"]))
            if draw(st.integers(0, 2)) == 0:
                step["patience"] = {
                    "time": _hours(draw, ties, draw(st.sampled_from([30, 120, 6000]))),
                    "scope": draw(st.sampled_from(["step", "journey"])),
                    "outcome": draw(st.sampled_from(["left", "postponed"])),
                }
            if draw(st.integers(0, 3)) == 0:
                step["queue_limit"] = draw(st.sampled_from([0, 1, 3]))
                step["full_outcome"] = "postponed"
            if draw(st.integers(0, 3)) == 0:
                step["balking"] = [0, 0.3, 0.6]
            step["hold"] = draw(st.booleans())
        step["treatment"] = draw(st.integers(0, 2)) == 0
        if draw(st.booleans()):
            step["clinical_margin"] = "30 min"
        if draw(st.integers(0, 2)) == 0:
            step["acuity_factor"] = {acuities[0]: 1.5}
        if draw(st.integers(0, 3)) == 0:
            step["scale_by"] = ["risk"]
        step["next"] = draw(_next(names, i, acuities))
        steps[name] = step
    return steps


@st.composite
def _next(draw: Draw, names: list[str], i: int, acuities: list[str]) -> Any:
    onwards = names[i + 1] if i + 1 < len(names) else "discharged"
    to = {
        onwards: 0.5,
        draw(st.sampled_from([name for name in [*names, "died", "left"] if name != onwards])): 0.25,
    }
    to["discharged"] = to.get("discharged", 0) + 0.25
    cases: list[Any] = [{"to": to}]
    if draw(st.integers(0, 3)) == 0:
        cases.insert(0, {"when": {"acuity": acuities[0]}, "to": onwards})
    if draw(st.integers(0, 3)) == 0:
        cases.insert(0, {"when": {"group": "x"}, "to": {onwards: 0.8, "postponed": 0.2}})
    return cases


@st.composite
def _clinic(draw: Draw, ties: bool) -> dict[str, Any]:
    needs = draw(st.sampled_from([{}, {"nurse": "1:4"}, {"nurse": 1}, {"ward": 1, "nurse": "1:2"}]))
    jab: dict[str, Any] = {"duration": _hours(draw, ties, 20), "dose": "vax", "needs": needs}
    jab["if_full"] = draw(st.sampled_from(["wait", "leave", "overflow"]))
    jab["next"] = draw(st.sampled_from(["discharged", "rest"]))
    if draw(st.booleans()):
        jab["patience"] = {"time": _hours(draw, ties, 60)}
    steps = {"jab": jab}
    if jab["next"] == "rest":
        jab["hold"] = draw(st.booleans())
        steps["rest"] = {"duration": "15 min"}
        if draw(st.booleans()):
            steps["rest"] |= {"next": {"again": 0.5, "discharged": 0.5}}
            steps["again"] = {**jab, "next": "discharged"}
    return steps


@st.composite
def _hospital(draw: Draw, ties: bool) -> dict[str, Any]:
    spec: dict[str, Any] = {"beds": {}, "staff": {}, "equipment": {}}
    for unit in BEDS:
        beds: dict[str, Any] = {"count": draw(st.sampled_from([2, 2, 3, 5]))}
        if draw(st.booleans()):
            beds["cleaning"] = _hours(draw, ties, 30)
        if draw(st.booleans()):
            beds["flex"] = {"count": 2, "delay": draw(st.sampled_from(["0", "30 min", "3 h"]))}
        spec["beds"][unit] = beds
    for role in STAFF:
        staff: dict[str, Any] = {"call_in": draw(st.integers(0, 2))}
        if draw(st.booleans()):
            staff["count"] = draw(st.sampled_from([1, 2, 4, "unlimited"]))
        else:
            staff["roster"] = [
                {"begins": "00:00", "ends": "06:00", "count": draw(st.integers(0, 3))},
                {"begins": "06:00", "ends": "14:00", "count": draw(st.integers(1, 3))},
                {"begins": "14:00", "ends": "00:00", "count": draw(st.integers(0, 3))},
                {"begins": "22:00", "ends": "05:00", "count": draw(st.integers(0, 1))},
            ]
        if staff.get("count") != "unlimited" and draw(st.integers(0, 3)) == 0:
            staff["sickness"] = 0.3
        spec["staff"][role] = staff
    for machine in EQUIPMENT:
        spec["equipment"][machine] = draw(st.integers(2, 3))
    if draw(st.booleans()):
        spec["ambulances"] = draw(st.integers(0, 2))
    if draw(st.integers(0, 2)) == 0:
        spec["duration_factor"] = {"step-0": 1.25}
    return spec


@st.composite
def _arrivals(draw: Draw, ties: bool, hospitals: list[str], classes: list[str]) -> dict[str, Any]:
    stream: dict[str, Any] = {
        "hospital": draw(st.sampled_from(hospitals)),
        "classes": {draw(st.sampled_from(classes)): 0.5, classes[-1]: 0.5},
        "ambulance": draw(st.sampled_from([0, 0.5, 1])),
    }
    if len(stream["classes"]) == 1:
        stream["classes"] = {classes[-1]: 1}
    if ties:
        stream["schedule"] = {"at": ["0", "30 min", "1 h"], "each": draw(st.integers(1, 3)), "every": "3 h"}
    else:
        stream["poisson"] = f"{draw(st.sampled_from([1, 2]))} per hour"
        if draw(st.integers(0, 3)) == 0:
            stream["batch"] = {"empirical": [1, 3]}
    return stream


@st.composite
def _transfers(draw: Draw, hospitals: list[str]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "travel": {hospitals[0]: {hospitals[1]: draw(st.sampled_from(["5 min", "30 min", "2 h"]))}}
    }
    if len(hospitals) > 2:
        spec["travel"][hospitals[2]] = {hospitals[0]: "1 h"}
        if draw(st.booleans()):
            spec["travel"][hospitals[0]][hospitals[2]] = "90 min"
    spec["handover"] = draw(st.sampled_from(["0", "10 min"]))
    if draw(st.booleans()):
        spec["reservation_expires"] = draw(st.sampled_from(["20 min", "30 min", "5 h"]))
    return spec


@st.composite
def _hazards(draw: Draw, acuities: list[str]) -> dict[str, Any]:
    places = ["waiting", "boarding", "wrong-unit", "travelling", "care"]
    found: dict[str, Any] = {}
    for cause in ("leave", "deteriorate", "die"):
        rows = []
        for _ in range(draw(st.integers(0, 2))):
            row: dict[str, Any] = {
                "during": draw(st.lists(st.sampled_from(places), unique=True, min_size=1)),
                "rate": f"{draw(st.sampled_from(['1', '0.2', '0.02']))} per hour",
            }
            if draw(st.integers(0, 2)) == 0:
                row["when"] = {"acuity": draw(st.sampled_from(acuities))}
            if draw(st.integers(0, 2)) == 0:
                row["times"] = "risk"
            rows.append(row)
        found[cause] = rows
    return found


@st.composite
def _vaccine(draw: Draw, hospitals: list[str]) -> dict[str, Any]:
    per_vial = draw(st.sampled_from([1, 3]))
    product: dict[str, Any] = {"doses_per_vial": per_vial}
    if per_vial > 1:
        product["open_limit"] = draw(st.sampled_from(["30 min", "2 h"]))
    if draw(st.booleans()):
        product["thawed_life"] = draw(st.sampled_from(["3 h", "10 h"]))
    spec: dict[str, Any] = {
        "products": {"vax": product},
        "shipments": [
            {"product": "vax", "vials": draw(st.integers(1, 6)), "every": "5 h", "shelf_life": "8 h"}
        ],
        "lead_time": draw(st.sampled_from(["0", "1 h"])),
        "shipment_breach": draw(st.sampled_from([0, 0.3])),
        "fridges": {
            name: {
                "vials": draw(st.integers(2, 8)),
                "stock": {"vax": draw(st.integers(0, 4))},
                "order_up_to": {"vax": draw(st.integers(0, 5))},
                "breach_rate": draw(st.sampled_from(["0", "1 per 10 h"])),
            }
            for name in hospitals
        },
    }
    if draw(st.booleans()):
        spec["tiers"] = {
            "first": {"when": {"group": "x"}},
            "later": {"opens": draw(st.sampled_from(["0", "4 h"]))},
        }
        if draw(st.integers(0, 3)) == 0:
            del spec["tiers"]["later"]
    return spec


def _disparities(n_acuities: int) -> dict[str, Any]:
    x = {"group": "x"}
    found: dict[str, Any] = {"longer_travel": [{"when": x, "factor": 1.5, "source": "assumed"}]}
    if n_acuities > 1:
        found["under_triage"] = [{"when": x, "probability": 0.5, "source": "assumed"}]
    found["uptake"] = [{"when": x, "classes": ["a"], "probability": 0.8, "source": "assumed"}]
    return found


def queue_rules_raw(acuities: list[str]) -> st.SearchStrategy[Any]:
    """Queue rules as they are written."""
    weights = {name: 2.0 ** (len(acuities) - i) for i, name in enumerate(acuities)}
    return st.sampled_from(_all_queue_rules(weights))


def _all_queue_rules(weights: dict[str, float]) -> list[Any]:
    return [
        "first-come",
        {"first-come": {"clock": "step"}},
        "acuity",
        {"acuity": {"clock": "step"}},
        "longest-wait",
        {"c-mu": {"cost": weights}},
        {"c-mu-theta": {"cost": weights}},
        {"max-weight": {"cost": weights}},
        {"accumulating-priority": {"rates": weights, "start": {next(iter(weights)): 1}}},
        {"equity-weighted": {"attribute": "group", "weights": {"x": 2.0}, "rates": weights}},
    ]


class Impulsive:
    """A policy that orders at random whatever is legal, and remembers what it saw and ordered."""

    def __init__(self, network: Network, seed: int, eagerness: float = 0.4) -> None:
        self.network = network
        self.scenario = network.scenario
        self.draw = np.random.default_rng(seed)
        self.eagerness = eagerness
        self.decisions: list[Decision] = []
        self.directives: list[Directive] = []

    def decide(self, decision: Decision) -> Directive:
        """Return random legal orders."""
        orders = {name: self._orders(decision, h) for h, name in enumerate(self.network.hospitals)}
        directive = Directive({name: order for name, order in orders.items() if self._wants()})
        self.decisions.append(decision)
        self.directives.append(directive)
        return directive

    def _wants(self) -> bool:
        return bool(self.draw.random() < self.eagerness)

    def _upto(self, most: int) -> int:
        return int(self.draw.integers(0, most + 1))

    def _orders(self, decision: Decision, h: int) -> Orders:
        network, scenario = self.network, self.scenario
        spec = scenario.hospitals[network.hospitals[h]]
        weights = {name: 2.0 ** (len(network.acuities) - i) for i, name in enumerate(network.acuities)}
        rules = [
            QueueRule.model_validate(r if isinstance(r, dict) else {r: {}}) for r in _all_queue_rules(weights)
        ]
        if scenario.group_blind:
            rules = [rule for rule in rules if rule.equity_weighted is None]
        overflow = [
            OverflowRule.model_validate({n: {}}) for n in ("nearest", "least-loaded", "stay", "outside")
        ]
        others = [g for g in range(len(network.hospitals)) if g != h]
        reserve = {
            (unit, network.acuities[self._upto(len(network.acuities) - 1)]): self._upto(1)
            for unit in spec.beds
            if self._wants()
        }
        moves = {}
        for waiting in decision.waiting:
            step = decision.names.needs.index(waiting.step)
            able = [g for g in network.neighbours[h] if network.serves[g][step]]
            if waiting.hospital == h and able and self.draw.random() < self.eagerness / 4:
                moves[waiting.patient] = network.hospitals[able[self._upto(len(able) - 1)]]
        lend = {
            (role, network.hospitals[g]): self._upto(3)
            for role in spec.staff
            for g in others
            if role in scenario.hospitals[network.hospitals[g]].staff and self._wants()
        }
        margins = [step.name for step in network.steps if step.spec.clinical_margin is not None]
        vaccine = None
        if scenario.vaccine and network.hospitals[h] in scenario.vaccine.fridges and self._wants():
            vaccine = {product: self._upto(5) for product in network.products}
        tiers: tuple[str, ...] = (
            tuple(str(t) for t in self.draw.permutation(network.tiers)) if self._wants() else ()
        )
        return Orders(
            queue_rule=rules[self._upto(len(rules) - 1)] if self._wants() else None,
            overflow_rule=overflow[self._upto(3)] if self._wants() else None,
            reserve=reserve,
            moves=moves,
            lend=lend,
            call_in={role: self._upto(staff.call_in) for role, staff in spec.staff.items() if self._wants()},
            flex={u: self._upto(b.flex.count) for u, b in spec.beds.items() if b.flex and self._wants()},
            early_discharge={name: self._upto(2) for name in margins if self._wants()},
            vaccine=vaccine,
            tiers=tiers[: self._upto(len(tiers))],
            divert=self._wants() and self._wants(),
        )


def policies(network: Network) -> st.SearchStrategy[Impulsive]:
    """Policies that order at random whatever is legal, from nothing to nearly everything."""
    return st.builds(Impulsive, st.just(network), seeds(), st.sampled_from([0.0, 0.2, 0.6]))


def directives(decision: Decision, network: Network) -> st.SearchStrategy[Directive]:
    """Random legal directives for a decision."""
    return policies(network).map(lambda policy: policy.decide(decision))
