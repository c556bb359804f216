"""Pictures for tests, by the calibrated generator."""

from agents.profiles.calibrated import pictures, variates
from agents.profiles.census import draw_demographics, read_census
from agents.profiles.files import profiles_of
from agents.profiles.record import Profile


def calibrated_profiles(n: int, seed: int) -> list[Profile]:
    people = draw_demographics(read_census(), n, seed)
    return profiles_of(people.join(pictures(people, variates(seed, n))))
