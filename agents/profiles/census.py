"""A census file, and demographics whose margins are exactly those of the census.

Counts are rounded so that every margin differs from its target by less than one person, and so does every cell
of a variable that is given another one where both margins allow it; who gets which value is shuffled by named
streams. A variable may depend on one other variable that stands before it; for the rest they are independent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator
from scipy.optimize import linprog

from agents.profiles.record import CHOICES, DEMOGRAPHIC_COLUMNS, Record
from scenarios.errors import Problem, ScenarioError
from scenarios.reading import read_file
from scenarios.tree import Node, Place, plain
from sim.streams import uniforms

DEFAULT = Path(__file__).with_name("default-census.yaml")

VARIABLES = DEMOGRAPHIC_COLUMNS[1:]
"""What a census says something about."""

DEPRIVATIONS = ("1", "2", "3", "4", "5")

Shares = dict[str, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]]


class Conditional(Record):
    """Shares for some values of the variable that is given."""

    given_values: tuple[str, ...] = Field(alias="for", min_length=1)
    share: Shares


class Variable(Record):
    """The shares of one variable."""

    given: str | None = None
    """The variable on which it depends."""
    share: Shares | tuple[Conditional, ...]
    source: str
    """Where the shares come from, or `assumed`."""


class Census(Record):
    """A census file."""

    version: int = Field(alias="census", ge=1, le=1)
    title: str = ""
    variables: dict[str, Variable]

    @model_validator(mode="after")
    def _complete(self) -> Census:
        problems = list(_problems(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a variable: its vocabulary, or the age bands of this census."""
        if name != "age":
            return DEPRIVATIONS if name == "deprivation" else CHOICES[name]
        share = self.variables["age"].share
        assert isinstance(share, dict)
        return tuple(share)

    def table(self, name: str) -> NDArray[np.float64]:
        """Return the shares of a variable, one row for each value of the variable that it is given, else one row."""
        variable, values = self.variables[name], self.values(name)
        if isinstance(variable.share, dict):
            return np.array([[variable.share.get(v, 0.0) for v in values]])
        assert variable.given is not None
        rows = {g: part.share for part in variable.share for g in part.given_values}
        return np.array([[rows[g].get(v, 0.0) for v in values] for g in self.values(variable.given)])

    def margin(self, name: str) -> dict[str, float]:
        """Return the share of each value among all people."""
        given, table = self.variables[name].given, self.table(name)
        weights = np.array(list(self.margin(given).values())) if given else np.ones(1)
        return dict(zip(self.values(name), (weights @ table).tolist(), strict=True))

    def joint(self, name: str) -> pd.DataFrame:
        """Return the share of all people in each pair of (given value, value) of a variable that is given another."""
        given = self.variables[name].given
        assert given is not None
        shares = np.array(list(self.margin(given).values()))[:, None] * self.table(name)
        return pd.DataFrame(shares, index=list(self.values(given)), columns=list(self.values(name)))


def band_limits(band: str) -> tuple[int, int]:
    """Return the first and the last age of a band.

    >>> band_limits("5-17")
    (5, 17)
    """
    first, dash, last = band.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise ValueError(f'expected ages such as "5-17", got "{band}"')
    return int(first), int(last or first)


def read_census(path: Path | None = None) -> Census:
    """Return a census file, the shipped one when there is no path. Raises `ScenarioError` with every problem."""
    path = DEFAULT if path is None else path
    node = read_file(path, str(path), "a census")
    try:
        return Census.model_validate(plain(node))
    except ValidationError as error:
        found = [problem for detail in error.errors() for problem in _located(node, detail)]
        raise ScenarioError(found) from None


