"""Plain data that remembers where each part was written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The way from the root to a part: keys of mappings and indices of lists."""


class Place(NamedTuple):
    """Where something was written."""

    file: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, mapping or list, and the place of its key or list item."""

    value: "str | int | float | bool | dict[str, Node] | list[Node] | None"
    place: Place
    path: Path = ()
    """Where it stands in the whole scenario; set by `stamped`."""

    def child(self, key: str | int) -> "Node | None":
        """Return the part under a key or index; None if there is none."""
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None


def plain(node: Node) -> Any:
    """Return the data without the places."""
    match node.value:
        case dict() as entries:
            return {key: plain(child) for key, child in entries.items()}
        case list() as items:
            return [plain(item) for item in items]
        case scalar:
            return scalar


def from_plain(data: Any, place: Place) -> Node:
    """Return the data as a tree that was written all at one place."""
    match data:
        case dict():
            return Node({str(key): from_plain(value, place) for key, value in data.items()}, place)
        case list() | tuple():
            return Node([from_plain(item, place) for item in data], place)
        case _:
            return Node(data, place)


def stamped(node: Node, path: Path = ()) -> Node:
    """Return a tree in which each part knows its path."""
    match node.value:
        case dict() as entries:
            return Node({k: stamped(child, (*path, k)) for k, child in entries.items()}, node.place, path)
        case list() as items:
            return Node([stamped(item, (*path, i)) for i, item in enumerate(items)], node.place, path)
        case scalar:
            return Node(scalar, node.place, path)


def path_text(path: Iterable[str | int]) -> str:
    """Return a path as people write it.

    >>> path_text(("hospitals", "north", "beds", 2, "count"))
    'hospitals.north.beds[2].count'
    """
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = f'"{key}"' if not key or any(c in key for c in ".[]=\"'") else key
            text += f".{name}" if text else name
    return text


def value_text(value: Any) -> str:
    """Return a value for the words "got ..." of a problem.

    >>> value_text(True), value_text("1:4"), value_text(None), value_text({})
    ('true', '"1:4"', 'nothing', 'a mapping')
    """
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value[:57]}..."' if len(value) > 60 else f'"{value}"'
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return str(value)
