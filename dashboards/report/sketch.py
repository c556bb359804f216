"""The network as a sketch: hospitals as far apart as the roads say, as large as they have beds."""

from __future__ import annotations

from math import inf, pi

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dashboards.report.exhibit import Exhibit, Table, row
from dashboards.report.ink import INK, PAPER, RULE, SOFT, TEXT_SIZE, Drawing, axes, canvas, inline_svg
from dashboards.report.reading import Story
from dashboards.report.wording import counted, listed, shortened
from scenarios.hospitals import Hospital
from scenarios.scenario import Scenario
from scenarios.units import format_duration

MOST_DRAWN, MOST_PLACED = 8, 5
MARGIN = 52.0


def network_exhibit(story: Story) -> Exhibit | None:
    """Return the sketch and the table of hospitals; the sketch is left out when it would be a tangle."""
    scenario = story.scenario
    names = list(scenario.hospitals)
    if len(names) < 2:
        return None
    hours = travel_hours(scenario)
    roads = [(a, b) for a in range(len(names)) for b in range(a) if min(hours[a, b], hours[b, a]) < inf]
    drawn = bool(roads) and len(names) <= MOST_DRAWN
    return Exhibit(
        name="network",
        title="Which hospitals are there, and how far apart?",
        subtitle=_method(len(names), drawn),
        sentence=_sentence(story, names, roads, hours),
        svg=inline_svg(Drawing(_figure(story, names, hours, roads), _alt(story, names, roads, hours)), "net")
        if drawn
        else "",
        table=_table(story, names, hours),
        notes=() if drawn or not roads else (f"No sketch beyond {MOST_DRAWN} hospitals: it would be a tangle.",),
    )  # fmt: skip


def _method(n_hospitals: int, drawn: bool) -> str:
    if not drawn:
        return "Beds and neighbours as the scenario has them."
    if n_hospitals <= MOST_PLACED:
        return "A circle's area is its number of beds; distances follow the travel times as well as a page allows."
    return (
        "A circle's area is its number of beds. Each is joined to its two nearest; directions follow the travel times, "
        "distances do not."
    )


def travel_hours(scenario: Scenario) -> NDArray[np.float64]:
    """Return H x H hours without handover, infinite where there is no road."""
    names = list(scenario.hospitals)
    hours = np.full((len(names), len(names)), inf)
    written = scenario.transfers.travel
    for origin, ways in written.items():
        for destination, time in ways.items():
            a, b = names.index(origin), names.index(destination)
            hours[a, b] = time
            if origin not in written.get(destination, {}):
                hours[b, a] = time
    return hours


def bed_count(hospital: Hospital) -> int | None:
    """Return the beds of all units; none when a unit is without limit."""
    counts = [beds.count for beds in hospital.beds.values()]
    return None if "unlimited" in counts else sum(int(c) for c in counts)