def draw_demographics(census: Census, n: int, seed: int) -> pd.DataFrame:
    """Return n people with the margins of the census, in `DEMOGRAPHIC_COLUMNS`, in an order of their own.

    Raises `ValueError` for n below 1.
    """
    if n < 1:
        raise ValueError(f"expected at least 1 person, got {n}")
    drawn: dict[str, NDArray[np.int64]] = {}
    for name in VARIABLES:
        given = census.variables[name].given
        groups = drawn[given] if given else np.zeros(n, dtype=np.int64)
        rows = np.bincount(groups, minlength=len(census.table(name)))
        targets = n * np.array(list(census.margin(name).values()))
        counts = controlled_rounding(rows, rows[:, None] * census.table(name), targets)
        drawn[name] = _allot(groups, counts, uniforms(seed, 0, ("profiles", "census", name), n))
    people = {name: np.array(census.values(name), dtype=object)[drawn[name]] for name in VARIABLES}
    people["age"] = _ages(census, drawn["age"], uniforms(seed, 0, ("profiles", "census", "year of age"), n))
    people["deprivation"] = drawn["deprivation"] + 1
    width = max(6, len(str(n)))
    return pd.DataFrame({"profile_id": [f"p{k:0{width}d}" for k in range(1, n + 1)], **people})


