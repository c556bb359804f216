"""`config.yml`: the thresholds in force and how many reasons are given, read with all problems at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from policies.thresholds.moves import (
    HIGHEST_HIGH,
    INDEX,
    LEAST_TOP_K,
    LOWEST_MODERATE,
    MOST_TOP_K,
    STEPS,
    Setting,
)
from scenarios.errors import Problem, ScenarioError, UsageError
from scenarios.reading import read_file
from scenarios.tree import Node, path_text, plain, value_text

KEYS = {"thresholds": ("moderate", "high"), "explanation": ("top_k",)}
SHIPPED = Setting(moderate=6, high=12, top_k=3)
"""0.30, 0.60 and three reasons: where tuning starts when no file is given (assumed)."""
REMEDY = "See docs/thresholds.md."


def read_setting(path: Path) -> int:
    """Return the index of the setting in a file. Raises `ScenarioError` with every problem."""
    root = read_file(path, str(path), "thresholds")
    problems = [_stranger(node, key) for node, key in _strangers(root)]
    moderate = _threshold(root, "moderate", LOWEST_MODERATE, HIGHEST_HIGH - 1, problems)
    high = _threshold(root, "high", LOWEST_MODERATE + 1, HIGHEST_HIGH, problems)
    top_k = _top_k(root, problems)
    if moderate is not None and high is not None and moderate >= high:
        node = _part(root, "thresholds", "high")
        got = f"{high / STEPS:g} where moderate is {moderate / STEPS:g}"
        problems.append(
            Problem(*node.place, "thresholds.high", "a threshold above moderate", got, "Raise it.")
        )
    if problems or moderate is None or high is None or top_k is None:
        raise ScenarioError(problems)
    return INDEX[Setting(moderate, high, top_k)]


def setting_yaml(setting: Setting, comment: str = "") -> str:
    """Return the text of a file with this setting."""
    content = {
        "thresholds": {"moderate": setting.moderate / STEPS, "high": setting.high / STEPS},
        "explanation": {"top_k": setting.top_k},
    }
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    return head + yaml.safe_dump(content, sort_keys=False)


def write_setting(setting: Setting, path: Path, comment: str = "") -> None:
    """Write a setting as `read_setting` reads it."""
    try:
        path.write_text(setting_yaml(setting, comment), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}.") from None


def _strangers(root: Node) -> list[tuple[Node, str]]:
    found = []
    for key, node in _entries(root).items():
        if key not in KEYS:
            found.append((node, key))
        else:
            found += [
                (inner, f"{key}.{name}") for name, inner in _entries(node).items() if name not in KEYS[key]
            ]
    return found


def _stranger(node: Node, key: str) -> Problem:
    known = ", ".join(path_text((part, name)) for part, names in KEYS.items() for name in names)
    return Problem(*node.place, key, "", f'"{key}" is not known here', f"Known: {known}.")


def _entries(node: Node) -> dict[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _part(root: Node, *path: str) -> Node:
    """The deepest part that is written on a path."""
    node = root
    for key in path:
        node = node.child(key) or node
    return node


def _value(root: Node, *path: str) -> Any:
    node: Node | None = root
    for key in path:
        node = node.child(key) if node is not None else None
    return None if node is None else plain(node)


def _threshold(root: Node, name: str, least: int, most: int, problems: list[Problem]) -> int | None:
    value = _value(root, "thresholds", name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        steps = round(value * STEPS)
        if least <= steps <= most and abs(steps / STEPS - value) < 1e-9:
            return steps
    expected = f"a multiple of {1 / STEPS:g} from {least / STEPS:g} to {most / STEPS:g}"
    place = _part(root, "thresholds", name).place
    problems.append(Problem(*place, f"thresholds.{name}", expected, value_text(value), REMEDY))
    return None


def _top_k(root: Node, problems: list[Problem]) -> int | None:
    value = _value(root, "explanation", "top_k")
    if isinstance(value, int) and not isinstance(value, bool) and LEAST_TOP_K <= value <= MOST_TOP_K:
        return value
    expected = f"a whole number from {LEAST_TOP_K} to {MOST_TOP_K}"
    place = _part(root, "explanation", "top_k").place
    problems.append(Problem(*place, "explanation.top_k", expected, value_text(value), REMEDY))
    return None
