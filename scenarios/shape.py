"""What may stand where in a scenario, read off the schema: for overrides, merging and suggestions."""

from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from scenarios.distributions import Constant, Distribution, Empirical, Exponential
from scenarios.hospitals import Beds, Equipment, Staff
from scenarios.pathways import Balking, Limit, RouteCase
from scenarios.people import Poisson, ShareCase
from scenarios.quantities import Spec
from scenarios.rules import OverflowRule, QueueRule

COUNTED: tuple[type[Spec], ...] = (Beds, Staff, Equipment)
"""Classes that may be written as their count; a bare count leaves their other keys as they are."""

ONE_KEY: tuple[type[Spec], ...] = (Distribution, QueueRule, OverflowRule)
"""Classes of which exactly one key is written; another key takes the place of the first."""

SHORT_FOR: dict[type[Spec], str] = {
    **dict.fromkeys(COUNTED, "count"),
    Limit: "count",
    Balking: "probability",
    Constant: "value",
    Exponential: "mean",
    Empirical: "values",
    Distribution: "constant",
    Poisson: "rate",
    ShareCase: "share",
    RouteCase: "to",
}
"""The key that is meant where a class is written as a bare value."""


def spec_of(annotation: Any) -> type[Spec] | None:
    """Return the class of the schema that an annotation admits, or that its items have."""
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, Spec):
            return option
        if get_origin(option) is tuple and (found := spec_of(get_args(option)[0])):
            return found
    return None


def inside(annotation: Any, key: str | int) -> Any:
    """Return the annotation of what stands under a key or index; None if nothing may."""
    for option in _options(annotation):
        origin = get_origin(option)
        if origin is dict and isinstance(key, str):
            return get_args(option)[1]
        if origin is tuple:
            item = get_args(option)[0]
            return item if isinstance(key, int) else inside(item, key)
        if isinstance(option, type) and issubclass(option, Spec) and isinstance(key, str):
            return _inside_spec(option, key)
    return None


def at(root: Any, path: tuple[str | int, ...]) -> Any:
    """Return the annotation at a path from a root; None if nothing may stand there."""
    annotation = root
    for key in path:
        annotation = inside(annotation, key)
    return annotation


def keys_of(spec: type[Spec]) -> list[str]:
    """Return the keys of a class as they are written."""
    return [field.alias or name for name, field in spec.model_fields.items()]


def field_of(spec: type[Spec], key: str) -> Any:
    """Return the pydantic field that is written under a key; None if there is none."""
    found = (f for name, f in spec.model_fields.items() if key in (name, f.alias))
    return next(found, None)


def short_for(spec: type[Spec] | None) -> str | None:
    """Return the key that is meant where a class is written as a bare value."""
    return next((key for cls, key in SHORT_FOR.items() if spec and issubclass(spec, cls)), None)


def is_one_key(annotation: Any) -> bool:
    """Return whether exactly one key is written there."""
    spec = spec_of(annotation)
    return spec is not None and issubclass(spec, ONE_KEY)


def is_counted(annotation: Any) -> bool:
    """Return whether a bare value there is a count."""
    return spec_of(annotation) in COUNTED


def holds_things(annotation: Any) -> bool:
    """Return whether it is a mapping whose keys name things (hospitals, beds), not numbers or conditions."""
    values = [get_args(option)[1] for option in _options(annotation) if get_origin(option) is dict]
    return any(spec_of(value) is not None for value in values)


def did_you_mean(word: str, known: Any, otherwise: str = "") -> str:
    """Return `Did you mean "x"?` for the nearest known name, or what to say otherwise.

    >>> did_you_mean("wrad", ["ward", "icu"])
    'Did you mean "ward"?'
    """
    names = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), names, n=1)
    return f'Did you mean "{names[near[0]]}"?' if near else otherwise


def listing(names: Any, most: int = 12) -> str:
    """Return names for a remedy, cut when there are many.

    >>> listing(["a", "b"])
    'a, b'
    """
    known = list(names)
    return ", ".join(known[:most]) + (", ..." if len(known) > most else "")


def _inside_spec(spec: type[Spec], key: str) -> Any:
    field = field_of(spec, key)
    if field is not None:
        return field.annotation
    short = short_for(spec)
    return inside(spec.model_fields[short].annotation, key) if short else None


def _options(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _options(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [option for part in get_args(annotation) for option in _options(part)]
    return [] if annotation in (None, NoneType) else [annotation]
