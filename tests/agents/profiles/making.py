"""Profiles for tests: by hand, by the generator and at random."""

from hypothesis import strategies as st

from agents.profiles import vocabulary as words
from agents.profiles.calibrated import draw_people, variates
from agents.profiles.census import draw_demographics, read_census
from agents.profiles.files import profiles_of
from agents.profiles.record import Demographics, Labs, Picture, Profile, Social, Vitals


def patient(age=50, sex="female", picture=None, **demographics):
    """A profile by hand: `picture` is a dict of the picture's fields, vital signs among them."""
    given = dict(picture or {})
    vitals = Vitals(**{k: given.pop(k) for k in list(given) if k in Vitals.model_fields})
    social = Social(**{k: given.pop(k) for k in list(given) if k in Social.model_fields})
    who = Demographics(profile_id="p1", age=age, sex=sex, **demographics)
    return Profile(demographics=who, picture=Picture(vitals=vitals, social=social, **given))


def drawn(n, seed):
    """n profiles of the calibrated generator."""
    return profiles_of(draw_people(draw_demographics(read_census(), n, seed), variates(seed, n)).frame())


def _maybe(strategy):
    return st.none() | strategy


def _number(least, most, digits):
    return st.integers(round(least * 10**digits), round(most * 10**digits)).map(lambda k: k / 10**digits)


def _some(known, most=None):
    return st.lists(st.sampled_from(known), unique=True, max_size=most).map(tuple)


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)


@st.composite
def profiles(draw, label="p1"):
    who = Demographics(
        profile_id=label,
        age=draw(st.integers(0, 105)),
        sex=draw(st.sampled_from(words.SEXES)),
        ethnicity=draw(_maybe(st.sampled_from(words.ETHNICITIES))),
        deprivation=draw(_maybe(st.integers(1, 5))),
        rurality=draw(_maybe(st.sampled_from(words.RURALITIES))),
        insurance=draw(_maybe(st.sampled_from(words.INSURANCES))),
        language=draw(_maybe(st.sampled_from(words.LANGUAGES))),
    )
    social = Social(
        smoking=draw(_maybe(st.sampled_from(words.SMOKING))),
        alcohol=draw(_maybe(st.sampled_from(words.ALCOHOL))),
        living=draw(_maybe(st.sampled_from(words.LIVING))),
    )
    vitals = Vitals(
        resp_rate=draw(_maybe(st.integers(4, 90))),
        spo2=draw(_maybe(st.integers(50, 100))),
        on_oxygen=draw(_maybe(st.booleans())),
        systolic=draw(_maybe(st.integers(40, 270))),
        diastolic=draw(_maybe(st.integers(20, 170))),
        pulse=draw(_maybe(st.integers(20, 260))),
        temperature=draw(_maybe(_number(30, 43, 1))),
        consciousness=draw(_maybe(st.sampled_from(words.CONSCIOUSNESS))),
    )
    labs = Labs(
        hba1c=draw(_maybe(st.floats(3, 20))),
        creatinine=draw(_maybe(st.integers(10, 1500))),
        haemoglobin=draw(_maybe(st.integers(30, 230))),
        white_cells=draw(_maybe(st.floats(0, 100))),
        crp=draw(_maybe(st.integers(0, 600))),
        lactate=draw(_maybe(_number(0, 30, 1))),
    )
    picture = Picture(
        social=social,
        vitals=vitals,
        labs=labs,
        complaints=draw(_some(words.COMPLAINTS, 3)),
        diagnoses=draw(_some(words.DIAGNOSES)),
        allergies=draw(_some(words.ALLERGIES)),
        family_history=draw(_some(words.FAMILY_HISTORY)),
        medications=draw(_some(words.MEDICATIONS)),
        imaging=draw(_some(words.IMAGING)),
        triage=draw(_maybe(st.integers(1, 5))),
        vignette=draw(TEXTS),
    )
    return Profile(
        demographics=who,
        picture=picture,
        severity=draw(_maybe(st.floats(0, 1))),
        priority=draw(_maybe(st.floats(0, 1))),
    )


def files_of_profiles():
    return st.integers(1, 4).flatmap(lambda n: st.tuples(*(profiles(f"p{k}") for k in range(n)))).map(list)
