"""Control charts as one HTML file: the share of each group run by run, and the CUSUM below it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dashboards.report.exhibit import Exhibit, Panel, Section, row, words
from dashboards.report.ink import BLUE, INK, RULE, SOFT, VERMILION, Drawing, axes, canvas, inline_svg
from dashboards.report.page import fill, write_page
from policies.audit.monitoring import Chart, Monitoring
from sim.evidence.control_charts import ALLOWANCE

HEIGHT = 190.0


def write_monitoring(found: Monitoring, path: Path) -> Path:
    """Write the page and return its path; the same charts give the same bytes."""
    return write_page(render_monitoring(found), path)


def render_monitoring(found: Monitoring) -> str:
    """Return the page as text."""
    signalling = [_who(found, chart) for chart in found.charts if chart.signals]
    said = (
        f"{found.title} signals a shift for {', '.join(signalling)} (of {len(found.charts)} charts)."
        if signalling
        else f"No signal in {found.title.lower()}, in any group charted; a small shift may be missed."
    )
    exhibits = tuple(_exhibit(found, i, chart) for i, chart in enumerate(found.charts))
    return fill(
        "audit.html.jinja",
        title=f"{found.title}, run by run",
        sentence=said,
        facts=[("Data", "synthetic"), ("Runs", str(len(found.runs))), ("Baseline", f"the first {found.n_baseline}")],
        sections=[Section("charts", "Is it drifting?", exhibits)],
        limits=found.notes,
        glossary=[
            ("p-chart", "The share of each run with limits three standard errors from the baseline's, widened for "
             "patients who are not independent. One point in 370 lies outside by chance."),
            ("CUSUM", "Adds up how far the shares lie from the baseline, in standard errors, less an allowance of "
             f"{ALLOWANCE:g} a run: it finds small shifts that last. Its false alarms are as rare as stated where the "
             "baseline is known exactly, more frequent where it comes from a few runs."),
        ],
    )  # fmt: skip


def _exhibit(found: Monitoring, index: int, chart: Chart) -> Exhibit:
    name = f"chart-{index}"
    outside = [found.runs[i] for i in np.flatnonzero(chart.p.outside)]
    said = [f"Outside the limits: {', '.join(outside)}."] if outside else []
    if chart.cusum.alarm is not None:
        said.append(f"The CUSUM alarms at {found.runs[chart.cusum.alarm]}.")
    who = _who(found, chart)
    alt = f"Control chart, {who}: " + ", ".join(f"{100 * share:.1f} %" for share in chart.p.share)
    rows = [
        row(run, f"{100 * share:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %", f"{max(up, down):.1f}")
        for run, share, low, high, up, down in zip(
            found.runs,
            chart.p.share,
            chart.p.low,
            chart.p.high,
            chart.cusum.up,
            chart.cusum.down,
            strict=True,
        )
    ]
    return Exhibit(
        name,
        f"{who[:1].upper()}{who[1:]}",
        f"Share by run about {100 * chart.p.centre:.1f} %, three-sigma limits; CUSUM with limit "
        f"{chart.cusum.limit:.2f}, one false alarm in {chart.cusum.in_control_length:.0f} runs.",
        " ".join(said) or "No signal.",
        panels=(
            Panel("p-chart, %", inline_svg(Drawing(_p_figure(chart, found.n_baseline), alt), f"{name}-p")),
            Panel("CUSUM, standard errors", inline_svg(Drawing(_cusum_figure(chart), alt), f"{name}-c")),
        ),
        table=words("Run by run", ("Run", "Share", "Limits", "CUSUM"), rows),
    )


def _p_figure(chart: Chart, n_baseline: int) -> Figure:
    figure = canvas(HEIGHT)
    ax = axes(figure, 34, 8, 8, 26)
    x = np.arange(1, len(chart.n) + 1)
    ax.axhline(100 * chart.p.centre, color=SOFT, linewidth=1.0)
    ax.axvline(n_baseline + 0.5, color=RULE, linewidth=1.0)
    for limit in (chart.p.low, chart.p.high):
        ax.step(x, 100 * limit, where="mid", color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
    ax.plot(x, 100 * chart.p.share, color=BLUE, marker="o", markersize=5)
    out = chart.p.outside
    ax.plot(x[out], 100 * chart.p.share[out], "D", color=VERMILION, markersize=8, linestyle="none")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _cusum_figure(chart: Chart) -> Figure:
    figure = canvas(HEIGHT)
    ax = axes(figure, 34, 8, 8, 26)
    x = np.arange(1, len(chart.n) + 1)
    ax.axhline(0, color=INK, linewidth=1.0)
    for sign, sums in ((1, chart.cusum.up), (-1, chart.cusum.down)):
        ax.axhline(sign * chart.cusum.limit, color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
        ax.plot(x, sign * sums, color=BLUE, marker="o", markersize=4)
        beyond = sums > chart.cusum.limit
        ax.plot(x[beyond], sign * sums[beyond], "D", color=VERMILION, markersize=8, linestyle="none")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _who(found: Monitoring, chart: Chart) -> str:
    return f"{chart.group} ({found.words[chart.attribute]})" if chart.attribute else "everybody"
