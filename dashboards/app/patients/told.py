"""A cohort in exhibits: how high the risk is, group by group, and who is in which band. Small groups are hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboards.app.patients.cohort import Codes, Cohort
from dashboards.app.patients.drawn import Spread, spread
from dashboards.report.exhibit import Cell, Exhibit, Table, row
from dashboards.report.ink import inline_svg
from dashboards.report.phrases import percent
from dashboards.report.wording import counted, listed, sentence_case, tidy
from sim.fairness.suppression import Mask, Smallest, protected

FEWEST = Smallest().a_run
"""People below which a group, or a band of a group, is hidden."""
HIDDEN = "hidden"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False)
class Counts:
    """People by group and band, and what of it may be shown."""

    n: Codes
    """groups x bands."""
    few_group: Mask
    """groups."""
    few_band: Mask
    """bands, of everybody."""
    few: Mask
    """groups x bands."""


def counts(cohort: Cohort, by: str) -> Counts:
    """Return who is where; nothing that is hidden can be had by subtraction."""
    values, codes = cohort.groups[by]
    known = cohort.there & (codes >= 0)
    n_groups, n_bands = len(values), len(cohort.bands.names)
    place = codes[known] * n_bands + cohort.bands.of(cohort.risk[known])
    n = np.bincount(place, minlength=n_groups * n_bands).reshape(n_groups, n_bands)
    cells = np.concatenate(([n.sum()], n.sum(axis=1), n.sum(axis=0), n.ravel())).astype(np.float64)
    groups = np.arange(1, 1 + n_groups)
    bands = np.arange(1 + n_groups, 1 + n_groups + n_bands)
    grid = np.arange(len(cells) - n.size, len(cells)).reshape(n.shape)
    lines = [(0, tuple(map(int, groups))), (0, tuple(map(int, bands)))]
    lines += [(int(groups[g]), tuple(map(int, grid[g]))) for g in range(n_groups)]
    lines += [(int(bands[b]), tuple(map(int, grid[:, b]))) for b in range(n_bands)]
    hidden = protected(cells, lines, (cells > 0) & (cells < FEWEST))
    return Counts(n, hidden[groups], hidden[bands], hidden[grid] | hidden[groups][:, None])


def cohort_exhibits(cohort: Cohort, by: str) -> tuple[Exhibit, ...]:
    """Return the distribution of the risk by group with the thresholds."""
    found = counts(cohort, by)
    values, codes = cohort.groups[by]
    known = cohort.there & (codes >= 0)
    rows = [_spread("everybody", cohort.risk[known])] if known.any() else []
    shown = [g for g in range(len(values)) if found.n[g].sum() and not found.few_group[g]]
    rows += [_spread(tidy(values[g]), cohort.risk[known & (codes == g)]) for g in shown]
    limits = list(zip(cohort.bands.names, cohort.bands.limits, strict=True))[1:]
    title = f"How high is the {cohort.measure}, by {tidy(by)}?"
    method = (
        f"{cohort.title[:1].upper()}{cohort.title[1:]}{', ' + cohort.when if cohort.when else ''}. Dot: the median; "
        f"thick line: the middle half; thin line: 9 in 10. Dashed: where a band begins ({cohort.bands.origin})."
    )
    exhibit = Exhibit(
        name="spread",
        title=title,
        subtitle=method,
        sentence=_sentence(cohort, by, found),
        svg=inline_svg(spread(rows, limits, cohort.measure), "spread") if rows else "",
        table=_table(cohort, by, found, rows),
        notes=_notes(cohort, by, found),
    )
    return (exhibit,)


def _spread(label: str, risk: np.ndarray) -> Spread:
    return Spread(label, len(risk), tuple(float(q) for q in np.quantile(risk, QUANTILES)))


def _sentence(cohort: Cohort, by: str, found: Counts) -> str:
    total, bands = int(found.n.sum()), cohort.bands
    said = [
        f"{percent(n / total)} are {_in(name)}"
        for name, n, few in zip(bands.names, found.n.sum(axis=0), found.few_band, strict=True)
        if not few
    ]
    first = (
        f"Of {counted(total, 'person', 'people')} {listed(said)} ({bands.said})."
        if said
        else f"Too few people are counted to say who is in which band ({bands.said})."
    )
    top = len(bands.names) - 1
    sizes = found.n.sum(axis=1)
    shares = {
        g: found.n[g, top] / sizes[g]
        for g in range(len(sizes))
        if sizes[g] and not found.few_group[g] and not found.few[g, top]
    }
    if len(shares) < 2 or not top or max(shares.values()) == min(shares.values()):
        return first
    values = cohort.groups[by][0]
    most, least = max(shares, key=lambda g: shares[g]), min(shares, key=lambda g: shares[g])
    return (
        f"{first}\nBy {tidy(by)}, most are {_in(bands.names[top])} among “{tidy(values[most])}” "
        f"({percent(shares[most])}), fewest among “{tidy(values[least])}” ({percent(shares[least])})."
    )


def _in(band: str) -> str:
    return f"in the band “{tidy(band)}”"


def _table(cohort: Cohort, by: str, found: Counts, rows: list[Spread]) -> Table:
    bands = cohort.bands.names
    values, _ = cohort.groups[by]
    shown = [g for g in range(len(values)) if found.n[g].sum() and not found.few_group[g]]
    per_band = [(found.n.sum(axis=0), found.few_band)] + [(found.n[g], found.few[g]) for g in shown]
    body = []
    for one, (n, few) in zip(rows, per_band, strict=True):
        low, first, median, last, high = one.quantiles
        body.append(
            row(
                one.label,
                f"{one.n}",
                Cell(f"{median:.3f}", f"{first:.3f} to {last:.3f}"),
                f"{low:.3f} to {high:.3f}",
                *(HIDDEN if hide else percent(k / n.sum()) for k, hide in zip(n, few, strict=True)),
            )
        )
    columns = (
        tidy(by).capitalize(), "People", "Median, middle half", "9 in 10", *(f"In “{tidy(name)}”" for name in bands)
    )  # fmt: skip
    return Table(f"{sentence_case(cohort.measure)}, and bands", columns, tuple(body))


def _notes(cohort: Cohort, by: str, found: Counts) -> tuple[str, ...]:
    notes = [cohort.origin]
    values = cohort.groups[by][0]
    if hidden := [tidy(values[g]) for g in range(len(values)) if found.few_group[g] and found.n[g].sum()]:
        notes.append(f"Hidden, being small or needed to hide a small one: {listed(hidden)}.")
    if found.few.any():
        notes.append(
            f"Bands of fewer than {FEWEST} people are hidden, and others with them, so that none can be worked out."
        )
    unknown = int((cohort.there & (cohort.groups[by][1] < 0)).sum())
    if unknown:
        notes.append(f"{tidy(by).capitalize()} is not known of some people; they are left out here.")
    return (*notes, *cohort.notes)
