"""A study of uncertainty in words, tables and JSON."""

from __future__ import annotations

from math import isfinite, sqrt

from policies.audit.wording import figure, p_text
from policies.sentence import counted
from policies.told import Block, Dot, Told, as_estimated, plain
from policies.uncertainty.draws import figures
from policies.uncertainty.sensitivity import HIGH, LOW, Sobol, Swing
from policies.uncertainty.study import Drawn, Study
from sim.evidence.estimated import Estimated
from sim.outcomes import METRICS

SCHEMA = "fairward.uncertainty/1"
SYNTHETIC = "The patients are synthetic: this is what follows from the model and from what is believed of its figures."


def tell_split(study: Study, drawn: Drawn) -> Told:
    """Return the split of the variance."""
    found, unit = drawn.split, METRICS[study.objective.metric].unit
    whole, ignorance, chance = (_root(e) for e in (found.total, found.epistemic, found.aleatoric))
    share = found.share
    runs = f"{found.n_draws} draws of {counted(len(drawn.names), 'figure')} x {found.n_inner} runs, seed {study.seed}"
    said = f"{_what(study)} is {figure(as_estimated(found.mean), unit, study.change)} ({runs}"
    said += f", {_policies(study)}). Not knowing the figures makes {figure(share, 'share')} of the variance of a run"
    said += "; the rest is chance."
    if drawn.better is not None:
        said += f" {study.policies[1]} was better in {100 * drawn.better:.0f} % of the draws."
    rows = [
        ("all together", figure(whole, unit), "100 %"),
        ("not knowing the figures (epistemic)", figure(ignorance, unit), figure(share, "share")),
        ("chance (aleatoric)", figure(chance, unit), figure(_other(share), "share")),
    ]
    factor, shown = study.objective.unit
    low, high = (factor * x for x in found.middle)
    notes = [
        SYNTHETIC,
        "Shares of variance, bias-corrected: what chance adds to the spread of the draws' means is taken off "
        "(one-way random effects). Every run has random numbers of its own.",
        "Intervals are nominal 95 % by the jackknife over draws; for skewed outcomes they cover less (as little "
        "as 84 % in a simulation), for even ones 93-96 %.",
        f"95 % of the single runs lay between {low:.4g} and {high:.4g} {shown}.".replace(" .", "."),
        "What is not listed under `uncertain` is taken as known; so is the form of the model itself.",
    ]
    if found.epistemic_raw < 0:
        raw = f"The raw epistemic variance is {found.epistemic_raw:.4g}, below 0, and shown as 0: "
        notes.insert(1, f"{raw}these draws cannot tell it from none. More --reps help.")
    if found.share.why:
        notes.insert(1, f"No intervals: {found.share.why}.")
    return Told(
        title=study.scenario.title or study.scenario.name,
        question=f"how sure are we of {_what(study, middle=True)}?",
        sentence=said,
        facts=_facts(study, f"{found.n_draws} x {found.n_inner}"),
        blocks=(
            Block(
                "split", "Where does the spread come from?",
                "Standard deviation of the outcome of one run, and the share of its variance.",
                ("", "standard deviation", "share of the variance"), tuple(rows),
                dots=tuple(
                    Dot(name, Estimated(e.value * factor, e.low * factor, e.high * factor), i)
                    for i, (name, e) in enumerate(
                        (("all together", whole), ("not knowing the figures", ignorance), ("chance", chance))
                    )
                ),
                axis=f"standard deviation, {shown}", difference=False,
            ),
            _beliefs(study),
        ),
        notes=tuple(notes),
        content={
            **_head(study, "split"), "draws": found.n_draws, "inner": found.n_inner, "mean": plain(found.mean),
            "epistemic_variance": {**plain(found.epistemic), "raw": found.epistemic_raw},
            "aleatoric_variance": plain(found.aleatoric), "total_variance": plain(found.total),
            "epistemic_share": plain(share), "middle_95": list(found.middle), "better": drawn.better,
        },
    )  # fmt: skip


def tell_tornado(study: Study, swings: list[Swing]) -> Told:
    """Return the figures one at a time."""
    unit, (factor, shown) = METRICS[study.objective.metric].unit, study.objective.unit
    n_runs = swings[0].swing.n_runs
    rows = [
        (
            one.name, figure(as_estimated(one.low), unit, True), figure(as_estimated(one.high), unit, True),
            figure(as_estimated(one.swing), unit, True), p_text(one.p_value),
        )
        for one in swings
    ]  # fmt: skip
    clear = [one for one in swings if one.p_value < 0.05]
    first = clear[0] if clear else None
    said = (
        f"Of {counted(len(swings), 'figure')}, {first.name} moves {_what(study, middle=True)} most: "
        f"{figure(as_estimated(first.swing), unit, True)} from its {100 * LOW:.0f} % to {100 * HIGH:.0f} % quantile; "
        f"{len(clear)} of {len(swings)} move it clearly"
        if first is not None
        else f"None of {counted(len(swings), 'figure')} clearly moves {_what(study, middle=True)}"
    )
    dots = [
        Dot(
            f"{'low' if i == 0 else 'high'} ({100 * q:.0f} % quantile)",
            Estimated(e.mean * factor, e.low * factor, e.high * factor), i, one.name if i == 0 else "",
        )
        for one in swings
        for i, (q, e) in enumerate(((LOW, one.low), (HIGH, one.high)))
    ]  # fmt: skip
    return Told(
        title=study.scenario.title or study.scenario.name,
        question=f"which figure moves {_what(study, middle=True)} most?",
        sentence=f"{said} ({counted(n_runs, 'paired run')} of each, seed {study.seed}, {_policies(study)}).",
        facts=_facts(study, str(n_runs)),
        blocks=(
            Block(
                "tornado", "Which figure matters most?",
                f"One figure at a time at its {100 * LOW:.0f} % and {100 * HIGH:.0f} % quantile less all as written, "
                "paired by run; p of no swing by a paired t test, corrected by Holm for the number of figures.",
                ("figure", "low", "high", "high less low", ""), tuple(rows),
                dots=tuple(dots), axis=f"change against the scenario as written, {shown}",
            ),
            _beliefs(study),
        ),
        notes=(
            SYNTHETIC,
            _interval_note(n_runs),
            "One at a time cannot see figures that matter only together: use --method sobol for that.",
            "The others stay as written in the scenario, which need not be the middle of what is believed.",
        ),
        content={
            **_head(study, "tornado"), "runs": n_runs,
            "figures": [
                {"name": one.name, "low": plain(one.low), "high": plain(one.high), "swing": plain(one.swing),
                 "p_value": one.p_value} for one in swings
            ],
        },
    )  # fmt: skip


