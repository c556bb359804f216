"""A scenario by name or file: read, extended, changed, validated, checked; and written again."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic import ValidationError

from scenarios.checks import check
from scenarios.complaints import complaints
from scenarios.errors import Problem, ScenarioError
from scenarios.library_index import SUFFIXES, library_names, locate
from scenarios.merging import extended, read_chain
from scenarios.overrides import overridden
from scenarios.reading import FLOAT, INTEGER, NOT_FINITE, read_text
from scenarios.report import Report
from scenarios.scenario import Scenario
from scenarios.tree import Node, Path, Place, from_plain, plain, stamped

__all__ = [
    "Resolved",
    "dump_yaml",
    "library_names",
    "load",
    "load_text",
    "resolve",
    "resolve_text",
    "scenario_hash",
    "varied",
]

STAND_INS = {"fairward": 1, "name": "unnamed", "horizon": "36500 days"}
"""For required values at the top that cannot be read, so that the rest can be checked."""

MAX_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Resolved:
    """A scenario, and what was written to get it."""

    scenario: Scenario
    raw: dict[str, Any]
    """The mapping as written, after `extends` and overrides, before defaults."""
    files: tuple[FilePath, ...]
    """The file and those that it extends; none for a text."""


def load(name_or_path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Scenario:
    """Return a scenario of the library or of a file.

    `overrides` are changes such as `hospitals.north.beds.icu.count=12`. Raises
    `ScenarioError` with all problems.
    """
    return resolve(name_or_path, overrides).scenario


def resolve(name_or_path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Resolved:
    """Return a scenario together with the mapping and the files that it was made of."""
    path, shown_as = locate(name_or_path, None, Place("scenario"))
    root, files = read_chain(path, shown_as)
    return _resolved(root, files, overrides)


def load_text(text: str, overrides: Sequence[str] = (), file: str = "scenario.yaml") -> Scenario:
    """Return the scenario that a YAML text describes; `file` names it in problems."""
    return resolve_text(text, overrides, file).scenario


def resolve_text(text: str, overrides: Sequence[str] = (), file: str = "scenario.yaml") -> Resolved:
    """Return the scenario that a YAML text describes, with the mapping that it was made of."""
    root, files = extended(read_text(text, file), None, ())
    return _resolved(root, files, overrides)


def varied(base: Scenario | Mapping[str, Any], overrides: Sequence[str]) -> Scenario:
    """Return a scenario, or what is written of one (`Resolved.raw`), with changes as after `--set`.

    Raises `ScenarioError` with all problems.
    """
    data = (
        base.model_dump(mode="json", by_alias=True, exclude_none=True) if isinstance(base, Scenario) else base
    )
    return _resolved(from_plain(data, Place("scenario")), (), overrides).scenario


def dump_yaml(scenario: Scenario) -> str:
    """Return a scenario as YAML with all defaults written out; loading it gives an equal scenario."""
    data = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def scenario_hash(scenario: Scenario) -> str:
    """Return the SHA-256 of the scenario's canonical JSON.

    The order of keys counts, because the order of steps and attributes does. Of a file of profiles the content
    counts, not where it lies.
    """
    data = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    if scenario.profiles is not None and scenario.profiles.file is not None:
        path = FilePath(scenario.profiles.file)
        if path.is_file():  # else the run will say that it is missing
            data["profiles"]["file"] = hashlib.sha256(path.read_bytes()).hexdigest()
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _resolved(root: Node, files: tuple[FilePath, ...], overrides: Sequence[str]) -> Resolved:
    tree = stamped(_with_whole_paths(overridden(root, overrides)))
    return Resolved(_validated(tree), plain(tree), files)


def _validated(root: Node) -> Scenario:
    """Return the scenario, or raise with the schema's and the checks' problems together."""
    problems: list[Problem] = []
    gone: list[Node] = []
    tree = root
    for n_rounds in range(MAX_ROUNDS):
        try:
            scenario = Scenario.model_validate(plain(tree))
        except ValidationError as error:
            found = complaints(error, tree)
            if n_rounds == 0:  # Later rounds complain only of what was left out.
                problems = [complaint.problem for complaint in found]
            parts = [complaint.part for complaint in found if complaint.stand_in is None]
            added = {c.part.path: dict([c.stand_in]) for c in found if c.stand_in is not None}
            gone += parts
            tree = _with_stand_ins(_without(_with(tree, added), {part.path for part in parts}))
        else:
            report = Report(tree, gone)
            check(scenario, report)
            problems += report.problems
            break
    if problems:
        raise ScenarioError(problems)
    return scenario


def _with_whole_paths(root: Node) -> Node:
    """Return the tree with the file of the profiles as a whole path, from the file in which it is written."""
    profiles = root.child("profiles")
    file = profiles.child("file") if profiles else None
    if profiles is None or file is None or not isinstance(file.value, str):
        return root
    beside = FilePath(file.place.file).parent if file.place.file.endswith(SUFFIXES) else FilePath()
    found = Node(str((beside / file.value).resolve()), file.place)
    assert isinstance(profiles.value, dict)
    assert isinstance(root.value, dict)
    whole = Node({**profiles.value, "file": found}, profiles.place)
    return Node({**root.value, "profiles": whole}, root.place)


def _without(node: Node, paths: set[Path]) -> Node:
    match node.value:
        case dict() as entries:
            kept = {key: _without(child, paths) for key, child in entries.items() if child.path not in paths}
            return Node(kept, node.place, node.path)
        case list() as items:
            left = [_without(item, paths) for item in items if item.path not in paths]
            return Node(left, node.place, node.path)
    return node


def _with(node: Node, added: Mapping[Path, Mapping[str, Any]]) -> Node:
    """Return the tree with keys added to mappings, so that what else stands there can be checked."""
    match node.value:
        case dict() as entries:
            kept = {key: _with(child, added) for key, child in entries.items()}
            new = {
                key: stamped(from_plain(value, node.place), (*node.path, key))
                for key, value in added.get(node.path, {}).items()
            }
            return Node({**kept, **new}, node.place, node.path)
        case list() as items:
            return Node([_with(item, added) for item in items], node.place, node.path)
    return node


def _with_stand_ins(root: Node) -> Node:
    if not isinstance(root.value, dict):
        return root
    missing = {key: value for key, value in STAND_INS.items() if key not in root.value}
    stand_ins = {key: stamped(from_plain(value, root.place), (key,)) for key, value in missing.items()}
    return Node({**root.value, **stand_ins}, root.place, root.path)


class _Dumper(yaml.SafeDumper):
    """Quotes exactly the texts that our reader would not take for text."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _exactly(pattern: str) -> "re.Pattern[str]":
    return re.compile(f"(?:{pattern})$")


_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", _exactly(INTEGER.pattern), None)
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", _exactly(f"{FLOAT.pattern}|{NOT_FINITE.pattern}"), None
)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:null", _exactly("|~|null|Null|NULL"), None)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", _exactly("true|True|TRUE|false|False|FALSE"), None)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:merge", _exactly("<<"), None)
