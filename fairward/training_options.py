"""Options of the commands that train: every setting can be given, and none in two ways."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Optional, get_args, get_origin, get_type_hints

import typer

from policies.parameters import suggestion
from scenarios.errors import UsageError

if TYPE_CHECKING:
    from policies.learning.settings import TrainSettings

Settings = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it at run time
    typer.Option(
        "--setting",
        help="Any other setting of training: lr=0.003, hidden=64,64. May be repeated; docs/learning.md.",
    ),
]

OPTIONS = {"lam": "--lambda", "cost_by_group": "--cost"}
"""Options that are not called like their setting."""


def settings_of(
    written: Sequence[str], own: Mapping[str, Any], elsewhere: Collection[str] = ()
) -> TrainSettings:
    """Return settings from `own`, what other options of the command say, and from `written`, NAME=VALUE each.

    `elsewhere`: settings for which the command has options that say several values. Raises `UsageError` with all that
    is wrong.
    """
    from policies.learning.settings import TrainSettings

    kinds = get_type_hints(TrainSettings)
    taken = {*own, *elsewhere}
    found: dict[str, Any] = {}
    problems = []
    for text in written:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            problems.append(f"expected NAME=VALUE, got {text!r}.")
        elif name not in kinds:
            free = [known for known in kinds if known not in taken]
            problems.append(f"{name} is not a setting. {suggestion(name, free)}")
        elif name in taken:
            problems.append(f"{name} has an option of its own: {_option(name)}.")
        elif name in found:
            problems.append(f"{name} is given twice.")
        else:
            try:
                found[name] = _read(value, kinds[name])
            except ValueError:
                problems.append(f"{name}: expected {_expected(kinds[name])}, got {value!r}.")
    if problems:
        raise UsageError("\n".join(f"--setting: {problem}" for problem in problems))
    return TrainSettings(**own, **found)


def _option(name: str) -> str:
    return OPTIONS.get(name, f"--{name.replace('_', '-')}")


def _read(text: str, kind: Any) -> Any:
    """Return a value of a type that `TrainSettings` has; raises `ValueError`."""
    kinds = get_args(kind)
    if type(None) in kinds:
        return None if text == "none" else _read(text, kinds[0])
    words = [word.strip() for word in text.split(",") if word.strip()]
    if get_origin(kind) is tuple:
        return tuple(kinds[0](word) for word in words)
    if get_origin(kind) is Mapping:
        pairs = (word.rpartition("=") for word in words)
        return {name: float(value) for name, _, value in pairs}
    return kind(text)


def _expected(kind: Any) -> str:
    """Return what is expected, in words."""
    kinds = get_args(kind)
    if type(None) in kinds:
        return f"{_expected(kinds[0])} or none"
    if get_origin(kind) is tuple:
        return "whole numbers by commas" if kinds[0] is int else "numbers by commas"
    if get_origin(kind) is Mapping:
        return "GROUP=NUMBER by commas"
    return {int: "a whole number", float: "a number"}[kind]
