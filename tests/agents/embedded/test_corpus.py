"""What the model learns from."""

import numpy as np
import pytest

from agents.embedded.corpus import GROUPS, INFANT_SHARE, MISSING_SHARE, OLDEST, corpus, demographics
from agents.profiles.coherence import broken
from agents.profiles.files import profiles_of
from agents.profiles.record import Demographics, Profile
from agents.writing.line import picture_of_line

N = 40_000


def test_the_people_are_the_same_in_whichever_portions_they_are_asked_for():
    assert corpus(1, 0, 30) == corpus(1, 0, 11) + corpus(1, 11, 19)
    assert corpus(1, 0, 5) != corpus(2, 0, 5)


@pytest.mark.stats
def test_every_group_is_frequent_and_some_are_missing(seed):
    people = demographics(seed, 0, N)

    for name, groups in GROUPS.items():
        for group in (*groups, None):
            expected = MISSING_SHARE if group is None else (1 - MISSING_SHARE) / len(groups)
            found = people[name].isna().mean() if group is None else (people[name] == group).mean()
            assert abs(found - expected) < 4.5 * np.sqrt(expected * (1 - expected) / N), (name, group)
    infants = INFANT_SHARE + (1 - INFANT_SHARE) / (OLDEST + 1)
    assert abs((people["age"] == 0).mean() - infants) < 4.5 * np.sqrt(infants / N)
    assert set(people["age"]) == set(range(OLDEST + 1))


def test_nothing_in_the_corpus_breaks_a_rule_that_would_reject_it():
    people = profiles_of(demographics(3, 0, 1500))
    pages = [page for _, page in corpus(3, 0, 1500)]

    for person, page in zip(people, pages, strict=True):
        profile = Profile(demographics=person.demographics, picture=picture_of_line(page))
        assert isinstance(profile.demographics, Demographics)
        assert broken(profile) == []
