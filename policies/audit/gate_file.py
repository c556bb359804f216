"""Compliance rules in YAML, read and validated with all problems at once, each with its place.

gates:
  - name: four-hour share
    outcome: treated_within
    within: 4 h
    by: deprivation
    compare: difference      # level (default), difference, ratio
    to: best                 # best, overall or a group
    at_least: -5 points
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from policies.parameters import suggestion
from scenarios.errors import Problem, ScenarioError
from scenarios.reading import read_file, read_text
from scenarios.tree import Node, path_text, plain, stamped, value_text
from scenarios.units import parse_duration
from sim.fairness.access import DaysToCoverage, TreatedWithin
from sim.fairness.by_group import categories, groups_of, parts_of
from sim.fairness.disparity import BEST, OVERALL
from sim.metric import PatientMetric
from sim.network import Network
from sim.outcomes import METRICS

Compare = Literal["level", "difference", "ratio"]
Proof = Literal["of breach", "of compliance"]

OF_DEATHS = {
    "mortality_o_e": ("Deaths, observed over expected", ""),
    "mortality_standardised": ("Died, standardised", "share"),
}
"""Outcomes that exist only standardised; they are compared by their level."""

WITH_ARGUMENT = {"treated_within": "within", "days_to_coverage": "coverage"}
"""Outcomes that need a further key."""

KEYS = (
    "name",
    "outcome",
    "within",
    "coverage",
    "by",
    "groups",
    "compare",
    "to",
    "at_most",
    "at_least",
    "proof",
)


@dataclass(frozen=True)
class Gate:
    """One rule: no group's figure may be beyond a limit."""

    name: str
    outcome: str
    metric: PatientMetric | None
    """None for outcomes of `OF_DEATHS`."""
    by: tuple[str, ...]
    """Attributes; empty: those of the audit."""
    groups: tuple[str, ...]
    """Only these groups; empty: all."""
    compare: Compare
    to: str
    low: float | None
    high: float | None
    limit: str
    """As written."""
    proof: Proof

    @property
    def title(self) -> str:
        """What the outcome is called."""
        return self.metric.title if self.metric is not None else OF_DEATHS[self.outcome][0]

    @property
    def unit(self) -> str:
        """The unit of the figure."""
        if self.compare == "ratio":
            return ""
        return self.metric.unit if self.metric is not None else OF_DEATHS[self.outcome][1]

    @property
    def rule(self) -> str:
        """The rule in words."""
        what = {
            "level": self.title,
            "difference": f"{self.title} less {_words(self.to)}",
            "ratio": f"{self.title} over {_words(self.to)}",
        }[self.compare]
        asked = "" if self.proof == "of breach" else "; to be shown beyond doubt"
        return f"{what} {self.limit} for every group{asked}"


def read_gates(path: Path, network: Network) -> tuple[Gate, ...]:
    """Return the gates of a file. Raises `ScenarioError` with every problem in it."""
    root = stamped(read_file(path, str(path)))
    return _Reader(network).read(root)


def read_gates_text(text: str, network: Network) -> tuple[Gate, ...]:
    """Return the gates of a text such as a file of gates holds. Raises `ScenarioError` with every problem in it."""
    return _Reader(network).read(stamped(read_text(text, "gates", "gates")))


