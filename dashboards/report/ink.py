"""How charts are drawn and put into the page: fixed size, fixed bytes, colours that follow the page.

A chart is drawn with stand-in colours; in the SVG each becomes a CSS variable, so that the same
drawing is right on a light screen, on a dark one and on paper. Text stays text: it can be searched,
copied and read aloud, and it takes the page's font.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from html import escape

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, SOFT, RULE, PAPER, BLUE, VERMILION = "#010203", "#010204", "#010205", "#010206", "#0072b2", "#d55e00"
"""Stand-ins for the page's colours; blue and vermilion are those of Okabe and Ito."""

VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    RULE: "var(--rule)",
    PAPER: "var(--paper)",
    BLUE: "var(--blue)",
    VERMILION: "var(--vermilion)",
}

WIDTH = 400
"""Pixels: a phone shows a chart at about its own size, so its text stays readable."""

TEXT_SIZE = 12.5

SETTINGS = {
    "svg.hashsalt": "fairward",
    "svg.fonttype": "none",
    "svg.id": None,
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.family": ["DejaVu Sans"],
    "font.size": TEXT_SIZE,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.labelsize": TEXT_SIZE,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": TEXT_SIZE,
    "ytick.labelsize": TEXT_SIZE,
    "lines.linewidth": 1.8,
    "path.simplify": True,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """How one policy looks in every chart: a colour, a shape and a dash, so never a colour alone."""

    colour: str
    shape: str
    """As Matplotlib names markers."""
    dash: str | tuple[int, tuple[float, ...]]
    words: str
    """For the alternative text: `blue circle`."""


MARKS = (
    Mark(BLUE, "o", "solid", "blue circle"),
    Mark(VERMILION, "D", (0, (4, 2)), "vermilion diamond"),
    Mark(INK, "s", (0, (1, 1.5)), "dark square"),
    Mark(BLUE, "^", (0, (6, 2, 1, 2)), "blue triangle"),
    Mark(VERMILION, "v", (0, (2, 2)), "vermilion wedge"),
    Mark(INK, "P", (0, (8, 2)), "dark cross"),
)
DASHES = ("solid line", "dashed line", "dotted line", "dash-dot line", "short dashes", "long dashes")
"""In words, for the courses over time."""


def mark(index: int) -> Mark:
    """Return the look of the policy at this place; beyond the sixth they repeat."""
    return MARKS[index % len(MARKS)]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart that is not yet text."""

    figure: Figure
    alt: str
    """What it shows, for those who do not see it."""


def canvas(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure of so many pixels."""
    with matplotlib.rc_context(SETTINGS):
        return Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none")


def axes(figure: Figure, left: float, right: float, top: float, bottom: float) -> Axes:
    """Return axes inside margins given in pixels, with only the x axis drawn."""
    width, height = figure.get_figwidth() * 72, figure.get_figheight() * 72
    with matplotlib.rc_context(SETTINGS):
        box = (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - top - bottom) / height,
        )
        made = figure.add_axes(box, facecolor="none")
    for side in ("left", "right", "top"):
        made.spines[side].set_visible(False)
    made.spines["bottom"].set_color(RULE)
    made.tick_params(axis="both", length=0, pad=6)
    return made


def inline_svg(drawing: Drawing, name: str) -> str:
    """Return the chart as an SVG element for the page; `name` keeps its inner ids apart from other charts'."""
    out = io.StringIO()
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        # A name in a script that the measuring font lacks: the reader's font will have it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        FigureCanvasSVG(drawing.figure).print_svg(out, metadata={"Date": None, "Creator": None})
    width, height = drawing.figure.get_figwidth() * 72, drawing.figure.get_figheight() * 72
    body = re.search(r"<svg[^>]*>(.*)</svg>", out.getvalue(), re.DOTALL)
    assert body is not None
    opening = (
        f'<svg class="chart" role="img" aria-label="{escape(drawing.alt)}" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">'
    )
    return f"{opening}{_for_the_page(body[1], name)}</svg>"


def _for_the_page(body: str, name: str) -> str:
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'<style type="text/css">.*?</style>', "", body, flags=re.DOTALL)
    body = body.replace("xlink:href=", "href=")
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', body))
    body = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r'(url\(|href=")#', rf"\g<1>#{name}-", body)
    body = re.sub(r"#[0-9a-f]{6}\b(?=[;\"])", lambda m: VARIABLES.get(m[0], m[0]), body)
    body = re.sub(r"font-family: [^;\"]*; ", "", body)
    body = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", body)
    return re.sub(r"\s*\n\s*", "\n", body).strip()
