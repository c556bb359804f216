"""A study as a Markdown page with its charts beside it, for documentation that is read where the source is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dashboards.report.exhibit import Exhibit
from dashboards.report.figures import FOLDER, write_figures
from dashboards.report.ink import Drawing
from dashboards.report.leaflet import exhibits
from dashboards.report.wording import sentence_case
from policies.told import Told


def write_markdown(
    told: Told, folder: Path, drawings: Mapping[str, Drawing], foot: Sequence[str] = ()
) -> Path:
    """Write `index.md` and `figures/*.svg` into a folder and return the page; the same study gives the same bytes."""
    shown = exhibits(told, drawings)
    folder.mkdir(parents=True, exist_ok=True)
    write_figures(shown, folder)
    page = folder / "index.md"
    page.write_text(_page(told, shown, foot), encoding="utf-8", newline="\n")
    return page


def _page(told: Told, shown: Sequence[Exhibit], foot: Sequence[str]) -> str:
    parts = [
        f"# {_plain(told.title)}",
        _plain(sentence_case(told.question)),
        "\n".join(f"> {line}" for line in _plain(told.sentence).splitlines()),
        "; ".join(f"{name}: {_plain(value)}" for name, value in told.facts) + ".",
    ]
    for exhibit in shown:
        parts += [f"## {_plain(exhibit.title)}", _plain(exhibit.subtitle)]
        if exhibit.svg:
            parts.append(f"![{_plain(exhibit.title)}]({FOLDER}/{exhibit.name}.svg)")
        if exhibit.sentence:
            parts.append(_plain(exhibit.sentence))
        parts += [_table(exhibit), *(_plain(note) for note in exhibit.notes)]
    parts += ["## Limits", "\n".join(f"- {_plain(note)}" for note in told.notes), *foot]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(exhibit: Exhibit) -> str:
    if exhibit.table is None:
        return ""
    lines = [exhibit.table.columns, tuple("---" for _ in exhibit.table.columns)]
    lines += [tuple(cell.text for cell in row) for row in exhibit.table.rows]
    return "\n".join("| " + " | ".join(_plain(cell) for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text as it is: nothing in it is markup."""
    return re.sub(r"([*_`<|\[\]])", r"\\\1", text)
