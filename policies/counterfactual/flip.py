"""A flip: patients of one value of an attribute are given another, and keep all random numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from scenarios.counterfactual import Counterfactual
from scenarios.errors import UnsupportedFeature, UsageError
from scenarios.scenario import Scenario
from scenarios.shape import did_you_mean, listing
from scenarios.tree import path_text
from sim.network import attribute_values

ACUITIES = ("acuity", "triage")


@dataclass(frozen=True, slots=True)
class Flip:
    """Who is given what."""

    attribute: str
    was: str
    instead: str

    @property
    def back(self) -> Flip:
        """The flip the other way."""
        return Flip(self.attribute, self.instead, self.was)


def parse_flip(written: str, scenario: Scenario) -> Flip:
    """Read `ethnicity=black:white`. Raises `UsageError` if the scenario has no such attribute or values."""
    found = re.fullmatch(r"\s*([^=]+?)\s*=\s*([^:]+?)\s*:\s*([^:]+?)\s*", written)
    if found is None:
        raise UsageError(
            f"--flip: expected ATTRIBUTE=WAS:INSTEAD such as ethnicity=black:white, got {written!r}."
        )
    flip = Flip(*found.groups())
    categories = [name for name, spec in scenario.attributes.items() if spec.share is not None]
    if flip.attribute not in categories:
        remedy = did_you_mean(flip.attribute, categories, f"There are: {listing(categories)}.")
        raise UsageError(f'--flip: "{flip.attribute}" is not a category of this scenario. {remedy}')
    known = attribute_values(scenario, flip.attribute)
    for value in (flip.was, flip.instead):
        if value not in known:
            remedy = did_you_mean(value, known, f"There are: {listing(known)}.")
            raise UsageError(f'--flip: "{value}" is not a value of {flip.attribute}. {remedy}')
    if flip.was == flip.instead:
        raise UsageError(f"--flip: expected two different values, got {flip.was} twice.")
    if scenario.population is not None:
        raise UnsupportedFeature(
            "a counterfactual",
            "population (its people have attributes in exact shares: one cannot change alone)",
        )
    return flip


def flipped_scenario(scenario: Scenario, flip: Flip, patient: tuple[str, int] | None = None) -> Scenario:
    """Return the other world; `patient` is (arrival stream, number) of the only one who is flipped."""
    stream, number = patient if patient is not None else (None, None)
    what_if = Counterfactual(
        attribute=flip.attribute, was=flip.was, instead=flip.instead, stream=stream, number=number
    )
    before = scenario.counterfactual or ()
    return scenario.model_copy(update={"counterfactual": (*before, what_if)})


@dataclass(frozen=True, slots=True)
class Dependence:
    """A place of the scenario that goes by the attribute, or by what depends on it."""

    path: str
    by: tuple[str, ...]


def descendants(scenario: Scenario, attribute: str) -> tuple[tuple[str, ...], list[Dependence]]:
    """Return what is drawn anew after a flip, and the places of the scenario that make it so.

    The first are the attribute itself, attributes whose shares go by it, and `acuity` and `triage` where they do.
    Each keeps its uniform and takes another quantile. Places are in the order of the scenario.
    """
    data = scenario.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"equity", "counterfactual"}
    )
    known = [attribute]
    while True:
        places = [Dependence(path_text(path), by) for path, by in _places(data, (), known)]
        new = [name for path, _ in _places(data, (), known) for name in _drawn_at(path) if name not in known]
        if not new:
            return tuple(known), places
        known += dict.fromkeys(new)


def _drawn_at(path: tuple[Any, ...]) -> tuple[str, ...]:
    """The attributes that a place of the scenario decides."""
    match path:
        case ("attributes", name, *_):
            return (name,)
        case ("arrivals" | "epidemic", *rest) if "attributes" in rest[:2]:
            return (rest[rest.index("attributes") + 1],)
        case ("classes", _, "acuity", *_) | ("arrivals", _, "acuity", *_) | ("epidemic", "acuity", *_):
            return ACUITIES
        case ("disparities", "late_presentation", *_):
            return ACUITIES
        case ("disparities", "under_triage", *_):
            return ("triage",)
    return ()


def _places(
    node: Any, path: tuple[Any, ...], known: list[str]
) -> list[tuple[tuple[Any, ...], tuple[str, ...]]]:
    """The deepest mappings with a condition on a known attribute, or that name one, with which."""
    found: list[tuple[tuple[Any, ...], tuple[str, ...]]] = []
    if isinstance(node, dict):
        named = [name for name in known if name in (node.get("when") or {})]
        named += [name for name in known if node.get("attribute") == name or name in _scales(node)]
        if named:
            found.append((path, tuple(dict.fromkeys(named))))
        for key, child in node.items():
            if key != "when":
                found += _places(child, (*path, key), known)
    elif isinstance(node, list):
        for i, child in enumerate(node):
            found += _places(child, (*path, i), known)
    return found


def _scales(node: dict[str, Any]) -> tuple[str, ...]:
    names = node.get("scale_by", ())
    return tuple(names) if isinstance(names, list | tuple) else (names,)
