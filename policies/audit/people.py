"""How many people of each group live in the catchment: from the scenario, or a CSV file (attribute, group, people)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from policies.parameters import suggestion
from scenarios.checks_population import lasting, people_of
from scenarios.errors import Problem, ScenarioError, UsageError
from scenarios.scenario import Scenario
from sim.catchments import kinds_of_people
from sim.fairness.by_group import HOSPITAL, categories, groups_of, parts_of
from sim.network import Network

COLUMNS = ["attribute", "group", "people"]


def read_people(path: Path, network: Network) -> dict[str, dict[str, int]]:
    """Return attribute -> group -> people. Raises `ScenarioError` with every problem of the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--people: {path} cannot be read: {error}.") from None
    header = [name.strip() for name in rows[0]] if rows else []
    if header != COLUMNS:
        got = ", ".join(header) or "nothing"
        raise ScenarioError([Problem(str(path), 1, 1, "", f"the columns {', '.join(COLUMNS)}", got)])
    problems: list[Problem] = []
    people: dict[str, dict[str, int]] = {}
    known = categories(network)
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        found = _read(path, line, [cell.strip() for cell in row], known, network, problems)
        if found is None:
            continue
        attribute, group, n = found
        if group in people.setdefault(attribute, {}):
            problems.append(
                Problem(str(path), line, 2, "", f"every group of {attribute} once", f"{group} again")
            )
        people[attribute][group] = n
    if problems:
        raise ScenarioError(problems)
    return people


def people_of_scenario(scenario: Scenario, attributes: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return attribute -> group -> people, as far as the scenario says; "" is everybody, `HOSPITAL` each catchment.

    Groups are known where the scenario simulates its people (`population`), for attributes that people have for good;
    without that, only how many live around each hospital (`hospitals.H.population`).
    """
    found: dict[str, dict[str, float]] = {}
    if scenario.population is not None:
        around = {name: people_of(scenario, name) for name in scenario.population.catchments}
        known = lasting(scenario)
        for attribute in attributes:
            parts = parts_of(attribute)
            if not all(part in known for part in parts):
                continue
            sizes = found[attribute] = {}
            for hospital, n in around.items():
                for person, share in kinds_of_people(scenario, hospital, set(parts)):
                    group = ", ".join(person[part] for part in parts)
                    sizes[group] = sizes.get(group, 0.0) + n * share
    else:
        around = {name: hospital.population or 0 for name, hospital in scenario.hospitals.items()}
    if any(around.values()):
        found[HOSPITAL] = {name: float(n) for name, n in around.items() if n}
    if scenario.population is not None or all(around.values()):
        found[""] = {"all": float(sum(around.values()))}
    return found


def _read(
    path: Path, line: int, row: list[str], known: tuple[str, ...], network: Network, problems: list[Problem]
) -> tuple[str, str, int] | None:
    if len(row) != len(COLUMNS):
        problems.append(Problem(str(path), line, 1, "", "three cells", str(len(row))))
        return None
    attribute, group, text = row
    if attribute not in known:
        problems.append(Problem(str(path), line, 1, "", "", f'there is no attribute "{attribute}"',
                                suggestion(attribute, known)))  # fmt: skip
        return None
    groups = groups_of(network, attribute)
    if group not in groups:
        problems.append(
            Problem(str(path), line, 2, "", "", f'{attribute} has no "{group}"', suggestion(group, groups))
        )
    if not text.isdecimal() or int(text) == 0:
        problems.append(Problem(str(path), line, 3, "", "a whole number of people above 0", f'"{text}"'))
    return (attribute, group, int(text)) if group in groups and text.isdecimal() and int(text) else None
