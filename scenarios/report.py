"""The list in which the checks of a scenario write what they find."""

from collections.abc import Iterable

from scenarios.complaints import nearest
from scenarios.errors import Problem
from scenarios.shape import did_you_mean, listing
from scenarios.tree import Node, Path, path_text


class Report:
    """Problems found so far, each with its place.

    When parts of the file could not be read, checks run on what is left. `gone` are the parts that
    were left out: a complaint that may be only their consequence is not made.
    """

    def __init__(self, root: Node, gone: Iterable[Node] = ()) -> None:
        self.problems: list[Problem] = []
        self._root = root
        parts = tuple(gone)
        self._gone = tuple(part.path for part in parts)
        self._lost_names = {name for part in parts for name in _names(part)}

    @property
    def root(self) -> Node:
        """What is written."""
        return self._root

    @property
    def sound(self) -> bool:
        """Whether nothing was left out and nothing is wrong so far."""
        return not (self.problems or self._gone)

    def add(
        self,
        path: Path,
        expected: str,
        got: str,
        remedy: str = "",
        *,
        names: Iterable[str] = (),
        within: Iterable[Path] = (),
        defined_at: Iterable[Path] = (),
    ) -> None:
        """Report a problem, unless it may only follow from what was left out.

        It may if one of `names` was left out, if anything at `path` or `within` these places was, or if
        all that stands at one of the places of `defined_at` was.
        """
        node, _ = nearest(self._root, path)
        regions = (node.path, *within)
        doubtful = (
            any(name in self._lost_names for name in names)
            or any(part[: len(region)] == region for part in self._gone for region in regions)
            or any(place[: len(part)] == part for part in self._gone for place in (*within, *defined_at))
        )
        if not doubtful:
            self.problems.append(Problem(*node.place, path_text(node.path), expected, got, remedy))

    def unknown(
        self,
        path: Path,
        name: str,
        what: str,
        known: Iterable[str],
        *,
        within: Iterable[Path] = (),
        defined_at: Iterable[Path] = (),
    ) -> None:
        """Report a name that is not among the known ones; `what` ends `"x" is not ...`."""
        names = list(known)
        remedy = did_you_mean(name, names, f"There are: {listing(names)}." if names else "There are none.")
        message = f'"{name}" is not {what}'
        self.add(path, "", message, remedy, names=(name,), within=within, defined_at=defined_at)


def _names(node: Node) -> Iterable[str]:
    if node.path:
        yield str(node.path[-1])
    match node.value:
        case dict() as entries:
            yield from entries
            for child in entries.values():
                yield from _names(child)
        case list() as items:
            for item in items:
                yield from _names(item)
        case str() as text:
            yield text
