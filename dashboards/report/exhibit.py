"""One exhibit: a question, how it was answered, a chart, a sentence and a table that say the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboards.report.dot_rows import DotRow


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    below: str = ""
    """A second, quieter line, for example the interval."""
    tag: str = ""
    """A word that marks the cell, for example `worst off`; shown with a shape."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column heads its rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: bool = True
    """Whether the columns after the first are set flush right."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several small charts."""

    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What one chart asks and answers."""

    name: str
    """Its anchor in the page."""
    title: str
    """A question."""
    subtitle: str
    """The method."""
    sentence: str
    """What the chart says; each line becomes a paragraph."""
    svg: str = ""
    panels: tuple[Panel, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = field(default=())
    rows: tuple[DotRow, ...] = ()
    """What the chart draws, for a page that draws it otherwise."""
    axis: str = ""
    """Under the axis of these rows."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the page with its exhibits."""

    name: str
    title: str
    exhibits: tuple[Exhibit, ...]
    lead: str = ""


def row(*cells: str | Cell) -> tuple[Cell, ...]:
    """Return a row of a table from texts and cells."""
    return tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in cells)


def words(caption: str, columns: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> Table:
    """Return a table of words, without the columns that are empty in every row."""
    kept = [k for k in range(len(columns)) if k == 0 or any(r[k].text for r in rows)]
    return Table(
        caption,
        tuple(columns[k] for k in kept),
        tuple(tuple(r[k] for k in kept) for r in rows),
        numeric=False,
    )
