"""Checks of hospitals and roads, and whether every patient can be served where they come."""

import math
from collections.abc import Iterable
from fractions import Fraction

from scenarios.checks_pathways import reachable
from scenarios.checks_population import comers
from scenarios.hospitals import Hospital, Staff
from scenarios.pathways import Step
from scenarios.report import Report
from scenarios.rosters import first_gap, stretches
from scenarios.scenario import Scenario
from scenarios.shape import listing
from scenarios.tree import Path

KINDS = ("beds", "staff", "equipment")


def check_network(scenario: Scenario, report: Report) -> None:
    """Check the hospitals, and every step against the hospitals where patients come to it."""
    _check_names(scenario, report)
    for name, hospital in scenario.hospitals.items():
        path: Path = ("hospitals", name)
        for role, staff in hospital.staff.items():
            _check_staff((*path, "staff", role), staff, report)
        _check_factors(path, hospital, scenario, report)
    _check_roads(scenario, report)
    _check_needs(scenario, report)
    _check_service(scenario, report)


def _check_names(scenario: Scenario, report: Report) -> None:
    kinds: dict[str, tuple[str, str]] = {}
    for name, hospital in scenario.hospitals.items():
        for kind in KINDS:
            for pool in getattr(hospital, kind):
                first_kind, first_hospital = kinds.setdefault(pool, (kind, name))
                if first_kind != kind:
                    message = f'"{pool}" already names {first_kind} at "{first_hospital}"'
                    report.add(("hospitals", name, kind, pool), "", message, "Give one of them another name.")


def _check_staff(path: Path, staff: Staff, report: Report) -> None:
    if staff.count is None and not staff.roster:
        report.add(path, "either `count` or `roster`", "neither", "Write how many there are.")
    elif staff.count is not None and staff.roster:
        report.add(path, "either `count` or `roster`", "both", "Remove one of them.")
    for i, shift in enumerate(staff.roster):
        if not shift.days:
            report.add((*path, "roster", i, "days"), "at least one day", "none", "Remove the shift.")
    gap = first_gap(staff.roster) if staff.roster else None
    if gap is not None:
        remedy = "Add a shift, with `count: 0` if nobody is on duty then."
        report.add((*path, "roster"), "shifts that cover the whole week", f"none from {gap}", remedy)


def _check_factors(path: Path, hospital: Hospital, scenario: Scenario, report: Report) -> None:
    steps = [step for pathway in scenario.pathways.values() for step in pathway.steps]
    full = [f"{name}.{step}" for name, pathway in scenario.pathways.items() for step in pathway.steps]
    for step in hospital.duration_factor:
        if step not in steps and step not in full:
            report.unknown(
                (*path, "duration_factor", step),
                step,
                "a step of any pathway",
                [*steps, *full],
                within=[("pathways",)],
            )


def _check_roads(scenario: Scenario, report: Report) -> None:
    hospitals = scenario.hospitals
    for origin, row in scenario.transfers.travel.items():
        path: Path = ("transfers", "travel", origin)
        if origin not in hospitals:
            report.unknown(
                path, origin, "a hospital of this scenario", hospitals, defined_at=[("hospitals",)]
            )
        for destination, hours in row.items():
            if hours == 0:
                remedy = "Write 1 min for hospitals under one roof."
                report.add((*path, destination), "a travel time above 0", "0", remedy)
            if destination not in hospitals:
                report.unknown(
                    (*path, destination),
                    destination,
                    "a hospital of this scenario",
                    hospitals,
                    defined_at=[("hospitals",)],
                )
            elif destination == origin:
                report.add((*path, destination), "", "this is travel from a hospital to itself", "Remove it.")


def _check_needs(scenario: Scenario, report: Report) -> None:
    homes: list[Path] = [("hospitals", name, kind) for name in scenario.hospitals for kind in KINDS]
    pools = list(dict.fromkeys(pool for h in scenario.hospitals.values() for pool in capacities(h)))
    for name, pathway in scenario.pathways.items():
        for step_name, step in pathway.steps.items():
            path: Path = ("pathways", name, "steps", step_name)
            wanted = [((*path, "needs"), step.needs)]
            wanted += [
                ((*path, "alternatives", i, "needs"), a.needs) for i, a in enumerate(step.alternatives)
            ]
            for place, needs in wanted:
                for pool in needs:
                    if pool not in pools:
                        report.unknown(
                            (*place, pool), pool, "a pool of any hospital", pools, defined_at=homes
                        )


