"""From `fairward tradeoffs` to a front and its page."""

from __future__ import annotations

from pathlib import Path

from dashboards.report.front_chart import front_drawing
from dashboards.report.leaflet import render_leaflet
from dashboards.report.page import write_page
from fairward.runs import MANIFEST, find_run, read_manifest
from policies.objective import parse_objective
from policies.told import Told
from policies.tradeoffs.front import front
from policies.tradeoffs.options_of_run import read_options
from policies.tradeoffs.telling import tell_front
from scenarios.errors import UsageError

PAGE = "tradeoffs.html"


def front_told(
    run: str, objectives: str, corner: str | None, out: Path, html: bool
) -> tuple[Told, Path | None]:
    """Return what the front of a run tells, and the page that was written beside it."""
    folder = Path(run) if (Path(run) / MANIFEST).is_file() else find_run(out, run)
    wanted = [parse_objective(one) for one in objectives.split(",") if one.strip()]
    if not 2 <= len(wanted) <= 3:
        raise UsageError(f"--objectives: expected two or three by commas, got {len(wanted)}.")
    found = read_options(folder, wanted)
    options = found.options
    result = front(
        [option.values for option in options], [option.label for option in options], found.seed,
        _corner(corner, len(wanted)),
    )  # fmt: skip
    manifest = read_manifest(folder)
    told = tell_front(result, str(manifest.get("title") or manifest["scenario"]), folder.name)
    if not html:
        return told, None
    return told, write_page(render_leaflet(told, {"front": front_drawing(result)}), folder / PAGE)


def _corner(written: str | None, n: int) -> list[float] | None:
    if written is None:
        return None
    try:
        values = [float(one) for one in written.split(",")]
    except ValueError:
        values = []
    if len(values) != n:
        raise UsageError(f"--corner: expected {n} numbers by commas, got {written!r}.")
    return values