def positions(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places in the plane by classical scaling of the shortest ways, rounded so that bytes stay fixed."""
    n = len(hours)
    ways = np.minimum(hours, hours.T)
    np.fill_diagonal(ways, 0.0)
    for via in range(n):
        ways = np.minimum(ways, ways[:, [via]] + ways[[via], :])
    finite = ways[np.isfinite(ways)]
    ways = np.where(np.isfinite(ways), ways, 1.5 * (finite.max() or 1.0))
    centring = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * centring @ ways**2 @ centring)
    places = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0))
    # An eigenvector's sign is arbitrary: the first hospital goes left and up.
    places *= np.where(places[np.abs(places).argmax(axis=0), [0, 1]] > 0, -1.0, 1.0)
    span = np.ptp(places, axis=0).max() or 1.0
    if np.ptp(places[:, 1]) < 0.15 * span:
        angle = 2 * pi * np.arange(n) / n
        places[:, 1] = 0.22 * span * np.sin(angle + 0.6)
    return np.round((places - places.mean(axis=0)) / span, 4)


def ring(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places on an oval for hospitals too many to be drawn to scale, in the order of their directions."""
    at = positions(hours)
    order = np.argsort(np.arctan2(at[:, 1], at[:, 0]), kind="stable")
    angle = np.empty(len(at))
    angle[order] = 2 * pi * (np.arange(len(at)) + 0.5) / len(at) - pi
    return np.round(np.column_stack((np.cos(angle), 0.7 * np.sin(angle))), 4)


def nearest_roads(hours: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the roads from every hospital to its two nearest neighbours."""
    ways = np.minimum(hours, hours.T)
    np.fill_diagonal(ways, inf)
    found = {
        (max(a, int(b)), min(a, int(b)))
        for a, row in enumerate(ways)
        for b in np.argsort(row, kind="stable")[:2]
        if row[b] < inf
    }
    return sorted(found)


def _figure(
    story: Story, names: list[str], hours: NDArray[np.float64], roads: list[tuple[int, int]]
) -> Figure:
    placed = len(names) <= MOST_PLACED
    at = positions(hours) if placed else ring(hours)
    roads = roads if placed else nearest_roads(hours)
    centre = (at.max(axis=0) + at.min(axis=0)) / 2
    span = np.ptp(at, axis=0)
    reach = max(span[0] / 250, span[1] / 190) or 1 / 250
    height = span[1] / reach + 2 * MARGIN
    figure = canvas(height)
    ax = axes(figure, 0, 0, 0, 0)
    ax.set_axis_off()
    ax.set_xlim(centre[0] - 200 * reach, centre[0] + 200 * reach)
    ax.set_ylim(centre[1] - height / 2 * reach, centre[1] + height / 2 * reach)
    beds = [bed_count(h) or 0 for h in story.scenario.hospitals.values()]
    area = [max(60.0, 1500.0 * b / max(*beds, 1)) for b in beds]
    for a, b in roads:
        ax.plot(*at[[a, b]].T, color=RULE, linewidth=2, zorder=1)
    if len(roads) <= 10:
        for a, b in roads:
            x, y = at[[a, b]].mean(axis=0)
            ax.text(x, y, _way(hours, a, b), ha="center", va="center", color=SOFT, fontsize=TEXT_SIZE - 1, zorder=3,
                    bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.5})  # fmt: skip
    for k, name in enumerate(names):
        ax.scatter(*at[[k]].T, s=area[k], color=SOFT, edgecolor=PAPER, linewidth=1.5, zorder=2)
        title = shortened(story.hospital_title(name), 24)
        right, up = (at[k] - centre) / (reach * 200)
        side = 0 if placed or abs(right) > 0.5 else 1 if right > 0 else -1
        above = up > 0 and span[1] > 0.2 * span[0]
        away = ((area[k] / pi) ** 0.5 + 6) * (1 if above else -1) - (0 if above else 9)
        half = 3.7 * len(title)
        x = at[k, 0] + side * (half - 12) * reach
        edge = (196 - half) * reach
        x = min(max(x, centre[0] - edge), centre[0] + edge)
        ax.text(
            x,
            at[k, 1] + away * reach,
            title,
            ha="center",
            color=INK,
            zorder=4,
            fontsize=TEXT_SIZE,
            fontweight="bold",
        )
    return figure


def _way(hours: NDArray[np.float64], a: int, b: int) -> str:
    there, back = sorted((hours[a, b], hours[b, a]))
    short = _time(there)
    return short if back in (there, inf) else f"{short} – {_time(back)}"


def _time(hours: float) -> str:
    """Return minutes for what people call minutes: 70 min, not 1.17 h."""
    minutes = round(60 * hours)
    return f"{minutes}\N{NO-BREAK SPACE}min" if minutes < 120 else format_duration(hours, digits=2)


def _alt(story: Story, names: list[str], roads: list[tuple[int, int]], hours: NDArray[np.float64]) -> str:
    titles = [story.hospital_title(n) for n in names]
    return (
        "Network sketch. "
        + "; ".join(f"{titles[b]} to {titles[a]}: {_way(hours, a, b)}" for a, b in roads)
        + "."
    )


def _sentence(
    story: Story, names: list[str], roads: list[tuple[int, int]], hours: NDArray[np.float64]
) -> str:
    total = sum(bed_count(h) or 0 for h in story.scenario.hospitals.values())
    said = f"{counted(len(names), 'hospital')} with {counted(total, 'bed')} in all"
    if not roads:
        return f"{said}; patients are not moved between them."
    ways = [min(hours[a, b], hours[b, a]) for a, b in roads]
    span = " to ".join(dict.fromkeys(_time(w) for w in (min(ways), max(ways))))
    handover = story.scenario.transfers.handover
    extra = f" A transfer adds {_time(handover)} for handover." if handover else ""
    return f"{said}, {counted(len(roads), 'road')} between them of {span}.{extra}"


def _table(story: Story, names: list[str], hours: NDArray[np.float64]) -> Table:
    rows = []
    for k, (name, hospital) in enumerate(story.scenario.hospitals.items()):
        near = sorted((hours[k, g], g) for g in range(len(names)) if hours[k, g] < inf)[:3]
        beds = bed_count(hospital)
        rows.append(
            row(
                story.hospital_title(name),
                "no limit" if beds is None else str(beds),
                listed([f"{story.hospital_title(names[g])} {_time(t)}" for t, g in near]) or "none",
            )
        )
    return Table(
        "Hospitals, their beds and their nearest neighbours",
        ("Hospital", "Beds", "Nearest"),
        tuple(rows),
        False,
    )