class _Reader:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.problems: list[Problem] = []

    def read(self, root: Node) -> tuple[Gate, ...]:
        entries = root.value if isinstance(root.value, dict) else {}
        for key in entries:
            if key != "gates":
                self._say(entries[key], "", f'"{key}" is not known here', suggestion(key, ["gates"]))
        listed = entries.get("gates")
        if listed is None or not isinstance(listed.value, list) or not listed.value:
            self._say(
                listed or root,
                "`gates`, a list of rules",
                "none" if listed is None else value_text(plain(listed)),
            )
            raise ScenarioError(self.problems)
        gates = [gate for node in listed.value if (gate := self._gate(node)) is not None]
        names = [gate.name for gate in gates]
        for node, name in ((n.value["name"], str(n.value["name"].value)) for n in listed.value
                           if isinstance(n.value, dict) and "name" in n.value):  # fmt: skip
            if names.count(name) > 1:
                self._say(node, "a name of its own for every gate", f'"{name}" twice')
        if self.problems:
            raise ScenarioError(self.problems)
        return tuple(gates)

    def _gate(self, node: Node) -> Gate | None:
        if not isinstance(node.value, dict):
            self._say(node, "a rule with outcome and at_most or at_least", value_text(plain(node)))
            return None
        before = len(self.problems)
        for key, child in node.value.items():
            if key not in KEYS:
                self._say(child, "", f'"{key}" is not known here', suggestion(key, KEYS))
        outcome = self._choice(node, "outcome", self._outcomes(), None)
        metric = self._metric(node, outcome)
        compare = self._choice(node, "compare", ("level", "difference", "ratio"), "level")
        proof = self._choice(node, "proof", ("of breach", "of compliance"), "of breach")
        by = tuple(self._texts(node, "by"))
        known = categories(self.network)
        for attribute in by:
            for part in parts_of(attribute):
                if part not in known:
                    self._say(
                        node.value["by"], "", f'there is no attribute "{part}"', suggestion(part, known)
                    )
        fine = [a for a in (by or known) if all(part in known for part in parts_of(a))]
        groups = [group for attribute in fine for group in groups_of(self.network, attribute)]
        only = tuple(self._texts(node, "groups"))
        for group in only:
            if group not in groups:
                self._say(node.value["groups"], "", f'there is no group "{group}"', suggestion(group, groups))
        to = self._to(node, compare, groups)
        if outcome in OF_DEATHS and compare != "level":
            self._say(
                node.value.get("compare", node), "compare: level for a standardised outcome", f'"{compare}"'
            )
        unit = (
            "" if compare == "ratio" else metric.unit if metric else OF_DEATHS.get(outcome or "", ("", ""))[1]
        )
        low, high = self._limit(node, "at_least", unit), self._limit(node, "at_most", unit)
        if low is None and high is None and not {"at_least", "at_most"} & set(node.value):
            self._say(node, "at_most or at_least", "neither", "Add the limit.")
        if low is not None and high is not None and low > high:
            self._say(
                node.value["at_least"], "a smaller value than at_most", str(plain(node.value["at_least"]))
            )
        if len(self.problems) > before or outcome is None or compare is None or proof is None:
            return None
        written = [
            f"{words} {plain(node.value[key])}"
            for key, words in (("at_least", "at least"), ("at_most", "at most"))
            if key in node.value
        ]
        name = node.value.get("name")
        return Gate(
            name=str(plain(name)) if name is not None else f"{outcome} {' and '.join(written)}",
            outcome=outcome,
            metric=metric,
            by=by,
            groups=only,
            compare=cast(Compare, compare),
            to=to,
            low=low,
            high=high,
            limit=" and ".join(written),
            proof=cast(Proof, proof),
        )

    def _outcomes(self) -> list[str]:
        own = [
            name
            for name, metric in METRICS.items()
            if isinstance(metric, PatientMetric) and metric.better and metric.applies(self.network)
        ]
        return [*own, *WITH_ARGUMENT, *OF_DEATHS]

    def _metric(self, node: Node, outcome: str | None) -> PatientMetric | None:
        assert isinstance(node.value, dict)
        for name, key in WITH_ARGUMENT.items():
            if key in node.value and outcome is not None and outcome != name:
                self._say(node.value[key], f"{key} only beside outcome: {name}", f"it beside {outcome}")
        if outcome in WITH_ARGUMENT:
            key = WITH_ARGUMENT[outcome]
            child = node.value.get(key)
            example = "a duration such as 4 h" if key == "within" else "a share such as 70 %"
            value = None if child is None else number_of(plain(child), "h" if key == "within" else "share")
            if value is None or not value > 0 or (key == "coverage" and value > 1):
                self._say(
                    child or node,
                    f"{key}, {example}",
                    "nothing" if child is None else value_text(plain(child)),
                )
                return None
            return TreatedWithin(value) if key == "within" else DaysToCoverage(value)
        found = METRICS.get(outcome or "")
        return found if isinstance(found, PatientMetric) else None

    def _to(self, node: Node, compare: str | None, groups: Sequence[str]) -> str:
        assert isinstance(node.value, dict)
        child = node.value.get("to")
        if child is None:
            return BEST
        to = str(plain(child))
        if compare == "level":
            self._say(child, "to only beside compare: difference or ratio", f'"{to}" beside a level')
        elif to not in (BEST, OVERALL, *groups):
            self._say(child, "best, overall or a group", f'"{to}"', suggestion(to, [BEST, OVERALL, *groups]))
        return to

    def _limit(self, node: Node, key: str, unit: str) -> float | None:
        assert isinstance(node.value, dict)
        child = node.value.get(key)
        if child is None:
            return None
        value = number_of(plain(child), unit)
        if value is None:
            self._say(child, EXAMPLE.get(unit, "a number"), value_text(plain(child)))
        return value

    def _choice(self, node: Node, key: str, known: Sequence[str], default: str | None) -> str | None:
        assert isinstance(node.value, dict)
        child = node.value.get(key)
        if child is None:
            if default is None:
                self._say(node, f"`{key}`", "nothing", f"Known: {', '.join(known)}.")
            return default
        value = str(plain(child))
        if value not in known:
            self._say(child, f"one of {', '.join(known)}", value_text(plain(child)), _near(value, known))
            return None
        return value

    def _texts(self, node: Node, key: str) -> Iterator[str]:
        assert isinstance(node.value, dict)
        child = node.value.get(key)
        for one in [] if child is None else child.value if isinstance(child.value, list) else [child]:
            if isinstance(one.value, dict | list) or one.value is None:
                self._say(one, "a name", value_text(plain(one)))
            else:
                yield str(one.value)

    def _say(self, node: Node, expected: str, got: str, remedy: str = "") -> None:
        self.problems.append(Problem(*node.place, path_text(node.path), expected, got, remedy))


EXAMPLE = {
    "share": "a share such as 0.95, 95 % or -5 points",
    "h": "a duration such as 30 min or -0.5 h",
    "days": "a duration such as 20 days",
    "": "a number such as 1.2",
}


def number_of(value: Any, unit: str) -> float | None:
    """Return a limit in the unit of the outcome; None if it cannot be read.

    >>> number_of("-5 points", "share"), number_of("30 min", "h"), number_of(1.2, ""), number_of("soon", "h")
    (-0.05, 0.5, 1.2, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    found = re.fullmatch(r"\s*([-+]?)\s*(.*?)\s*", str(value))
    assert found is not None
    sign, text = (-1.0 if found[1] == "-" else 1.0), found[2]
    readers: dict[str, Callable[[str], float]] = {
        "share": _share,
        "h": parse_duration,
        "days": lambda t: parse_duration(t) / 24.0,
    }
    try:
        return sign * readers.get(unit, float)(text)
    except ValueError:
        return None


def _share(text: str) -> float:
    found = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*(%|points?)", text)
    return float(found[1]) / 100 if found else float(text)


def _near(value: str, known: Sequence[str]) -> str:
    said = suggestion(value, known)
    return said if said.startswith("Did") else ""


def _words(to: str) -> str:
    return {BEST: "the best-off", OVERALL: "everybody"}.get(to, to)
