"""One person in exhibits: who it is, how the risk moves, which band and why, what happened."""

from __future__ import annotations

import numpy as np

from dashboards.app.patients.cohort import ORIGINS, Cohort, Course, Person
from dashboards.app.patients.drawn import course_drawing
from dashboards.report.contributions import Ends, waterfall
from dashboards.report.exhibit import Exhibit, Table, row, words
from dashboards.report.ink import inline_svg
from dashboards.report.wording import counted, listed, sentence_case, tidy

MOST_ROWS = 18
"""Of the table of a course: longer ones are thinned out evenly; days of contacts stay."""


def person_exhibits(cohort: Cohort, person: Person, top_k: int) -> tuple[Exhibit, ...]:
    """Return what the page shows of a person; `top_k`: how many reasons."""
    return _why(cohort, person, top_k), _over_time(cohort, person), _who(person), _contacts(person)


def _why(cohort: Cohort, person: Person, top_k: int) -> Exhibit:
    reasons = person.reasons
    top = reasons.order[:top_k]
    rest = float(reasons.values.sum() - reasons.values[top].sum())
    drawing = waterfall(
        reasons.labels, reasons.texts, reasons.values, reasons.base, reasons.total,
        Ends(reasons.scale, "to begin with", "here", "raise the risk", "lower it"), top_k,
    )  # fmt: skip
    rows = [row("To begin with", reasons.base_said, f"{reasons.base:.3f}")]
    rows += [
        row(sentence_case(reasons.labels[j]), reasons.texts[j], f"{reasons.values[j]:+.3f}") for j in top
    ]
    if len(reasons.order) > len(top):
        rows.append(row("All others", counted(len(reasons.order) - len(top), "input"), f"{rest:+.3f}"))
    rows.append(row(f"Sum: {reasons.scale}", "", f"{reasons.total:.3f}"))
    return Exhibit(
        name="why",
        title=f"Which band, and why? {sentence_case(person.label)}",
        subtitle=reasons.method,
        sentence=_why_said(cohort, person, top),
        svg=inline_svg(drawing, "why"),
        table=Table("What adds up", ("What", "Value", f"Adds to the {reasons.scale}"), tuple(rows), False),
        notes=person.notes,
    )


def _why_said(cohort: Cohort, person: Person, top: np.ndarray) -> str:
    bands, reasons = cohort.bands, person.reasons
    band = int(bands.of(np.array([person.risk]))[0])
    ends = [f"from {bands.limits[band]:g}"] if band else []
    ends += [f"below {bands.limits[band + 1]:g}"] if band + 1 < len(bands.limits) else []
    when = f", {cohort.when}," if cohort.when else ""
    said = (
        f"{sentence_case(person.label)} is{when} in the band “{tidy(bands.names[band])}” ({' and '.join(ends)}): the "
        f"{cohort.measure} is {person.risk:.3f}."
    )
    if not len(top):
        return f"{said}\nNothing sets it apart from {reasons.base_said}."
    most = [
        f"{reasons.labels[j]}{f' ({reasons.texts[j]})' if reasons.texts[j] else ''} {reasons.values[j]:+.3f}"
        for j in top
    ]
    against = f"{reasons.base_said} ({reasons.scale} {reasons.base:.3f})"
    return f"{said}\nCompared with {against}, what counts most: {listed(most)}."


def _over_time(cohort: Cohort, person: Person) -> Exhibit:
    title = f"How does the risk move? {sentence_case(person.label)}"
    course = person.course
    if course is None:
        return Exhibit("course", title, "Not shown.", person.no_course)
    chance = course.interval or "There is no chance in it, so there is no range."
    return Exhibit(
        name="course",
        title=title,
        subtitle=f"{sentence_case(cohort.measure)}. Dashed: where a band begins."
        + ("" if course.now is None else " Dotted: the day chosen.")
        + (" Triangles: contacts with a hospital." if course.marks else ""),
        sentence=f"{course.said} {chance}",
        svg=inline_svg(course_drawing(course, cohort.bands, cohort.measure), "course"),
        table=_course_table(cohort, course),
    )


def _course_table(cohort: Cohort, course: Course) -> Table:
    n = len(course.days)
    kept = set(range(0, n, -(-n // MOST_ROWS))) | {n - 1}
    marks: dict[int, list[str]] = {}
    for day, what in course.marks:
        at = int(np.searchsorted(course.days, day, side="right") - 1)
        marks.setdefault(at, []).append(what)
    kept |= set(marks)
    bands = cohort.bands.of(course.risk)
    rows = [
        row(
            f"{course.days[k]:g}",
            f"{course.risk[k]:.3f}",
            f"{course.low[k]:.3f} to {course.high[k]:.3f}" if course.interval else "",
            tidy(cohort.bands.names[bands[k]]),
            *(texts[k] for _, texts in course.extra),
            listed(marks.get(k, [])),
        )
        for k in sorted(kept)
    ]
    columns = ("Day", "Risk", "Range (95 %)", "Band", *(head for head, _ in course.extra), "Contact")
    return words("Risk by day" + ("" if len(kept) == n else ", a part of the days"), columns, rows)


def _who(person: Person) -> Exhibit:
    origins = {fact.origin: None for fact in person.facts}
    counts = [f"{counted(sum(f.origin == one for f in person.facts), 'field')} {one}" for one in origins]
    return Exhibit(
        name="who",
        title=f"Who is this? {sentence_case(person.label)}",
        subtitle="Every field, and how it is known. Nobody here has a name.",
        sentence=(f"“{person.text}”\n" if person.text else "") + f"{sentence_case(listed(counts))}.",
        table=words(
            "Fields", ("Field", "Value", "How known", "Source"),
            [row(fact.field, fact.value, fact.origin, fact.source) for fact in person.facts],
        ),
        notes=tuple(f"{sentence_case(one)}: {ORIGINS[one]}." for one in origins),
    )  # fmt: skip


def _contacts(person: Person) -> Exhibit:
    return Exhibit(
        name="contacts",
        title=f"What happened? {sentence_case(person.label)}",
        subtitle="Contacts, visits and doses, in the order of time.",
        sentence=person.contacts_said,
        table=person.contacts,
    )
