"""What a visitor may move: demand, the surge, beds, staff, vaccine, a policy's weight; as changes of the scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.equity_weighted import DEFAULT_WEIGHT
from scenarios.hospitals import Beds, Shift
from scenarios.people import Arrivals
from scenarios.quantities import Spec
from scenarios.scenario import Scenario
from scenarios.vaccine import Vaccine

EVERYWHERE = "all hospitals"
EQUITY_WEIGHTED = "equity-weighted"


@dataclass(frozen=True)
class Lever:
    """One slider."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    neutral: float
    """Where it changes nothing."""
    help: str
    """What the schema says of the field that it moves."""


def _said(spec: type[Spec], field: str) -> str:
    return spec.model_fields[field].description or ""


LEVERS = (
    Lever("demand", "Ordinary demand", "% of normal", 50, 200, 5, 100, _said(Arrivals, "scale")),
    Lever("surge", "Surge size", "% of the scenario's wave", 0, 300, 10, 100, _said(Arrivals, "scale")),
    Lever("beds", "Beds", "% more or fewer", -50, 50, 5, 0, f"Beds of every unit. {_said(Beds, 'count')}"),
    Lever("staff", "Staff on shift", "% more or fewer", -50, 50, 5, 0, f"Every role. {_said(Shift, 'count')}"),
    Lever("vaccine", "Vaccine delivered", "% of planned", 0, 300, 10, 100, f"Vials. {_said(Vaccine, 'shipments')}"),
    Lever(
        "weight", "Weight of disadvantaged groups (lambda)", "times the speed", 1, 5, 0.5, DEFAULT_WEIGHT,
        "How much faster priority grows for groups that the scenario's disparities disadvantage; 1: no faster.",
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Lever] = {lever.name: lever for lever in LEVERS}


def levers_of(scenario: Scenario, policy: str) -> tuple[Lever, ...]:
    """Return the levers that do something in this scenario under this policy."""
    there = {
        "demand": any(not _is_wave(name) and a.poisson for name, a in scenario.arrivals.items()),
        "surge": any(_is_wave(name) for name in scenario.arrivals) or _infected(scenario) is not None,
        "beds": any(hospital.beds for hospital in scenario.hospitals.values()),
        "staff": any(hospital.staff for hospital in scenario.hospitals.values()),
        "vaccine": scenario.vaccine is not None and bool(scenario.vaccine.shipments),
        "weight": policy == EQUITY_WEIGHTED,
    }
    return tuple(lever for lever in LEVERS if there[lever.name])


def changes(scenario: Scenario, values: Mapping[str, float], where: str = EVERYWHERE) -> tuple[str, ...]:
    """Return the changes that these positions mean, as after `--set`; beds and staff only at `where`."""
    found: list[str] = []
    moved = {k: v for k, v in values.items() if k in BY_NAME and v != BY_NAME[k].neutral}
    chosen = [name for name in scenario.hospitals if where in (EVERYWHERE, name)]
    if "demand" in moved:
        found += _scaled(scenario, moved["demand"] / 100, waves=False)
    if "surge" in moved:
        found += _scaled(scenario, moved["surge"] / 100, waves=True)
        if (infected := _infected(scenario)) is not None:
            found.append(f"epidemic.seir.infected={round(infected * moved['surge'] / 100)}")
    if "beds" in moved:
        found += [line for name in chosen for line in _beds(scenario, name, 1 + moved["beds"] / 100)]
    if "staff" in moved:
        found += [line for name in chosen for line in _staff(scenario, name, 1 + moved["staff"] / 100)]
    if "vaccine" in moved and scenario.vaccine is not None:
        for k, shipment in enumerate(scenario.vaccine.shipments):
            found.append(f"vaccine.shipments[{k}].vials={round(shipment.vials * moved['vaccine'] / 100)}")
    return tuple(found)


def policy_written(policy: str, values: Mapping[str, float], scenario: Scenario) -> str:
    """Return the policy with its weight, where it has one and that is not the default."""
    weight = values.get("weight", DEFAULT_WEIGHT)
    if policy != EQUITY_WEIGHTED or weight == DEFAULT_WEIGHT:
        return policy
    from policies.equity_weighted import disadvantaged

    _, groups = disadvantaged(scenario)
    return ":".join([policy, *(f"{group}={weight:g}" for group in groups)])


def said(values: Mapping[str, float], where: str = EVERYWHERE) -> str:
    """Return what was moved in a few words: `beds +10 %, demand 120 %`; empty: nothing."""
    parts = []
    for lever in LEVERS:
        value = values.get(lever.name, lever.neutral)
        if value == lever.neutral or lever.name == "weight":
            continue
        size = f"{value:+g} %" if lever.neutral == 0 else f"{value:g} %"
        place = f" at {where}" if lever.name in ("beds", "staff") and where != EVERYWHERE else ""
        parts.append(f"{lever.name} {size}{place}")
    return ", ".join(parts)


def _is_wave(stream: str) -> bool:
    """Whether a stream is the scenario's surge: those are named so in the library."""
    return "wave" in stream.split("-")


def _infected(scenario: Scenario) -> float | None:
    seir = scenario.epidemic.seir if scenario.epidemic is not None else None
    return None if seir is None or not isinstance(seir.infected, int | float) else float(seir.infected)


def _scaled(scenario: Scenario, factor: float, waves: bool) -> Iterator[str]:
    for name, stream in scenario.arrivals.items():
        if stream.poisson is not None and _is_wave(name) == waves:
            yield f'arrivals."{name}".scale={stream.scale * factor!r}'


def _beds(scenario: Scenario, hospital: str, factor: float) -> Iterator[str]:
    for unit, beds in scenario.hospitals[hospital].beds.items():
        if isinstance(beds.count, int):
            yield f'hospitals."{hospital}".beds."{unit}".count={_rounded(beds.count, factor)}'


def _staff(scenario: Scenario, hospital: str, factor: float) -> Iterator[str]:
    for role, staff in scenario.hospitals[hospital].staff.items():
        place = f'hospitals."{hospital}".staff."{role}"'
        if isinstance(staff.count, int):
            yield f"{place}.count={_rounded(staff.count, factor)}"
        for k, shift in enumerate(staff.roster):
            yield f"{place}.roster[{k}].count={_rounded(shift.count, factor)}"


def _rounded(count: int, factor: float) -> int:
    """To the nearest whole number, but never closing what is open."""
    return max(round(count * factor), 1) if count else 0
