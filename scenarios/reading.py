"""YAML text -> plain data with the place of every part.

The YAML 1.2 core schema and no more: `1:4`, `yes` and `2025-01-06` are text, and keys are always text.
Refused, each with its place: duplicate keys, tags, infinite and not-a-number values, aliases that
expand to more than `MAX_NODES` parts, nesting deeper than `MAX_DEPTH`. Merge keys (`<<`) are understood.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any, NoReturn

import yaml

from scenarios.errors import Problem, ScenarioError
from scenarios.tree import Node, Path, Place, path_text, value_text

MAX_BYTES = 2_000_000
MAX_NODES = 200_000
MAX_DEPTH = 40
MAX_DIGITS = 18

INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
SURROGATE = re.compile(r"[\ud800-\udfff]")
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def read_file(path: FilePath, shown_as: str, holds: str = "a scenario") -> Node:
    """Read a file that is a mapping; `shown_as` names it in problems, `holds` says what it should be."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ScenarioError([_file_problem(shown_as, f"cannot read this file: {reason}")]) from None
    if len(data) > MAX_BYTES:
        limit = f"a file of at most {MAX_BYTES // 1_000_000} MB"
        raise ScenarioError([Problem(shown_as, None, None, "", limit, "a larger one")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise ScenarioError(
            [Problem(shown_as, line, column, "", "", "this is not UTF-8 text", "Save the file as UTF-8.")]
        ) from None
    return read_text(text, shown_as, holds)


def read_text(text: str, shown_as: str, holds: str = "a scenario") -> Node:
    """Read the text of a whole file, which is a mapping."""
    node = _Reader(text, shown_as).document()
    if not isinstance(node.value, dict):
        problem = Problem(shown_as, 1, 1, "", f"{holds} (a mapping)", value_text(node.value))
        raise ScenarioError([problem])
    return node


def read_value(text: str, shown_as: str) -> Node:
    """Read one YAML value, for example `12`, `90 min` or `{count: 4}`, without lines and columns."""
    return _Reader(text, shown_as, whole_file=False).document()


def scalar(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar means under the YAML 1.2 core schema.

    Raises `ValueError` if it is a number that is not finite or too large.

    >>> [scalar(text) for text in ("12", "1:4", "yes", "true", "1e3", "0o17", "~")]
    [12, '1:4', 'yes', True, 1000.0, 15, None]
    """
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a whole number of at most {MAX_DIGITS} digits")
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if NOT_FINITE.fullmatch(text) or (FLOAT.fullmatch(text) and not math.isfinite(float(text))):
        raise ValueError("a finite number")
    return float(text) if FLOAT.fullmatch(text) else text


class _Reader:
    """Builds nodes from the parser's events, so that no depth of nesting can exhaust the stack."""

    def __init__(self, text: str, shown_as: str, whole_file: bool = True) -> None:
        self.text = text
        self.file = shown_as
        self.whole_file = whole_file
        self.problems: list[Problem] = []
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}
        self.n_nodes = 0
        self.events: Iterator[Any] = iter(())

    def document(self) -> Node:
        try:
            node = self._document()
        except yaml.MarkedYAMLError as error:
            self.problems.append(self._syntax(error))
        except yaml.reader.ReaderError as error:
            self._note(self._at_index(error.position), (), "", "this character is not allowed", "Remove it.")
        except (ValueError, OverflowError) as error:
            self.problems.append(_file_problem(self.file, f"this is not YAML: {error}"))
        except _GiveUp:
            pass
        if self.problems:
            raise ScenarioError(self.problems)
        return node

    def _document(self) -> Node:
        self.events = yaml.parse(self.text, Loader=yaml.SafeLoader)
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(None, self._place(event))
        event = next(self.events)
        node, _ = self._node(event, self._place(event), (), 1)
        next(self.events)
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._give_up(event, (), "one document", "a second one", 'Remove the line "---".')
        return node

    def _node(self, event: Any, place: Place, path: Path, depth: int) -> tuple[Node, int]:
        """Build the part that begins with `event`; return it and the depth of the parts below it."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place, path, depth)
        self._count(event, path, 1)
        if depth > MAX_DEPTH:
            self._give_up(event, path, f"at most {MAX_DEPTH} levels of nesting", "more")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._note(self._place(event), path, "", f"the tag {tag} is not understood", "Remove it.")
        n_before = self.n_nodes
        if event.anchor:
            self.anchors[event.anchor] = None
        height = 0
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event, place, path), place)
        elif isinstance(event, yaml.SequenceStartEvent):
            items, height = self._items(path, depth)
            node = Node(items, place)
        else:
            entries, height = self._entries(path, depth)
            node = Node(entries, place)
        if event.anchor:
            self.anchors[event.anchor] = (node, self.n_nodes - n_before + 1, height)
        return node, height

    def _items(self, path: Path, depth: int) -> tuple[list[Node], int]:
        items: list[Node] = []
        height = 0
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            node, below = self._node(event, self._place(event), (*path, len(items)), depth + 1)
            items.append(node)
            height = max(height, below + 1)
        return items, height

    def _entries(self, path: Path, depth: int) -> tuple[dict[str, Node], int]:
        written: dict[str, Node] = {}
        merged: list[Node] = []
        height = 0
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                self._give_up(event, path, "a name before the colon", "something else")
            key, place = event.value, self._place(event)
            self._check_characters(key, place, path)
            node, below = self._node(next(self.events), place, (*path, key), depth + 1)
            height = max(height, below + 1)
            if key == "<<" and event.style is None:
                merged += self._merge_sources(node, path)
            elif key in written:
                first = written[key].place
                message = f'"{key}" is written twice, first at {first.line}:{first.column}'
                self._note(place, (*path, key), "", message, "Keep one of them.")
            else:
                written[key] = node
        entries: dict[str, Node] = {}
        for source in merged:
            if isinstance(source.value, dict):
                entries = {**source.value, **entries}
        return {**entries, **written}, height

    def _merge_sources(self, node: Node, path: Path) -> list[Node]:
        sources = node.value if isinstance(node.value, list) else [node]
        if not all(isinstance(source.value, dict) for source in sources):
            got = value_text(next(s.value for s in sources if not isinstance(s.value, dict)))
            self._note(node.place, (*path, "<<"), "a mapping or a list of mappings to merge", got, "")
        return sources

    def _alias(self, event: Any, place: Place, path: Path, depth: int) -> tuple[Node, int]:
        if event.anchor not in self.anchors:
            self._give_up(
                event, path, "", f"*{event.anchor} refers to nothing", f"Write &{event.anchor} before."
            )
        known = self.anchors[event.anchor]
        if known is None:
            self._give_up(event, path, "", f"*{event.anchor} contains itself", "Write the value out.")
        node, size, height = known
        self._count(event, path, size)
        if depth + height > MAX_DEPTH:
            self._give_up(event, path, f"at most {MAX_DEPTH} levels of nesting", "more")
        return Node(node.value, place), height

    def _scalar(self, event: Any, place: Place, path: Path) -> str | int | float | bool | None:
        self._check_characters(event.value, place, path)
        if event.style is not None or event.tag is not None:
            return str(event.value)
        try:
            return scalar(event.value)
        except ValueError as error:
            self._note(place, path, str(error), value_text(event.value).strip('"'), "")
            return None

    def _check_characters(self, text: str, place: Place, path: Path) -> None:
        if SURROGATE.search(text):
            self._note(place, path, "", "this text contains half a character (a surrogate)", "Remove it.")

    def _count(self, event: Any, path: Path, size: int) -> None:
        self.n_nodes += size
        if self.n_nodes > MAX_NODES:
            self._give_up(
                event, path, f"at most {MAX_NODES} values after all aliases are written out", "more"
            )

    def _give_up(self, event: Any, path: Path, expected: str, got: str, remedy: str = "") -> NoReturn:
        self._note(self._place(event), path, expected, got, remedy)
        raise _GiveUp

    def _note(self, place: Place, path: Path, expected: str, got: str, remedy: str) -> None:
        self.problems.append(Problem(*place, path_text(path), expected, got, remedy))

    def _place(self, event: Any) -> Place:
        return self._at(event.start_mark.line, event.start_mark.column)

    def _at(self, line: int, column: int) -> Place:
        return Place(self.file, line + 1, column + 1) if self.whole_file else Place(self.file)

    def _at_index(self, index: int) -> Place:
        before = self.text[:index]
        return self._at(before.count("\n"), index - (before.rfind("\n") + 1))

    def _syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark
        if (friendly := self._known_slip(error, error.problem or "")) is not None:
            return friendly
        place = self._at(mark.line, mark.column) if mark else Place(self.file)
        what = error.problem or "it ends too early"
        remedy = "Indent with spaces." if "\\t" in what else ""
        return Problem(*place, "", "", f"this is not YAML: {what}", remedy)

    def _known_slip(self, error: yaml.MarkedYAMLError, what: str) -> Problem | None:
        """Return a problem in plain words for what people most often get wrong."""
        mark, opened = error.problem_mark, error.context_mark
        if mark is None or not self.whole_file:
            return None
        if (
            opened is not None
            and mark.line > opened.line
            and (error.context or "").startswith("while parsing a flow")
        ):
            bracket = self.text.splitlines()[opened.line][opened.column : opened.column + 1]
            place = self._at(opened.line, opened.column)
            closing = {"{": "}", "[": "]"}.get(bracket, bracket)
            got = f'the "{bracket}" that is opened here is not closed, at the latest before line {mark.line + 1}'
            return Problem(*place, "", "", got, f'Write "{closing}" where it ends.')
        if what.startswith("mapping values are not allowed"):
            return self._stray_colon(mark.line, mark.column)
        if what.startswith("expected <block end>"):
            got = "this line does not go on where those above it left off"
            remedy = "Indent all keys of one mapping alike, and write all of them with `- ` in front or none."
            return Problem(*self._at(mark.line, mark.column), "", "", got, remedy)
        return None

    def _stray_colon(self, line: int, column: int) -> Problem | None:
        lines = self.text.splitlines()
        above = next((n for n in range(line - 1, -1, -1) if lines[n].strip()), None)
        if lines[line][:column].count(": ") > 0:
            remedy = (
                "Put what belongs together between braces, such as needs: {doctor: 1}, or text in quotes."
            )
            return Problem(*self._at(line, column), "", "", 'there is a second ":" in this line', remedy)
        if above is not None and (found := re.match(r"\s*(?:- )?([\w-]+):\S", lines[above])):
            got = f'a space is missing after "{found[1]}:"'
            return Problem(*self._at(above, found.end() - 1), "", "", got, "Write one.")
        return None


class _GiveUp(Exception):
    """The rest of the text cannot be read."""


def _file_problem(file: str, message: str) -> Problem:
    return Problem(file, None, None, "", "", message)
