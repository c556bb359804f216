"""The shipped library of profiles is what its origin says: our people, this model's pictures, all plausible."""

import json
from hashlib import sha256

import pytest

from agents.embedded import LIBRARY
from agents.profiles.census import draw_demographics, read_census
from agents.profiles.coherence import broken
from agents.profiles.files import read_profiles
from agents.profiles.record import Demographics
from agents.writing.generation import generate
from agents.writing.llama_writer import EMBEDDED, embedded_writer
from tests.agents.writing.installed import require

ORIGIN = json.loads(LIBRARY.with_name(LIBRARY.name + ".origin.json").read_text(encoding="utf-8"))
N, SEED = ORIGIN["profiles"], ORIGIN["job"]["seed"]


@pytest.fixture(scope="module")
def library():
    return read_profiles(LIBRARY)


def test_the_library_holds_the_people_of_the_shipped_census_and_breaks_no_rule(library):
    people = draw_demographics(read_census(), N, SEED)
    drawn = [
        Demographics.model_validate(row)
        for row in people.astype(object).where(people.notna(), None).to_dict("records")
    ]

    assert library.bad == []
    assert [one.demographics for one in library.profiles] == drawn
    assert [one for one in library.profiles if broken(one)] == []
    assert all(one.picture.vignette for one in library.profiles)


def test_the_origin_names_the_shipped_model():
    assert ORIGIN["job"]["writer"]["model"] == sha256(EMBEDDED.read_bytes()).hexdigest()
    assert ORIGIN["given_up"] == []
    assert "no row is a person" in ORIGIN["note"]


@pytest.mark.llm
def test_the_model_writes_the_first_of_the_library_again(library):
    """On the family of CPU that wrote it, every picture is the same; on another, sums of floats may part a few."""
    require("llama_cpp")
    people = draw_demographics(read_census(), N, SEED)[:20]

    with embedded_writer() as writer:
        again = generate(people, SEED, writer, None).profiles

    same = sum(one == other for one, other in zip(again, library.profiles, strict=False))
    assert len(again) == 20
    assert same >= 15