def tell_sobol(study: Study, found: Sobol) -> Told:
    """Return the indices."""

    def shown(value: float, half: float) -> Estimated:
        return Estimated(value, value - half, value + half)

    rows = [
        (one.name, figure(shown(one.first, one.first_half)), figure(shown(one.total, one.total_half)))
        for one in found.indices
    ]
    noise = f"{100 * found.noise_share:.1f} %" if isfinite(found.noise_share) else "not known"
    top = found.indices[0]
    n_points = counted(found.n_points, "point")
    return Told(
        title=study.scenario.title or study.scenario.name,
        question=f"which figures make {_what(study, middle=True)} uncertain, alone and together?",
        sentence=f"{top.name} has the largest part in how uncertain {_what(study, middle=True)} is: total index "
        f"{figure(shown(top.total, top.total_half))} ({n_points} x {counted(found.n_runs, 'run')}, seed {study.seed}, "
        f"{_policies(study)}; {noise} of the variance between points is luck).",
        facts=_facts(study, f"{found.n_points} x {found.n_runs}"),
        blocks=(
            Block(
                "sobol", "Which figures matter, alone and together?",
                "Share of the variance between points: first order (by itself), total (with all interactions). "
                "Saltelli's design and Jansen's estimator by SALib.",
                ("figure", "first order", "total"), tuple(rows),
                dots=tuple(
                    Dot(f"{kind}", shown(value, half), i, one.name if i == 0 else "")
                    for one in found.indices
                    for i, (kind, value, half) in enumerate(
                        (("first order", one.first, one.first_half), ("total", one.total, one.total_half))
                    )
                ),
                axis="share of the variance", difference=False,
            ),
            _beliefs(study),
        ),
        notes=(
            SYNTHETIC,
            "Intervals are 95 %, from resampling the points; estimates may lie a little below 0 or above 1.",
            f"Indices are of the mean over {counted(found.n_runs, 'run')} with the same random numbers at all points. "
            f"Luck that interacts with the figures makes {noise} of the variance between points; it lowers first-order "
            "and raises total indices by about so much. More --reps lower it.",
            "Figures are taken as independent of one another.",
        ),
        content={
            **_head(study, "sobol"), "points": found.n_points, "runs": found.n_runs, "variance": found.variance,
            "noise_share": found.noise_share if isfinite(found.noise_share) else None,
            "figures": [
                {"name": one.name, "first": plain(shown(one.first, one.first_half)),
                 "total": plain(shown(one.total, one.total_half))} for one in found.indices
            ],
        },
    )  # fmt: skip


def _beliefs(study: Study) -> Block:
    rows = []
    for name, one in figures(study.scenario).items():
        law = ", ".join(f"{key} {value}" for key, value in one.written().items())
        if one.law == "values":
            law = ", ".join(str(value) for value in one.written().values())
        rows.append((name, f"{one.change} {', '.join(one.paths)}", f"{one.law}: {law}", one.source))
    return Block(
        "beliefs", "What is not known for certain?", "As the scenario says.",
        ("figure", "what it changes", "belief", "source"), tuple(rows),
    )  # fmt: skip


def _what(study: Study, middle: bool = False) -> str:
    title = study.objective.title
    said = f"the {title[:1].lower()}{title[1:]}"
    if study.change:
        said = f"what {study.policies[1]} changes in {said} against {study.policies[0]}"
    return said if middle else said[:1].upper() + said[1:]


def _policies(study: Study) -> str:
    return f"policy {study.policies[0]}" if not study.change else "the same patients under both"


def _head(study: Study, method: str) -> dict[str, object]:
    return {
        "schema": SCHEMA, "method": method, "scenario": study.scenario.name, "policies": list(study.policies),
        "seed": study.seed, "outcome": study.objective.written,
    }  # fmt: skip


def _facts(study: Study, runs: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Data", "synthetic"), ("Policies", ", ".join(study.policies)), ("Runs", runs), ("Seed", str(study.seed)),
    )  # fmt: skip


def _interval_note(n_runs: int) -> str:
    if n_runs == 1:
        return "One run has no interval. Use --reps 20 or more."
    return f"Intervals are 95 % over {n_runs} paired runs (t), each by itself."


def _root(variance: Estimated) -> Estimated:
    def root(x: float) -> float:
        return sqrt(x) if isfinite(x) and x >= 0 else float("nan")

    return Estimated(root(variance.value), root(variance.low), root(variance.high))


def _other(share: Estimated) -> Estimated:
    return Estimated(1 - share.value, 1 - share.high, 1 - share.low)
