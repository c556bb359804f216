"""How full are the hospitals, hour by hour and pool by pool, over all runs?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from dashboards.report.dot_rows import DotRow, dot_figure
from dashboards.report.exhibit import Cell, Exhibit, Panel, Table, row
from dashboards.report.ink import DASHES, INK, RULE, SOFT, Drawing, axes, canvas, inline_svg, mark
from dashboards.report.reading import UTILISATION, Story
from dashboards.report.wording import Estimate, counted, full, interval, number, sentence_case, tidy

MOST_PANELS = 12
MOST_ROWS = 40
MOST_POINTS = 72
BAND = (0.1, 0.9)
PANEL_WIDTH, PANEL_HEIGHT = 240.0, 132.0

COLUMNS = ["replication", "time", "hospital", "pool", "capacity", "mean_in_use"]

ALL_BEDS = "all beds"
"""In a compact census, the beds of a hospital together."""


@dataclass(frozen=True, slots=True)
class Course:
    """One hospital under one policy over time, in percent of its open beds."""

    hours: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def read_census(story: Story) -> dict[str, pd.DataFrame]:
    """Return, for each policy whose census was written, the rows of its beds with a limit."""
    beds = sorted({unit for hospital in story.scenario.hospitals.values() for unit in hospital.beds})
    found = {}
    for policy in story.policies:
        frame = story.table(policy, "census", COLUMNS, [("pool", "in", [*beds, ALL_BEDS])]) if beds else None
        if frame is not None and frame["capacity"].notna().any():
            found[policy] = frame[frame["capacity"].notna()]
    return found


def compact(census: pd.DataFrame, beds: Sequence[str]) -> pd.DataFrame:
    """Return the beds of each hospital as one pool, at the points of a course: the same courses, far fewer rows."""
    frame = census[census["pool"].isin(beds) & census["capacity"].notna()]
    if frame.empty:
        return frame[COLUMNS[1:]]
    width = _bucket(float(frame["time"].max()))
    point = (frame["time"] - 1) // width
    sums = frame.groupby(["hospital", point], observed=True)[["capacity", "mean_in_use"]].sum().reset_index()
    # An hour within the point, and the last of all where it is, so that the points are found again.
    last = float(frame["time"].max())
    time = (sums["time"] * width + 1).where(sums["time"] < point.max(), last)
    return sums.assign(time=time, pool=ALL_BEDS)[COLUMNS[1:]]


def course_exhibit(story: Story, census: dict[str, pd.DataFrame]) -> Exhibit:
    """Return the beds in use of every hospital over time, in small charts on one scale."""
    courses = {policy: courses_of(frame) for policy, frame in census.items()}
    hospitals = [h for h in story.scenario.hospitals if any(h in c for c in courses.values())]
    peaks = {h: max(float(np.nanmax(c[h].mean)) for c in courses.values() if h in c) for h in hospitals}
    shown = hospitals
    if len(hospitals) > MOST_PANELS:
        fullest = set(sorted(hospitals, key=lambda h: (-peaks[h], h))[:MOST_PANELS])
        shown = [h for h in hospitals if h in fullest]
    top = (
        max([100.0, *(float(np.nanmax(c[h].high)) for c in courses.values() for h in shown if h in c)]) * 1.06
    )
    with_bands = len(courses) <= 2 and len(story.answer.replications) > 1
    panels = tuple(
        Panel(
            story.hospital_title(h),
            _panel(story, h, courses, top, with_bands, f"o{story.slug(h)}{k}") if story.charts else "",
        )
        for k, h in enumerate(shown)
    )
    n = len(story.answer.replications)
    runs = "in the one run" if n == 1 else f"mean of {n} runs"
    band = " Band: the middle 80 % of the runs." if with_bands else ""
    warm_up = " Grey: warm-up, left out of all other results." if story.scenario.warm_up else ""
    notes = [] if len(shown) == len(hospitals) else [
        f"{counted(len(hospitals), 'hospital')} in all; the charts show the {MOST_PANELS} fullest. The table shows all."
    ]  # fmt: skip
    notes.append("Beds being cleaned or kept for somebody on the way are not counted as in use.")
    return Exhibit(
        name="occupancy-course",
        title="How full are the beds, day by day?",
        subtitle=f"Beds in use as a share of open beds, {runs}.{band} {_lines(story)}"
        f"Thin line: every open bed in use.{warm_up}",
        sentence=_course_sentence(story, hospitals, courses),
        panels=panels,
        table=_course_table(story, hospitals, courses),
        notes=tuple(notes),
    )


def _lines(story: Story) -> str:
    if len(story.policies) == 1:
        return ""
    looks = [(mark(p).words.split()[0], DASHES[p % len(DASHES)]) for p in range(len(story.policies))]
    said = ", ".join(f"{colour} {dash}: {story.label(p)}" for p, (colour, dash) in enumerate(looks))
    return f"{sentence_case(said)}. "


def courses_of(frame: pd.DataFrame) -> dict[str, Course]:
    """Return the course of every hospital from the rows of its beds over all runs."""
    width = _bucket(float(frame["time"].max()))
    # A census row is the mean over the hour just ended: the hour to 24 belongs to the first day.
    bucket = ((frame["time"].to_numpy() - 1) // width).astype(np.int64)
    sums = (
        frame[["mean_in_use", "capacity"]]
        .groupby([frame["hospital"], frame["replication"], bucket], observed=True)
        .sum()
    )
    share = (100 * sums["mean_in_use"] / sums["capacity"].where(sums["capacity"] > 0)).rename("share")
    courses = {}
    for hospital, values in share.groupby(level=0, observed=True):
        by_run = values.droplevel(0).unstack(level=0)
        if not by_run.notna().to_numpy().any():
            continue
        by_run = by_run.dropna(how="all")
        low, high = (by_run.quantile(q, axis=1).to_numpy() for q in BAND)
        courses[str(hospital)] = Course(
            (by_run.index.to_numpy() + 0.5) * width, by_run.mean(axis=1).to_numpy(), low, high
        )
    return courses


def _bucket(horizon: float) -> int:
    """Hours to a point: the shortest of these that gives a line and not a scribble."""
    for width in (1, 2, 3, 4, 6, 8, 12, 24):
        if horizon / width <= MOST_POINTS:
            return width
    return 24 * ceil(horizon / 24 / MOST_POINTS)


def _panel(
    story: Story,
    hospital: str,
    courses: dict[str, dict[str, Course]],
    top: float,
    with_bands: bool,
    name: str,
) -> str:
    figure = canvas(PANEL_HEIGHT, PANEL_WIDTH)
    ax = axes(figure, 44, 8, 7, 34)
    days = story.scenario.horizon / 24
    unit_hours, axis = (24, "day") if days > 2 else (1, "hour")
    ax.set_xlim(0, story.scenario.horizon / unit_hours)
    ax.set_ylim(0, top)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    ax.grid(axis="y", color=RULE, linewidth=0.8)
    ax.axhline(100, color=INK, linewidth=0.9)
    ax.set_xlabel(axis, labelpad=2)
    if story.scenario.warm_up > 0:
        ax.axvspan(0, story.scenario.warm_up / unit_hours, color=SOFT, alpha=0.16, linewidth=0)
    said = []
    for place, policy in enumerate(story.policies):
        course = courses.get(policy, {}).get(hospital)
        if course is None:
            continue
        look = mark(place)
        x = course.hours / unit_hours
        if with_bands:
            ax.fill_between(x, course.low, course.high, color=look.colour, alpha=0.2, linewidth=0)
        ax.plot(x, course.mean, color=look.colour, linestyle=look.dash, linewidth=1.7)
        said.append(
            f"{story.label(place)} mean {_mean_after(story, course):.0f} %, highest {np.nanmax(course.mean):.0f} %"
        )
    alt = f"Line chart of beds in use at {story.hospital_title(hospital)}: {'; '.join(said)}."
    return inline_svg(Drawing(figure, alt), name)


def _mean_after(story: Story, course: Course) -> float:
    counted_in = course.hours >= story.scenario.warm_up
    return float(np.nanmean(course.mean[counted_in] if counted_in.any() else course.mean))


def _course_sentence(story: Story, hospitals: Sequence[str], courses: dict[str, dict[str, Course]]) -> str:
    said = []
    for place, policy in enumerate(story.policies):
        means = {h: _mean_after(story, c) for h, c in courses.get(policy, {}).items()}
        if not means:
            continue
        if len(hospitals) == 1:
            said.append(
                f"Under {story.label(place)}, {means[hospitals[0]]:.0f} % of the beds are in use on average."
            )
            continue
        if max(means.values()) - min(means.values()) < 1.0:
            about = sum(means.values()) / len(means)
            said.append(f"Under {story.label(place)}, all are about equally full, {about:.0f} % on average.")
            continue
        fullest = max(hospitals, key=lambda h: means.get(h, -1.0))
        text = f"{story.hospital_title(fullest)} is the fullest, {means[fullest]:.0f} % of its beds in use on average"
        if len(means) > 1:
            least = min(means, key=lambda h: means[h])
            text += f", and {story.hospital_title(least)} the least full, {means[least]:.0f} %"
        said.append(f"Under {story.label(place)}, {text}.")
    return "\n".join(said)


def _course_table(story: Story, hospitals: Sequence[str], courses: dict[str, dict[str, Course]]) -> Table:
    rows = []
    for h in hospitals:
        cells = []
        for policy in story.policies:
            course = courses.get(policy, {}).get(h)
            if course is None:
                cells.append(Cell("–"))
                continue
            cells.append(
                Cell(
                    f"{_mean_after(story, course):.0f}\N{NO-BREAK SPACE}%",
                    f"highest {np.nanmax(course.mean):.0f}\N{NO-BREAK SPACE}%",
                )
            )
        rows.append(row(story.hospital_title(h), *cells))
    return Table(
        "Beds in use: mean after the warm-up, and the highest point of the mean course",
        ("Hospital", *story.labels),
        tuple(rows),
    )


def pool_exhibit(story: Story) -> Exhibit:
    """Return how much of each pool is in use after the warm-up: the network in a chart, hospitals in a table."""
    kinds = {
        pool: kind
        for kind in ("beds", "staff", "equipment")
        for hospital in story.scenario.hospitals.values()
        for pool in getattr(hospital, kind)
    }
    use = {
        policy: {
            (h, p): story.level(policy, UTILISATION, "pool", p, h).times(100.0)
            for h in ("", *story.scenario.hospitals)
            for p in kinds
        }
        for policy in story.policies
    }
    pools = [p for p in kinds if any(use[policy]["", p].known for policy in story.policies)]
    rows = [
        DotRow(
            f"{tidy(pool)} ({kinds[pool]})",
            tuple((i, use[policy]["", pool]) for i, policy in enumerate(story.policies)),
        )
        for pool in pools
    ]
    alt = "Dot and whisker chart of the share in use over the whole network. " + " ".join(
        f"{r.label}: " + ", ".join(f"{story.label(i)} {full(e, 0, '%')}" for i, e in r.lanes) + "."
        for r in rows
    )
    keys = [
        (h, p)
        for h in story.scenario.hospitals
        for p in pools
        if any(use[policy][h, p].known for policy in use)
    ]
    notes = []
    if len(keys) > MOST_ROWS:
        rank = sorted(keys, key=lambda k: (-max(use[q][k].mean for q in use if use[q][k].known), k))
        fullest = set(rank[:MOST_ROWS])
        notes.append(
            f"The table shows the {MOST_ROWS} fullest of {counted(len(keys), 'pool')}; all are in tables/."
        )
        keys = [k for k in keys if k in fullest]
    notes.append("Pools without limit are left out. Above 100 %: capacity fell while patients were in care.")
    table = Table(
        "Share in use after the warm-up: mean and 95 % interval",
        ("Hospital, pool", *story.labels),
        tuple(
            row(Cell(story.hospital_title(h), f"{tidy(p)} ({kinds[p]})"),
                *(_use_cell(use[policy][h, p]) for policy in story.policies))
            for h, p in keys
        ),
    )  # fmt: skip
    return Exhibit(
        name="occupancy-pools",
        title="What is short: beds, staff or equipment?",
        subtitle="What patients use as a share of what is open, all hospitals together, after the warm-up, "
        f"{story.runs}. {story.key(range(len(story.policies)))}",
        sentence=_pool_sentence(story, use, kinds),
        svg=story.chart("pools", alt, lambda: dot_figure(rows, "% in use", most=100.0)) if rows else "",
        table=table,
        notes=tuple(notes),
    )


def _use_cell(e: Estimate) -> Cell:
    return Cell(f"{number(e.mean, 0)}\N{NO-BREAK SPACE}%", interval(e, 0)) if e.known else Cell("–")


def _pool_sentence(
    story: Story, use: dict[str, dict[tuple[str, str], Estimate]], kinds: dict[str, str]
) -> str:
    said = []
    for place, policy in enumerate(story.policies):
        means = {p: e.mean for (h, p), e in use[policy].items() if not h and e.known}
        if means:
            top = max(means, key=lambda p: means[p])
            said.append(
                f"Under {story.label(place)}, the busiest is {tidy(top)} ({kinds[top]}), {means[top]:.0f} % in use."
            )
    return "\n".join(said) or "No pool has a limit."
