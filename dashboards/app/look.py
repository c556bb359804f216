"""How everything looks: one theme, one style sheet, cards that carry the key of the result they show."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
from jinja2 import Environment, PackageLoader

from dashboards.report.exhibit import Exhibit, Table, row
from policies.told import Block

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
LIGHT = {
    "primary": {"main": "#00598c", "contrastText": "#ffffff"},
    "secondary": {"main": "#a34700"},
    "background": {"default": "#f6f5f1", "paper": "#ffffff"},
    "text": {"primary": "#17191c", "secondary": "#565b62"},
    "divider": "#dcdad3",
}
DARK = {
    "primary": {"main": "#7cc4ee", "contrastText": "#101215"},
    "secondary": {"main": "#f0935a"},
    "background": {"default": "#101215", "paper": "#181b1f"},
    "text": {"primary": "#ecebe7", "secondary": "#b3b8bf"},
    "divider": "#363b42",
}
BAR = {
    "light": {"backgroundColor": "#00598c", "color": "#ffffff", "boxShadow": "none"},
    "dark": {"backgroundColor": "#181b1f", "color": "#ecebe7", "boxShadow": "none"},
}
THEME = {
    scheme: {
        "palette": palette,
        "typography": {
            "fontFamily": FONT,
            "fontSize": 14,
            "button": {"textTransform": "none", "fontWeight": 600},
        },
        "shape": {"borderRadius": 6},
        "components": {"MuiAppBar": {"styleOverrides": {"root": BAR[scheme]}}},
    }
    for scheme, palette in (("light", LIGHT), ("dark", DARK))
}
STYLE = (Path(__file__).parent / "cards.css").read_text(encoding="utf-8").replace("FONT", FONT)
TABS = {
    "& .MuiTabs-scroller": {"overflowX": "auto !important"},
    "& .MuiTab-root": {"minWidth": 0, "fontSize": "0.95rem"},
}
STILL = """
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { transition: none !important; animation: none !important; }
}
"""
"""For the page, and for the shadow tree of every component: styles of the page do not reach into those."""
NO_BUSY_BAR = {"& .MuiAppBar-root > .MuiLinearProgress-root": {"display": "none"}}
"""Of the page: it has no name for screen readers, and says less than the bars that stand where one waits."""
NUMBER = {"& .MuiInputAdornment-root": {"display": "none"}, "& .MuiInputBase-input": {"paddingLeft": "14px"}}
"""Of number fields, without plus and minus: these have no name for screen readers, and the arrow keys do the same."""

_templates = Environment(
    loader=PackageLoader("dashboards.report", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def html(text: str = "", **options: Any) -> pn.pane.HTML:
    """Return a pane of our own, already escaped, HTML."""
    return pn.pane.HTML(
        text, stylesheets=[STYLE], sizing_mode="stretch_width", margin=options.pop("margin", 0), **options
    )


def grid(table: Table) -> str:
    """Return a table as the report writes it."""
    return str(_templates.get_template("exhibits.html.jinja").module.grid(table))  # type: ignore[attr-defined]


def folded(table: Table, opened: bool = False) -> str:
    """Return a table behind a line that opens it."""
    return (
        f"<details{' open' if opened else ''}><summary>The same as a table</summary>{grid(table)}</details>"
    )


def sentences(text: str) -> str:
    """Return the lines of a sentence as paragraphs."""
    return "".join(f"<p class='sentence'>{escape(line)}</p>" for line in text.splitlines())


def heading(title: str, method: str, key: str = "") -> str:
    """Return the head of a card: a question, how it was answered, and of which result."""
    mark = f" data-result='{escape(key)}'" if key else ""
    return f"<h2{mark}>{escape(title)}</h2><p class='method'>{escape(method)}</p>"


def reading(exhibit: Exhibit) -> str:
    """Return what stands under a chart: its sentence, its table, its notes."""
    drawn = exhibit.svg or exhibit.panels or exhibit.rows
    table = folded(exhibit.table, opened=not drawn) if exhibit.table else ""
    notes = "".join(f"<p class='note'>{escape(note)}</p>" for note in exhibit.notes)
    return f"{sentences(exhibit.sentence)}{table}{notes}"


def block(told: Block) -> str:
    """Return a block of a study: what it says, as a table."""
    table = Table(told.title, told.columns, tuple(row(*cells) for cells in told.rows), numeric=False)
    notes = "".join(f"<p class='note'>{escape(note)}</p>" for note in told.notes)
    return f"<h3>{escape(told.title)}</h3>{sentences(told.sentence)}{grid(table)}{notes}"


def as_written(text: str) -> str:
    """Return text as Markdown that shows it as it is: names come from files that people upload."""
    safe = {"<": "&lt;", "&": "&amp;", **{c: f"\\{c}" for c in "\\`*_{}[]()#+-.!|~>"}}
    return "".join(safe.get(c, c) for c in text).replace("\n", "  \n")


def field(kind: Any, parameter: Any, **options: Any) -> Any:
    """Return a field for a parameter, its help under it: a sign that shows help to a mouse only leaves others out."""
    if kind is not pmui.MultiChoice:  # its size is a number of rows
        options["size"] = "small"
    options.setdefault("sizing_mode", "stretch_width")
    return kind.from_param(parameter, description="", helper_text=parameter.doc or "", **options)


def progress(name: str, running: Any, percent: Any = None) -> pn.pane.HTML:
    """Return a bar with a name, seen while the parameter `running` is; without `percent` its end is not known."""

    def drawn(going: bool, done: int | None = None) -> str:
        # Empty, not invisible: Panel fails in the browser where `visible` changes before a pane is drawn.
        if not going:
            return ""
        value, said = ("", "") if done is None else (f" value='{done}'", f" {done} %")
        return (
            f"<label class='working'>{escape(name)} …{said}"
            f"<progress aria-label='{escape(name)}' max='100'{value}></progress></label>"
        )

    asked = (running,) if percent is None else (running, percent)
    return html(pn.bind(drawn, *asked), margin=(2, 14))


def figures(exhibit: Exhibit) -> str:
    """Return the charts of an exhibit as the report draws them; they carry their own text for screen readers."""
    one = f"<figure>{exhibit.svg}</figure>" if exhibit.svg else ""
    several = [f"<figure><figcaption>{escape(p.title)}</figcaption>{p.svg}</figure>" for p in exhibit.panels]
    return one + (f"<div class='panels'>{''.join(several)}</div>" if several else "")


def card(*contents: Any, **options: Any) -> pmui.Paper:
    """Return a framed box."""
    return pmui.Paper(
        *contents, elevation=0, sizing_mode="stretch_width", margin=options.pop("margin", 0),
        sx={"border": "1px solid", "borderColor": "divider", "padding": "14px 16px 12px"}, **options,
    )  # fmt: skip


def filled(*contents: Any, **options: Any) -> pn.Column:
    """Return a column whose contents may change at any time, also while the browser is drawing it.

    Panel's own, and not that of the theme: a React column of Panel 1.9 keeps what it was drawn with where its contents
    change between its drawing and its first effect, as they do where an answer comes from the cache.
    """
    return pn.Column(*contents, sizing_mode="stretch_width", margin=options.pop("margin", 0), **options)


def columns(*boxes: tuple[Any, dict[str, int]]) -> pmui.Grid:
    """Return boxes beside one another on wide screens: (box, {"xs": 12, "lg": 6})."""
    return pmui.Grid(
        *(pmui.Grid(box, size=size, sizing_mode="stretch_width") for box, size in boxes),
        container=True, spacing=1.5, sizing_mode="stretch_width", margin=0,
    )  # fmt: skip


WHOLE: dict[str, int] = {"xs": 12}
HALF: dict[str, int] = {"xs": 12, "lg": 6}


def on_a_phone() -> bool:
    """Whether the browser says so; there the sidebar lies over the page and opens on demand."""
    return "Mobi" in pn.state.headers.get("User-Agent", "")
