"""`extends`: a scenario that says only what is different from another."""

from pathlib import Path as FilePath
from typing import Any

from scenarios.errors import Problem, ScenarioError
from scenarios.library_index import locate
from scenarios.reading import read_file
from scenarios.scenario import Scenario
from scenarios.shape import inside, is_counted, is_one_key
from scenarios.tree import Node, value_text

MAX_CHAIN = 10


def read_chain(path: FilePath, shown_as: str) -> tuple[Node, tuple[FilePath, ...]]:
    """Read a scenario file and what it extends, merged; return the files too, the given one first."""
    return extended(read_file(path, shown_as), path, ((path.resolve(), shown_as),))


def extended(
    node: Node, path: FilePath | None, chain: tuple[tuple[FilePath, str], ...]
) -> tuple[Node, tuple[FilePath, ...]]:
    """Merge what a mapping `extends` below it; `path` is its own file, None for a text."""
    files = tuple(file for file, _ in chain)
    reference = node.child("extends")
    if reference is None or not isinstance(node.value, dict):
        return node, files
    own = Node({key: child for key, child in node.value.items() if key != "extends"}, node.place)
    if not isinstance(reference.value, str):
        got = value_text(reference.value)
        raise _refusal(reference, 'a name or a file such as "surge" or "./base.yaml"', got)
    base_path, base_shown = locate(reference.value, path, reference.place)
    if base_path.resolve() in files:
        names = " -> ".join([*(shown for _, shown in chain), base_shown])
        raise _refusal(
            reference, "", f"these files extend each other in a circle: {names}", "Break the circle."
        )
    if len(chain) >= MAX_CHAIN:
        raise _refusal(reference, f"at most {MAX_CHAIN} files that extend each other", "more")
    base, all_files = extended(
        read_file(base_path, base_shown), base_path, (*chain, (base_path.resolve(), base_shown))
    )
    return merged(base, own, Scenario), all_files


def merged(base: Node, own: Node, annotation: Any) -> Node:
    """Return `base` with what `own` says differently: mappings merge, `null` deletes, all else replaces."""
    if is_counted(annotation):
        base, own = _with_count(base, own), _with_count(own, base)
    if not isinstance(base.value, dict) or not isinstance(own.value, dict):
        return own
    entries = dict(base.value)
    if is_one_key(annotation) and (set(own.value) - {"when"}) - set(entries):
        entries = {key: child for key, child in entries.items() if key == "when"}
    for key, child in own.value.items():
        if key not in entries:
            entries[key] = child
        elif child.value is None:
            del entries[key]
        else:
            entries[key] = merged(entries[key], child, inside(annotation, key))
    return Node(entries, own.place)


def _with_count(node: Node, beside: Node) -> Node:
    """Write a bare count out as a mapping where it meets one."""
    if isinstance(beside.value, dict) and isinstance(node.value, int | str):
        return Node({"count": node}, node.place)
    return node


def _refusal(node: Node, expected: str, got: str, remedy: str = "") -> ScenarioError:
    return ScenarioError([Problem(*node.place, "extends", expected, got, remedy)])
