"""A trade-off in words, tables and JSON."""

from __future__ import annotations

from math import isfinite

from policies.audit.wording import figure
from policies.sentence import counted, decimals
from policies.told import Block, Told, plain
from policies.tradeoffs.front import SURE, Front, Standing
from sim.outcomes import METRICS

SCHEMA = "fairward.tradeoffs/1"


def tell_front(found: Front, title: str, run: str) -> Told:
    """Return the front, who is dominated and how sure that is."""
    names = found.labels
    on = [k for k, standing in enumerate(found.standings) if standing.on_front]
    out = [k for k in range(len(names)) if k not in on]
    sure = [k for k in out if found.standings[k].dominated_again >= SURE]
    goals = " and ".join(_goal(found, m) for m in range(len(found.objectives)))
    best = ", ".join(names[k] for k in on)
    said = f"Of {counted(len(names), 'option')}, {_are(on)} on the front of {goals}: {best}"
    said += f" ({counted(found.n_runs, 'paired run')}, seed {found.seed})"
    if out:
        said += f"; {_are(out)} dominated, {len(sure)} of them surely (in at least {100 * SURE:.0f} % of resamples)"
    said += "."
    volume = figure(found.hypervolume)
    return Told(
        title=title,
        question="what is gained here is lost there: which options does nothing beat?",
        sentence=said,
        facts=(
            ("Data", "synthetic"), ("Run", run), ("Options", str(len(names))), ("Paired runs", str(found.n_runs)),
            ("Seed", str(found.seed)),
        ),
        blocks=(
            Block(
                "front", "Which options does nothing beat?",
                "Means over runs with 95 % intervals. Again: the share of resamples in which it is on the front; "
                "replications are resampled jointly, so that all options keep the same patients.",
                ("option", *(o.title for o in found.objectives), "place", "on the front again"),
                tuple(_row(found, k) for k in (*on, *out)),
                sentence=_knee_words(found),
            ),
            *([_dominated(found, out)] if out else []),
            Block(
                "hypervolume", "How much does the front cover?",
                "The volume between the front and a corner; larger is better. It compares fronts with the same corner.",
                ("", "value"),
                (
                    ("hypervolume", f"{volume} {_volume_unit(found)}".rstrip()),
                    *(
                        (f"corner: {o.title}", _plain_number(found, m, found.reference[m]))
                        for m, o in enumerate(found.objectives)
                    ),
                ),
                notes=()
                if found.stated
                else ("The corner is the worst mean of these options, held fixed; to compare runs, name one.",),
            ),
        ),
        notes=tuple(_notes(found)),
        content=_content(found, run),
    )  # fmt: skip


def _are(options: list[int]) -> str:
    return f"{len(options)} {'is' if len(options) == 1 else 'are'}"


def _goal(found: Front, m: int) -> str:
    objective = found.objectives[m]
    title = objective.title
    return f"{'low' if objective.lower_is_better else 'high'} {title[:1].lower()}{title[1:]}"


def _row(found: Front, k: int) -> tuple[str, ...]:
    standing = found.standings[k]
    place = "front" if standing.on_front else "dominated"
    if k == found.knee:
        place = "front, knee"
    values = (
        figure(e, METRICS[o.metric].unit) for e, o in zip(standing.values, found.objectives, strict=True)
    )
    return (f"{k + 1} {found.labels[k]}", *values, place, _per_cent(standing.on_front_again))


def _dominated(found: Front, out: list[int]) -> Block:
    rows = []
    for k in out:
        standing = found.standings[k]
        assert standing.surest is not None
        more = len(standing.dominated_by) - 1
        rows.append(
            (
                f"{k + 1} {found.labels[k]}",
                f"{standing.surest + 1} {found.labels[standing.surest]}"
                + (f", and {more} more" if more else ""),
                *(
                    figure(e, METRICS[o.metric].unit, sign=True)
                    for e, o in zip(standing.differences, found.objectives, strict=True)
                ),
                _per_cent(standing.surest_again),
                f"{_per_cent(standing.dominated_again)}{_sure(standing)}",
            )
        )
    return Block(
        "dominated", "Which are dominated, and how surely?",
        "Worse or equal in all objectives than another option. Differences: this less the one that dominates it most "
        "often, paired by run. Share of the resamples in which that one dominates it, and in which any does.",
        ("option", "dominated by", *(o.title for o in found.objectives), "by that one", "by any"), tuple(rows),
    )  # fmt: skip


def _sure(standing: Standing) -> str:
    if not isfinite(standing.dominated_again):
        return ""
    return " (sure)" if standing.dominated_again >= SURE else " (not sure)"


def _knee_words(found: Front) -> str:
    if found.knee is None:
        if len(found.objectives) != 2:
            return "A knee is looked for with two objectives only."
        return "There is no knee: fewer than three options are on the front, or none bulges."
    return (
        f"The knee, where more of one costs most of the other on both sides, is {found.labels[found.knee]} (the "
        f"same in {_per_cent(found.knee_again)} of the resamples)."
    )


def _notes(found: Front) -> list[str]:
    notes = [
        "The patients are synthetic: this is what follows from the model, and no finding about real people."
    ]
    if isfinite(found.hypervolume.low):
        notes.append(
            f"Intervals are 95 % by a percentile bootstrap over {found.n_runs} runs, jointly for all options, each by "
            "itself and not corrected for their number."
        )
    else:
        notes.append(f"{counted(found.n_runs, 'run')} are too few for intervals; at least 6 are needed.")
    notes.append(
        "The best of several noisy means looks better than it is, so a hypervolume is a little too large with few runs."
    )
    if found.left_out:
        notes.append(
            f"Groups with fewer than 10 patients a run are left out of worst and gap: {', '.join(found.left_out)}."
        )
    notes.append("An option that was not run cannot be on the front: the front is of these options only.")
    return notes


def _content(found: Front, run: str) -> dict[str, object]:
    return {
        "schema": SCHEMA, "run": run, "seed": found.seed, "runs": found.n_runs,
        "objectives": [
            {"written": o.written, "title": o.title, "better": "lower" if o.lower_is_better else "higher"}
            for o in found.objectives
        ],
        "hypervolume": plain(found.hypervolume), "corner": list(found.reference), "corner_stated": found.stated,
        "knee": None if found.knee is None else found.labels[found.knee], "knee_again": plain(found.knee_again),
        "options": [
            {
                "option": label, "values": [plain(e) for e in s.values], "on_front": s.on_front,
                "on_front_again": plain(s.on_front_again), "dominated_by": [found.labels[j] for j in s.dominated_by],
                "dominated_again": plain(s.dominated_again),
                "differences_to_the_surest": [plain(e) for e in s.differences],
            }
            for label, s in zip(found.labels, found.standings, strict=True)
        ],
        "left_out": list(found.left_out),
    }  # fmt: skip


def _volume_unit(found: Front) -> str:
    units = [METRICS[o.metric].unit for o in found.objectives]
    return " x ".join(unit for unit in units if unit)


def _plain_number(found: Front, m: int, value: float) -> str:
    factor, unit = found.objectives[m].unit
    shown = value * factor
    return f"{shown:.{decimals(shown, float('nan'), float('nan'))}f} {unit}".rstrip()


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %" if isfinite(share) else "not known"
