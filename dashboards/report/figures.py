"""The charts of the page as files of their own: for a slide, a paper, a README."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from dashboards.report.exhibit import Exhibit

FOLDER = "figures"

LIGHT = {
    "--paper": "#ffffff",
    "--ink": "#17191c",
    "--soft": "#565b62",
    "--rule": "#dcdad3",
    "--blue": "#0072b2",
    "--vermilion": "#d55e00",
}
"""The page's colours on a light screen: a picture has no page around it to take them from."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"
MARGIN = 12


def write_figures(exhibits: Iterable[Exhibit], folder: Path) -> None:
    """Write `figures/<exhibit>.svg` for every chart, and `<exhibit>-1.svg` and so on where there are several."""
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    for exhibit in exhibits:
        for name, svg in _charts(exhibit):
            (place / f"{name}.svg").write_text(standalone(svg), encoding="utf-8", newline="\n")


def standalone(svg: str) -> str:
    """Return a chart of the page (`dashboards.report.ink.inline_svg`) as a picture on white that stands alone."""
    found = re.match(r'<svg [^>]*aria-label="([^"]*)" viewBox="0 0 (\S+) (\S+)"[^>]*>', svg)
    assert found is not None
    label, width, height = found[1], float(found[2]), float(found[3])
    body = svg[found.end() : svg.rindex("</svg>")]
    for variable, colour in LIGHT.items():
        body = body.replace(f"var({variable})", colour)
    w, h = width + 2 * MARGIN, height + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" '
        f'viewBox="{-MARGIN} {-MARGIN} {w:g} {h:g}" width="{w:g}" height="{h:g}" font-family="{FONT}">\n'
        f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{w:g}" height="{h:g}" fill="{LIGHT["--paper"]}"/>{body}</svg>\n'
    )


def _charts(exhibit: Exhibit) -> Iterator[tuple[str, str]]:
    if exhibit.svg:
        yield exhibit.name, exhibit.svg
    for n, panel in enumerate(exhibit.panels, 1):
        yield f"{exhibit.name}-{n}", panel.svg
