"""The report on a file of profiles: findings of `agents.profiles.quality` as one HTML file that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, Transform, blended_transform_factory

from agents.profiles.quality import OFF, UNSURE, WITHIN, AgeShare, Association, Margin, Quality
from dashboards.report.exhibit import Cell, Exhibit, Panel, Section, Table, row
from dashboards.report.ink import (
    BLUE,
    INK,
    PAPER,
    RULE,
    SOFT,
    TEXT_SIZE,
    VERMILION,
    WIDTH,
    Drawing,
    axes,
    canvas,
    inline_svg,
)
from dashboards.report.page import fill, write_page
from dashboards.report.wording import Estimate, counted, full, interval, number, sentence_case

ROW, GROUP_GAP, TOP, BOTTOM = 17.0, 25.0, 4.0, 42.0
LABELS, LABELS_WIDE, RIGHT = 118.0, 222.0, 10.0
FARTHEST = 3.0
"""Tolerances from the truth beyond which a dot stands at the edge, as an arrow."""
MOST_WHO = 6

VERDICT_LOOK = {WITHIN: ("o", BLUE, True), OFF: ("D", VERMILION, True), UNSURE: ("o", BLUE, False)}
"""Shape, colour, whether filled."""


def write_profile_report(quality: Quality, reading: Sequence[str], name: str, path: Path) -> None:
    """Write the page, whole or not at all; the same findings give the same bytes.

    `reading` says what was understood of the file.
    """
    write_page(render(quality, reading, name), path)


def render(quality: Quality, reading: Sequence[str], name: str) -> str:
    """Return the page as text."""
    return fill(
        "profiles.html.jinja",
        name=name,
        sentence=answer(quality),
        facts=_facts(quality),
        sections=_sections(quality),
        reading=list(reading),
        limits=LIMITS,
    )


LIMITS = (
    "Profiles are synthetic. That margins and associations agree with the census and with the planted laws says "
    "nothing about what neither holds.",
    "Each association is checked by the one regression that its law is; interactions and other shapes are not.",
    "Most strengths of the planted laws are assumed; the table names the source of each.",
    "A broken rule of coherence is a reason to look at a profile, not a proof that it is wrong; and a profile that "
    "breaks none can be wrong.",
    "The intervals are for one association each; of many, about one in twenty misses its truth by chance.",
)


def answer(quality: Quality) -> str:
    """Return the findings in one paragraph."""
    exact = sum(m.exact for m in quality.margins)
    verdicts = [a.verdict for a in quality.associations]
    unsure = verdicts.count(UNSURE)
    said = (
        f"{exact} of {len(quality.margins)} margins are exactly the census'; "
        f"{verdicts.count(WITHIN)} of {len(verdicts)} planted associations are recovered, {verdicts.count(OFF)} off"
    )
    said += f", for {unsure} the profiles are too few to tell; " if unsure else "; "
    share = number(100 * quality.n_incoherent / quality.n, 1)
    return sentence_case(
        f"{said}{quality.n_incoherent} of {quality.n} profiles ({share}\N{NO-BREAK SPACE}%) break a rule of coherence; "
        f"{counted(quality.n_duplicate_rows, 'profile')} equal an earlier one."
    )


def _facts(quality: Quality) -> list[tuple[str, str]]:
    return [
        ("Profiles", str(quality.n)),
        ("With severity", str(quality.n_prepared)),
        ("Census", quality.census or "without a title"),
        ("Smallest group of equal demographics", str(quality.smallest_cell)),
        ("Equal vignettes", str(quality.n_duplicate_vignettes)),
    ]


def _sections(quality: Quality) -> list[Section]:
    return [
        Section("margins", "Are these the people of the census?", (_margins(quality.margins),)),
        Section("associations", "Do illnesses and signs go together as planted?",
                (_associations(quality.associations), *_ages(quality.by_age))),
        Section("coherence", "Which profiles are implausible, doubled or unique?",
                (_coherence(quality), _uniqueness(quality))),
    ]  # fmt: skip


def _margins(margins: Sequence[Margin]) -> Exhibit:
    exact = sum(m.exact for m in margins)
    cells = [
        row(f"{m.variable}: {c.value}", str(c.count), _percent(c.share), _percent(c.target))
        for m in margins
        for c in m.cells
    ]
    worst = max(margins, key=lambda m: -1.0 if m.distance is None else m.distance)
    pairs = [
        f"{m.variable} with {m.given} {number(m.joint_distance, 4)}"
        for m in margins
        if m.joint_distance is not None
    ]
    missing = [f"{m.variable} {m.n_missing}" for m in margins if m.n_missing]
    notes = [f"Sources of the census: {'; '.join(f'{m.variable}: {m.source}' for m in margins)}."]
    if pairs:
        notes.insert(0, f"Total variation distance of pairs from the census (0 to 1): {', '.join(pairs)}.")
    return Exhibit(
        name="margin-chart",
        title="How far are the shares from the census?",
        subtitle="Share of each value among the profiles whose value is known (blue circle) and in the census (bar).",
        sentence=f"{exact} of {len(margins)} margins are exact: every count is within one person of its target. The "
        f"largest distance is that of {worst.variable}: {number(worst.distance or 0.0, 4)} (total variation, 0 to 1)."
        + (f"\nMissing: {', '.join(missing)}." if missing else ""),
        svg=inline_svg(Drawing(_margin_figure(margins), _margin_alt(margins)), "margin"),
        table=Table("Shares by value", ("Value", "Profiles", "Share", "Census"), tuple(cells)),
        notes=tuple(notes),
    )


def _margin_figure(margins: Sequence[Margin]) -> Figure:
    height = TOP + BOTTOM + sum(GROUP_GAP + ROW * len(m.cells) for m in margins)
    figure = canvas(height)
    ax = axes(figure, LABELS, RIGHT, TOP, BOTTOM)
    most = max(max(c.share, c.target) for m in margins for c in m.cells)
    ax.set_xlim(0, 100 * most * 1.04)
    ax.set_ylim(height - TOP - BOTTOM, 0)
    ax.set_yticks([])
    ax.set_xlabel("% of profiles", labelpad=5, color=SOFT)
    y = 0.0
    for margin in margins:
        ax.text(-LABELS, y + GROUP_GAP - 7, margin.variable.capitalize(), transform=_pixels(ax), color=SOFT,
                fontweight="bold", fontsize=TEXT_SIZE)  # fmt: skip
        y += GROUP_GAP
        for cell in margin.cells:
            middle = y + ROW / 2
            ax.text(-LABELS, middle + 4.5, cell.value, transform=_pixels(ax), color=INK, fontsize=TEXT_SIZE)
            ax.plot([0, 100 * most * 1.04], [middle, middle], color=RULE, linewidth=0.8, zorder=1)
            ax.plot([100 * cell.target] * 2, [middle - 6.5, middle + 6.5], color=INK, linewidth=2.2, zorder=2)
            ax.plot([100 * cell.share], [middle], "o", color=BLUE, markersize=6, zorder=3, clip_on=False)
            y += ROW
    return figure


def _margin_alt(margins: Sequence[Margin]) -> str:
    parts = [f"{m.variable}: " + ", ".join(f"{c.value} {_percent(c.share)} for {_percent(c.target)}" for c in m.cells)
             for m in margins]  # fmt: skip
    return "Shares of the profiles and of the census. " + ". ".join(parts) + "."


def _associations(associations: Sequence[Association]) -> Exhibit:
    verdicts = [a.verdict for a in associations]
    off = [a.title for a in associations if a.verdict == OFF]
    rows = [
        row(
            Cell(a.title, f"Source: {a.source}"),
            _estimate_cell(a),
            Cell(f"{number(a.truth, 2)} ± {number(a.tolerance, 2)}", a.unit),
            a.verdict,
        )
        for a in associations
    ]
    return Exhibit(
        name="association-chart",
        title="How far is each association from what was planted?",
        subtitle="Estimate with 95 % interval less the planted truth, in units of the stated tolerance; the band is "
        "the tolerance. By logistic or least-squares regression on what the law depends on.",
        sentence=f"{verdicts.count(WITHIN)} of {len(verdicts)} are recovered: within the tolerance, by an interval no "
        f"wider than four tolerances. {verdicts.count(OFF)} are off: the interval lies outside the tolerance. For "
        f"{verdicts.count(UNSURE)} the profiles are too few to tell." + (f"\nOff: {', '.join(off)}." if off else ""),
        svg=inline_svg(Drawing(_association_figure(associations), _association_alt(associations)), "association"),
        table=Table("Planted associations", ("Association", "Estimate", "Truth", "Verdict"),
                    tuple(rows), False),
        notes=("Filled blue circle: recovered. Vermilion diamond: off. Hollow circle: too few to tell. A lone "
               f"arrow points to an estimate, an arrow on a line to an interval, beyond {FARTHEST:g} tolerances.",),
    )  # fmt: skip


def _association_figure(associations: Sequence[Association]) -> Figure:
    height = TOP + BOTTOM + 20.0 * len(associations)
    figure = canvas(height, WIDTH + 60)
    ax = axes(figure, LABELS_WIDE, RIGHT, TOP, BOTTOM)
    ax.set_xlim(-FARTHEST - 0.15, FARTHEST + 0.15)
    ax.set_ylim(height - TOP - BOTTOM, 0)
    ax.set_yticks([])
    ax.set_xticks([-2, -1, 0, 1, 2])
    ax.set_xlabel("tolerances from the truth", labelpad=5, color=SOFT)
    ax.axvspan(-1, 1, color=RULE, alpha=0.45, linewidth=0, zorder=0)
    ax.axvline(0, color=INK, linewidth=1.2, zorder=1)
    for k, a in enumerate(associations):
        y = 20.0 * k + 10.0
        ax.text(-LABELS_WIDE, y + 4.5, a.title, transform=_pixels(ax), color=INK, fontsize=TEXT_SIZE - 1.5)
        if a.estimate is None or a.low is None or a.high is None:
            ax.text(0, y + 4, "no estimate", color=SOFT, ha="center", fontsize=TEXT_SIZE - 2,
                    bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1})  # fmt: skip
            continue
        at, low, high = ((x - a.truth) / a.tolerance for x in (a.estimate, a.low, a.high))
        shape, colour, filled = VERDICT_LOOK[a.verdict]
        if abs(at) > FARTHEST:
            edge, arrow = (FARTHEST, ">") if at > 0 else (-FARTHEST, "<")
            ax.plot([edge], [y], arrow, markersize=8, color=colour, zorder=4)
            continue
        ax.plot([max(low, -FARTHEST), min(high, FARTHEST)], [y, y], color=colour, linewidth=2, zorder=2)
        for end, arrow in ((low, "<"), (high, ">")):
            if abs(end) > FARTHEST:
                ax.plot(
                    [FARTHEST if end > 0 else -FARTHEST], [y], arrow, color=colour, markersize=5, zorder=3
                )
        ax.plot([at], [y], shape, markersize=6, color=colour if filled else PAPER,
                markeredgecolor=colour, markeredgewidth=1.6, zorder=4)  # fmt: skip
    return figure


def _association_alt(associations: Sequence[Association]) -> str:
    return "Planted associations. " + "; ".join(
        f"{a.title}: {_estimate(a)}, truth {a.truth:g}, {a.verdict}" for a in associations
    )


def _ages(shares: Sequence[AgeShare]) -> list[Exhibit]:
    if not shares:
        return []
    diseases = list(dict.fromkeys(s.disease for s in shares))
    panels = [
        Panel(sentence_case(d), inline_svg(Drawing(_age_figure(rows), _age_alt(d, rows)), f"age-{k}"))
        for k, d in enumerate(diseases)
        if (rows := [s for s in shares if s.disease == d])
    ]
    inside = sum(s.low <= s.expected <= s.high for s in shares)
    table = Table(
        "Shares with the disease by age",
        ("Disease, years", "Profiles", "Share", "Expected"),
        tuple(
            row(f"{s.disease}, {s.ages}", str(s.n), full(Estimate(100 * s.share, 100 * s.low, 100 * s.high), 1, "%"),
                _percent(s.expected))
            for s in shares
        ),
    )  # fmt: skip
    return [
        Exhibit(
            name="ages",
            title="Do diseases rise with age as planted?",
            subtitle="Share with the disease by age, with a 95 % interval (Wilson), and what the law expects of these "
            "very people (dark bar).",
            sentence=f"The expected share lies in the interval in {inside} of {len(shares)} places.",
            panels=tuple(panels),
            table=table,
        )
    ]


def _age_figure(rows: Sequence[AgeShare]) -> Figure:
    figure = canvas(170.0, 240.0)
    ax = axes(figure, 34, 8, 8, 38)
    most = 100 * max(max(s.high, s.expected) for s in rows)
    ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_ylim(0, most * 1.05)
    ax.set_xticks(
        range(len(rows)),
        [s.ages.replace("-105", "+").replace("-", "–") for s in rows],
        fontsize=TEXT_SIZE - 2.5,
    )
    ax.tick_params(axis="y", labelsize=TEXT_SIZE - 2)
    ax.locator_params(axis="y", nbins=4)
    ax.set_xlabel("years; share in %", color=SOFT, fontsize=TEXT_SIZE - 2, labelpad=3)
    for k, s in enumerate(rows):
        ax.plot([k, k], [100 * s.low, 100 * s.high], color=BLUE, linewidth=2, zorder=2)
        ax.plot([k - 0.22, k + 0.22], [100 * s.expected] * 2, color=INK, linewidth=2.2, zorder=3)
        ax.plot([k], [100 * s.share], "o", color=BLUE, markersize=6, zorder=4, clip_on=False)
    return figure


def _age_alt(disease: str, rows: Sequence[AgeShare]) -> str:
    return f"{disease} by age. " + "; ".join(
        f"{s.ages}: {_percent(s.share)}, expected {_percent(s.expected)}" for s in rows
    )


def _coherence(quality: Quality) -> Exhibit:
    rows = [
        row(
            b.title,
            str(b.count),
            ", ".join(b.profiles[:MOST_WHO]) + (", …" if b.count > MOST_WHO else "") or "none",
        )
        for b in sorted(quality.broken, key=lambda b: -b.count)
    ]
    return Exhibit(
        name="rules",
        title="Which rules of coherence are broken?",
        subtitle=f"{len(quality.broken)} rules; a missing value breaks none.",
        sentence=f"{quality.n_incoherent} of {quality.n} profiles break a rule.",
        table=Table("Rules", ("Rule", "Profiles", "Which"), tuple(rows), False),
    )


def _uniqueness(quality: Quality) -> Exhibit:
    missing = ", ".join(f"{column} {n}" for column, n in quality.missing.items())
    return Exhibit(
        name="uniqueness",
        title="Are profiles doubled, and could they point at a person?",
        subtitle="Equal in all but the label; groups of equal age band, sex, ethnicity, deprivation, rurality, "
        "insurance and language.",
        sentence=f"{quality.n_duplicate_rows} profiles, {quality.n_duplicate_pictures} pictures and "
        f"{quality.n_duplicate_vignettes} vignettes equal an earlier one.\n"
        f"The smallest group has {counted(quality.smallest_cell, 'person', 'people')}; {quality.n_alone} of "
        f"{quality.n} are alone in theirs, {quality.n_alone_by_year} with the year of age instead of the band.\n"
        "Privacy: profiles that Fairward draws describe nobody, however rare their group. If this file comes from "
        "real people, those who are alone in their group can be recognised by who knows these facts about them: do not "
        "share it.",
        notes=(f"Not measured or not taken: {missing}.",) if missing else (),
    )


def _estimate(a: Association) -> str:
    if a.estimate is None or a.low is None or a.high is None:
        return a.why or "none"
    return full(Estimate(a.estimate, a.low, a.high), 2, "")


def _estimate_cell(a: Association) -> Cell:
    if a.estimate is None or a.low is None or a.high is None:
        return Cell(a.why or "none")
    return Cell(number(a.estimate, 2), interval(Estimate(a.estimate, a.low, a.high), 2))


def _percent(share: float) -> str:
    return f"{number(100 * share, 1)}\N{NO-BREAK SPACE}%"


def _pixels(ax: Axes) -> Transform:
    """Return a transform: x in pixels from the left edge of the axes, y in data."""
    left = ax.get_window_extent().x0
    return blended_transform_factory(Affine2D().translate(left, 0), ax.transData)
