"""How many people of each group live in the catchment: a CSV file with columns attribute, group, people."""

from __future__ import annotations

import csv
from pathlib import Path

from policies.parameters import suggestion
from scenarios.errors import Problem, ScenarioError, UsageError
from sim.fairness.by_group import categories, groups_of
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
