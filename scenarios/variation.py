"""A value of an uncertain figure as changes to the scenario, written as after `--set`."""

from math import floor

from scenarios.overrides import parse_override
from scenarios.scenario import Scenario
from scenarios.shape import at, is_counted
from scenarios.tree import Path, Place
from scenarios.uncertain import Uncertain


def changes(uncertain: Uncertain, value: float) -> list[str]:
    """Return the changes that give the scenario this value; where a whole number stands it is rounded, halves up."""
    operator = "=" if uncertain.change == "set" else "*="
    return [
        f"{path}{operator}{floor(value + 0.5) if _whole(path) and operator == '=' else uncertain.text(value)}"
        for path in uncertain.paths
    ]


def extremes(uncertain: Uncertain) -> tuple[float, ...]:
    """Return values that it may well have: the bounds where there are, else the mean."""
    size = uncertain.parameters
    if uncertain.law in ("uniform", "triangular"):
        return size["low"], size["high"]
    return tuple(size.values()) if uncertain.law == "values" else (size["mean"],)


def _whole(text: str) -> bool:
    """Whether a whole number stands at a place of a scenario."""
    path: Path = parse_override(f"{text}=0", Place("uncertain")).path
    annotation = at(Scenario, path)
    return annotation is int or is_counted(annotation) or int in getattr(annotation, "__args__", ())
