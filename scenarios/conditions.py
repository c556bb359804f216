"""Checks of what occurs all over a scenario: conditions (`when`), lists of cases, shares."""

import math
from collections.abc import Collection, Mapping, Sequence

from scenarios.quantities import When
from scenarios.report import Report
from scenarios.scenario import Scenario
from scenarios.shape import listing
from scenarios.tree import Path

BUILT_IN = ("class", "acuity", "triage", "hospital", "source")
"""Attributes that every patient has without their being written."""

DEFINED_AT = {
    "class": "classes",
    "acuity": "acuities",
    "triage": "acuities",
    "hospital": "hospitals",
    "source": "arrivals",
}
"""Where the values of the built-in attributes are written."""

BEFORE_ACUITY = ("class", "hospital", "source")
"""The built-in attributes that are known before attributes and acuity are drawn."""

BEFORE_TRIAGE = (*BEFORE_ACUITY, "acuity")

TOLERANCE = 1e-6


class Vocabulary:
    """The attributes by which patients can be told apart, with their values."""

    def __init__(self, scenario: Scenario) -> None:
        attributes = scenario.attributes
        self.categories: dict[str, list[str]] = {
            name: list(dict.fromkeys(value for case in attribute.share for value in case.share))
            for name, attribute in attributes.items()
            if attribute.share is not None
        }
        self.numbers = [name for name, attribute in attributes.items() if attribute.number is not None]
        self.built_in: dict[str, Collection[str]] = {
            "class": scenario.classes,
            "acuity": scenario.acuities,
            "triage": scenario.acuities,
            "hospital": scenario.hospitals,
            "source": scenario.arrivals,
        }


class Conditions:
    """Checks conditions against the vocabulary and reports what is wrong."""

    def __init__(self, scenario: Scenario, report: Report) -> None:
        self.vocabulary = Vocabulary(scenario)
        self.report = report

    def when(
        self, path: Path, when: When, known: Sequence[str] = BUILT_IN, above: Sequence[str] | None = None
    ) -> None:
        """Check one condition; `known` are the built-in attributes that exist here, `above` the others (None: all)."""
        for name, values in when.items():
            place = (*path, name)
            if name in BUILT_IN:
                if name not in known:
                    self.report.add(
                        place,
                        "",
                        f'"{name}" is not known yet when this is drawn',
                        f"Known: {listing(known)}.",
                    )
                self._values(place, name, values, self.vocabulary.built_in[name])
            elif name in self.vocabulary.categories:
                if above is not None and name not in above:
                    self.report.add(place, "", f'"{name}" is drawn later than this', f'Write "{name}" above.')
                self._values(place, name, values, self.vocabulary.categories[name])
            elif name in self.vocabulary.numbers:
                remedy = "Conditions take attributes with a `share`."
                self.report.add(place, "", f'"{name}" is a number and cannot be a condition', remedy)
            else:
                names = [*self.vocabulary.categories, *known]
                self.report.unknown(
                    place, name, "an attribute of this scenario", names, defined_at=[("attributes",)]
                )

    def cases(
        self,
        path: Path,
        whens: Sequence[When],
        known: Sequence[str] = BUILT_IN,
        above: Sequence[str] | None = None,
        covering: bool = True,
        keys: Sequence[str] | None = None,
    ) -> None:
        """Check cases of which the first that holds is taken.

        `covering`: one must hold for everybody. `keys`: the cases are a mapping with these keys, not a list.
        """
        places: Sequence[str | int] = keys if keys is not None else range(len(whens))
        for i, (place, when) in enumerate(zip(places, whens, strict=True)):
            self.when((*path, place, "when"), when, known, above)
            earlier = next((j for j in range(i) if implies(when, whens[j])), None)
            if earlier is not None:
                who = "everybody" if not whens[earlier] else "all for whom it would hold"
                remedy = "Put the narrower case first, and the one without `when` last."
                self.report.add(
                    (*path, place), "", f"this case is never used: case {earlier + 1} takes {who}", remedy
                )
            if earlier is not None and not whens[earlier]:
                break
        if covering and whens[-1]:
            message = "the last case has a condition, so some patients may have no case"
            self.report.add(
                (*path, len(whens) - 1), "", message, "Add a last case without `when`.", within=[path]
            )

    def number(self, path: Path, name: str) -> None:
        """Check the name of a number attribute."""
        if name in self.vocabulary.categories:
            self.report.add(
                path, "a number attribute", f'"{name}", which is a category', "Give it a `number`."
            )
        elif name not in self.vocabulary.numbers:
            self.report.unknown(
                path,
                name,
                "a number attribute of this scenario",
                self.vocabulary.numbers,
                defined_at=[("attributes",)],
            )

    def category(self, path: Path, name: str) -> bool:
        """Check the name of a category attribute; return whether it is one."""
        if name in self.vocabulary.categories:
            return True
        if name in self.vocabulary.numbers:
            self.report.add(
                path, "a category", f'"{name}", which is a number', "Name an attribute with a `share`."
            )
        else:
            self.report.unknown(
                path,
                name,
                "an attribute of this scenario",
                self.vocabulary.categories,
                defined_at=[("attributes",)],
            )
        return False

    def value(self, path: Path, attribute: str, value: str) -> None:
        """Check a value of a category attribute."""
        self._values(path, attribute, (value,), self.vocabulary.categories[attribute])

    def acuities(self, path: Path, names: Collection[str]) -> None:
        """Check the names of acuities, which are keys at `path`."""
        for name in names:
            self.value_of_built_in((*path, name), "acuity", name)

    def value_of_built_in(self, path: Path, attribute: str, value: str) -> None:
        """Check a value of a built-in attribute."""
        self._values(path, attribute, (value,), self.vocabulary.built_in[attribute])

    def _values(self, path: Path, attribute: str, values: Sequence[str], known: Collection[str]) -> None:
        what = f"a {attribute} of this scenario" if attribute in BUILT_IN else f'a value of "{attribute}"'
        what = what.replace("a acuity", "an acuity").replace("a triage", "an acuity")
        home: Path = (DEFINED_AT[attribute],) if attribute in BUILT_IN else ("attributes", attribute)
        regions = {"defined_at": [home]} if attribute in BUILT_IN else {"within": [home]}
        for i, value in enumerate(values):
            if value not in known:
                self.report.unknown((*path, i), value, what, known, **regions)


def check_sum(report: Report, path: Path, shares: Mapping[str, float], what: str = "shares") -> None:
    """Report shares that do not sum to 1."""
    total = math.fsum(shares.values())
    if abs(total - 1) > TOLERANCE:
        difference = f"{abs(total - 1):.6g} is {'missing' if total < 1 else 'too much'}."
        report.add(path, f"{what} that sum to 1", f"a sum of {total:.9g}", difference)


def implies(narrow: When, wide: When) -> bool:
    """Return whether the second condition holds wherever the first does.

    >>> implies({"sex": ("f",), "class": ("a",)}, {"sex": ("f", "m")})
    True
    """
    return all(key in narrow and set(narrow[key]) <= set(values) for key, values in wide.items())
