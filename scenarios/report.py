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

    def add(
        self,
        path: Path,
        expected: str,
        got: str,
        remedy: str = "",
        *,
        names: Iterable[str] = (),
        within: Iterable[Path] = (),
    ) -> None:
        """Report a problem, unless one of `names` or a part of `path` or of `within` was left out."""
        node, _ = nearest(self._root, path)
        if self._is_doubtful(node.path, names, within):
            return
        self.problems.append(Problem(*node.place, path_text(node.path), expected, got, remedy))

    def unknown(self, path: Path, name: str, what: str, known: Iterable[str], otherwise: str = "") -> None:
        """Report a name that is not among the known ones; `what` ends `"x" is not ...`."""
        names = list(known)
        remedy = did_you_mean(name, names, otherwise or (f"There are: {listing(names)}." if names else ""))
        self.add(path, "", f'"{name}" is not {what}', remedy, names=(name,))

    def _is_doubtful(self, path: Path, names: Iterable[str], within: Iterable[Path]) -> bool:
        if not self._gone:
            return False
        regions = (path, *within)
        return any(name in self._lost_names for name in names) or any(
            part[: len(region)] == region for part in self._gone for region in regions
        )


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
