"""What the report cannot say, and what it does not show."""

from __future__ import annotations

from dashboards.report.reading import CENSORED, FEWEST, UNTREATED, Story
from dashboards.report.wording import decimals, full, listed, unit
from scenarios.units import format_duration


def limits(story: Story) -> list[str]:
    """Return the limits as sentences: the general ones first, then what the answer itself notes."""
    said = [
        f"{_data(story)} The patients, their groups and the differences "
        "between groups are as the scenario states them; a finding here is a finding about the scenario.",
        _causes(story),
        f"Groups with fewer than {FEWEST} patients a run are not shown.",
        "Intervals say how much results vary between runs of this model. They do not say how wrong the model's "
        "figures or its structure may be; vary the scenario for that.",
    ]
    if len(story.answer.replications) == 1:
        said.append("One run: there are no intervals, and no difference can be called clear.")
    else:
        said.append("Many intervals are shown and none is widened for their number: of 20 without any real change, "
                    "about one will leave out zero by chance.")  # fmt: skip
    if story.has(CENSORED):
        said.append(_censored(story))
    missing = [
        story.label(p) for p, name in enumerate(story.policies) if not story.level(name, UNTREATED).known
    ]
    if missing:
        said.append(
            f"The untreated time is not known under {listed(missing)}: too few could be followed long enough."
        )
    return [*said, *(note for note in story.answer.notes if note not in said)]


def _data(story: Story) -> str:
    profiles = story.scenario.profiles
    if profiles is None or profiles.file is None:
        return "Synthetic data: no record of a person went into this."
    return f"Simulated patients, with profiles from {profiles.file}: whether these are synthetic is not known here."


def _causes(story: Story) -> str:
    if story.scenario.disparities == type(story.scenario.disparities)():
        return (
            "The scenario contains no difference in how groups are treated; groups differ only by who they are and "
            "where they come."
        )
    return (
        "Differences between groups come partly from differences that the scenario contains; 3.3 lists them."
    )


def _censored(story: Story) -> str:
    factor = unit(story.metric(CENSORED).unit).factor
    shares = [story.level(name, CENSORED).times(factor) for name in story.policies]
    said = listed([f"{full(e, decimals([e]), '%')} under {story.label(p)}" for p, e in enumerate(shares)])
    return (
        f"Still in the system at the end, after {format_duration(story.scenario.horizon)}: {said}. They count as "
        "censored: their time up to the end is used, what came after is not known."
    )