def controlled_rounding(
    rows: NDArray[np.int64], expected: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return whole counts with these row sums and with column sums next to `columns`, near `expected`.

    A transport problem, whose vertices are whole: every count is the floor of what is expected plus at most one,
    unless the margins force more; what is expected to be 0 stays 0. Source: Cox & Ernst (1982), Controlled rounding,
    INFOR 20:423.
    """
    wanted = largest_remainder(columns, int(rows.sum()))
    if len(rows) == 1:
        return wanted[None, :]
    floor = np.floor(expected + 1e-9)
    rest = expected - floor
    n_rows, n_columns = expected.shape
    cells = expected.size
    # Each cell: one more (cheap where the remainder is large), more still, or fewer (dear).
    order = np.arange(cells) / (1000.0 * cells)  # makes the choice among equals unique
    cost = np.concatenate(
        (1.0 - 2.0 * rest.ravel() + 1e-3 * order, np.full(cells, 10.0) + order, np.full(cells, 10.0) + order)
    )
    possible = (expected.ravel() > 0).astype(float)
    bounds = [(0.0, b) for b in np.concatenate((possible, possible * rows.sum(), floor.ravel()))]
    by_row = np.kron(np.eye(n_rows), np.ones(n_columns))
    by_column = np.kron(np.ones(n_rows), np.eye(n_columns))
    sums = np.vstack((by_row, by_column))
    left = np.concatenate((rows - floor.sum(axis=1), wanted - floor.sum(axis=0)))
    solved = linprog(cost, A_eq=np.hstack((sums, sums, -sums)), b_eq=left, bounds=bounds, method="highs-ds")
    if solved.status != 0:  # zeros forbid these column sums: keep the rows, which are people who exist
        return np.array([largest_remainder(e, int(r)) for e, r in zip(expected, rows, strict=True)])
    more, most, fewer = np.round(solved.x).reshape(3, n_rows, n_columns)
    return np.asarray(floor + more + most - fewer, dtype=np.int64)


def largest_remainder(expected: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Return whole numbers with this sum, each the floor of what is expected or one more (Hamilton's method).

    >>> largest_remainder(np.array([1.4, 2.3, 1.3]), 5).tolist()
    [2, 2, 1]
    """
    counts = np.floor(expected + 1e-9).astype(np.int64)
    order = np.argsort(-(expected - counts), kind="stable")
    counts[order[: max(total - int(counts.sum()), 0)]] += 1
    return counts


def _allot(groups: NDArray[np.int64], counts: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give each member of a group a value so that the group's counts come out, in the order of the variates."""
    values = np.empty(len(groups), dtype=np.int64)
    for group, wanted in enumerate(counts):
        members = np.flatnonzero(groups == group)
        values[members[np.argsort(u[members], kind="stable")]] = np.repeat(np.arange(len(wanted)), wanted)
    return values


def _ages(census: Census, bands: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Spread each band's people evenly over its years; from 85 on ages thin out by a fifth a year (assumed)."""
    ages = np.empty(len(bands), dtype=np.int64)
    for place, band in enumerate(census.values("age")):
        first, last = band_limits(band)
        years = np.arange(first, last + 1)
        weights = np.where(years >= 85, 0.8 ** np.maximum(years - 85, 0), 1.0)
        members = np.flatnonzero(bands == place)
        counts = largest_remainder(len(members) * weights / weights.sum(), len(members))
        ages[members[np.argsort(u[members], kind="stable")]] = np.repeat(years, counts)
    return ages


def _problems(census: Census) -> list[str]:
    """Return what is wrong beyond the shape of the file."""
    found = []
    if missing := [name for name in VARIABLES if name not in census.variables]:
        found.append(f"variables: expected {', '.join(VARIABLES)}, got no {', '.join(missing)}")
    found += [
        f"variables.{name}: this variable is not known here"
        for name in census.variables
        if name not in VARIABLES
    ]
    if found:
        return found
    age = census.variables["age"]
    if not isinstance(age.share, dict):
        return ["variables.age: expected shares of age bands that depend on nothing"]
    try:
        limits = [band_limits(band) for band in age.share]
    except ValueError as error:
        return [f"variables.age: {error}"]
    whole = [(first, last) for first, last in limits if first <= last]
    meets = all(a[1] + 1 == b[0] for a, b in pairwise(whole))
    if len(whole) < len(limits) or not meets or limits[0][0] != 0 or limits[-1][1] > 105:
        found.append("variables.age: expected bands that follow one another from 0 to at most 105")
    for place, name in enumerate(VARIABLES):
        found += _variable_problems(census, name, VARIABLES[:place])
    return found


def _variable_problems(census: Census, name: str, before: tuple[str, ...]) -> list[str]:
    variable, values, at = census.variables[name], census.values(name), f"variables.{name}"
    found = []
    if isinstance(variable.share, dict):
        if variable.given:
            found.append(
                f"{at}: expected a list of {{for: ..., share: ...}} because it is given {variable.given}"
            )
        return found + _share_problems(at, variable.share, values)
    if variable.given not in before:
        known = f"one of {', '.join(before)}" if before else "nothing"
        return [f"{at}.given: expected {known} (the variables before it), got {variable.given}"]
    listed = [g for part in variable.share for g in part.given_values]
    if sorted(listed) != sorted(census.values(variable.given)):
        wanted = ", ".join(census.values(variable.given))
        found.append(f"{at}.share: expected each of {wanted} once under `for`, got {', '.join(listed)}")
    for k, part in enumerate(variable.share):
        found += _share_problems(f"{at}.share[{k}]", part.share, values)
    return found


def _share_problems(at: str, share: dict[str, float], values: tuple[str, ...]) -> list[str]:
    found = []
    if strange := [v for v in share if v not in values]:
        found.append(f"{at}: expected {', '.join(values)}, got {', '.join(strange)}")
    if abs(sum(share.values()) - 1) > 1e-6:
        found.append(f"{at}: expected shares that add up to 1, got {sum(share.values()):.6g}")
    return found


def _located(node: Node, detail: Any) -> Iterator[Problem]:
    """Yield the problems of one error of pydantic, with their lines; a choice between shapes counts once."""
    here, path = node, ""
    for part in detail["loc"]:
        if isinstance(part, str) and part.startswith(("dict[", "tuple[")):
            if part.startswith("dict[") != isinstance(here.value, dict):
                return
            continue
        here = here.child(part) or here
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    for line in detail["msg"].removeprefix("Value error, ").split("\n"):
        if path or ": " not in line:
            yield Problem(*here.place, path, "", line)
        else:
            path_of_line, _, text = line.partition(": ")
            yield Problem(*_place(node, path_of_line), path_of_line, *_expected_and_got(text))


def _place(node: Node, path: str) -> Place:
    for part in re.findall(r"\w+|\[\d+\]", path):
        node = node.child(int(part[1:-1]) if part.startswith("[") else part) or node
    return node.place


def _expected_and_got(text: str) -> tuple[str, str]:
    expected, got, value = text.removeprefix("expected ").rpartition(", got ")
    return (expected, value) if got and text.startswith("expected ") else ("", text)