def capacities(hospital: Hospital) -> dict[str, float]:
    """Return the most of each pool that can ever be there: flex beds open, the largest shift, all called in."""
    beds = {name: _count(b.count) + (b.flex.count if b.flex else 0) for name, b in hospital.beds.items()}
    staff = {name: _most_staff(spec) for name, spec in hospital.staff.items()}
    equipment = {name: _count(spec.count) for name, spec in hospital.equipment.items()}
    return {**beds, **staff, **equipment}


def _most_staff(staff: Staff) -> float:
    if staff.count is not None:
        return _count(staff.count) + staff.call_in
    if not staff.roster:
        return math.inf  # Reported as neither counted nor rostered.
    return max(stretch.count for stretch in stretches(staff.roster)) + staff.call_in


def _count(count: int | str) -> float:
    return math.inf if isinstance(count, str) else count


def visits(scenario: Scenario) -> dict[str, list[str]]:
    """Return for each pathway the hospitals where patients come to it."""
    found: dict[str, list[str]] = {}
    streams = scenario.arrivals.values()
    of_streams = [(s.hospital, name) for s in streams for name, share in s.classes.items() if share > 0]
    for hospital, name in [*of_streams, *comers(scenario)]:
        spec = scenario.classes.get(name)
        if spec is not None and hospital in scenario.hospitals:
            there = found.setdefault(spec.pathway, [])
            if hospital not in there:
                there.append(hospital)
    return found


def _check_service(scenario: Scenario, report: Report) -> None:
    have = {name: capacities(hospital) for name, hospital in scenario.hospitals.items()}
    pools = {pool for capacity in have.values() for pool in capacity}
    for name, hospitals in visits(scenario).items():
        pathway = scenario.pathways.get(name)
        for step_name in reachable(pathway) if pathway else ():
            step = scenario.pathways[name].steps[step_name]
            if any(pool not in pools for needs in _options(step) for pool in needs):
                continue  # Reported as an unknown pool.
            bad = [h for h in hospitals if not _is_served(scenario, name, step_name, h, have)]
            if bad:
                _report_unserved(("pathways", name, "steps", step_name), step, bad, have, report)


def _is_served(
    scenario: Scenario, pathway: str, step_name: str, hospital: str, have: dict[str, dict[str, float]]
) -> bool:
    step = scenario.pathways[pathway].steps[step_name]
    if _can_start(step, have[hospital]):
        return True
    if step.if_full == "leave":
        return any(all(pool in have[hospital] for pool in needs) for needs in _options(step))
    if step.if_full != "overflow":
        return False
    remaining = reachable(scenario.pathways[pathway], [step_name])
    neighbours = _neighbours(scenario, hospital)
    return scenario.overflow_rule.outside is not None or any(
        all(_can_start(scenario.pathways[pathway].steps[name], have[there]) for name in remaining)
        for there in neighbours
    )


def _options(step: Step) -> list[dict[str, Fraction]]:
    return [*([step.needs] if step.needs else []), *(alternative.needs for alternative in step.alternatives)]


def _can_start(step: Step, capacity: dict[str, float]) -> bool:
    options = _options(step)
    return not options or any(
        all(amount <= capacity.get(pool, -1) for pool, amount in needs.items()) for needs in options
    )


def _neighbours(scenario: Scenario, hospital: str) -> list[str]:
    travel = scenario.transfers.travel
    others = [name for name in scenario.hospitals if name != hospital]
    return [name for name in others if name in travel.get(hospital, {}) or hospital in travel.get(name, {})]


def _report_unserved(
    path: Path, step: Step, hospitals: list[str], have: dict[str, dict[str, float]], report: Report
) -> None:
    """Say for each pool of the step's first way of being served where it is missing or too small."""
    option = _options(step)[0]
    place = (*path, "needs") if step.needs else (*path, "alternatives", 0, "needs")
    for pool, amount in option.items():
        within: Iterable[Path] = [("hospitals", name) for name in hospitals]
        missing = [name for name in hospitals if pool not in have[name]]
        small = [name for name in hospitals if have[name].get(pool, math.inf) < amount]
        if missing:
            message = f'there is no "{pool}" at {listing(missing)}, where patients come to this step'
            remedy = f'Add "{pool}" there, or write `if_full: overflow` and travel to a hospital that has all of it.'
            report.add((*place, pool), "", message, remedy, names=(pool,), within=within)
        if small:
            most = max(have[name][pool] for name in small)
            got = f"{amount}, so that it can never start at {listing(small)}"
            report.add(
                (*place, pool), f'at most the {most:g} of "{pool}" that there ever are', got, within=within
            )
