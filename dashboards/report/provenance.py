"""Where the numbers come from: enough to run them again."""

from __future__ import annotations

import shlex

from dashboards.report.reading import Story
from dashboards.report.stress import flat

NOT_OF_THE_RESULT = ("reused",)
"""How this execution went; a repetition gives the same report without it."""

MOST_ITEMS = 4


def provenance(story: Story) -> list[tuple[str, str]]:
    """Return (what, value) in a fixed order: the question's, the runs', then all that the answer carries."""
    a = story.answer
    numbers = list(a.replications)
    span = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else "".join(map(str, numbers))
    own = [
        ("scenario", a.scenario.name),
        ("policies", ", ".join(a.policies)),
        ("seed", str(a.seed)),
        ("replications", f"{len(numbers)} (number {span})"),
    ]
    carried = {k: _shortened(v) for k, v in a.provenance.items() if k not in ("command", *NOT_OF_THE_RESULT)}
    return [*own, *flat(carried)]


def command(story: Story) -> str:
    """Return the command as the answer carries it, else one that repeats the run from its folder."""
    given = story.answer.provenance.get("command")
    if given:
        return given if isinstance(given, str) else shlex.join(map(str, given))
    a = story.answer
    run = ["run", "scenario.resolved.yaml", "--policy", a.policies[0]]
    if len(a.policies) > 1:
        run = ["compare", "scenario.resolved.yaml", "--policies", ",".join(a.policies)]
    return shlex.join(["fairward", *run, "--reps", str(len(a.replications)), "--seed", str(a.seed)])


def _shortened(thing: object) -> object:
    """Long lists (a hash for every run) are cut; the manifest has them whole."""
    if hasattr(thing, "items"):
        return {key: _shortened(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple) and len(thing) > MOST_ITEMS:
        return f"{len(thing)} in manifest.json, the first {thing[0]}"
    return thing
