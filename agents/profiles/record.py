"""The profile: one synthetic, identity-free patient, validated, and its flat tabular form.

A profile is a row of `COLUMNS`. Lists are joined by `SEPARATOR`, missing is empty (None), yes and no are
booleans in Parquet and `true`/`false` in CSV. The order of the fields is the order in which the calibrated
generator decides them, so that a language model that writes from left to right can learn it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from agents.profiles import vocabulary as words

SEPARATOR = "|"
"""Between the entries of a list in one cell. No word of a vocabulary holds it."""

Sex = Literal["female", "male", "other"]
Ethnicity = Literal["white", "black", "hispanic", "asian", "other"]
Rurality = Literal["urban", "rural"]
Insurance = Literal["private", "medicaid", "medicare", "none"]
Language = Literal["english", "interpreter"]
Smoking = Literal["never", "former", "current"]
Alcohol = Literal["none", "moderate", "heavy"]
Living = Literal["with others", "alone", "care home", "no home"]
Consciousness = Literal["A", "C", "V", "P", "U"]

PLAIN_TEXT = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""No control characters and no line ends: a vignette is one line in every file."""


def _words_of(known: tuple[str, ...], in_order: bool) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return a validator: known words, none twice; put into the vocabulary's order if `in_order`."""
    place = {word: k for k, word in enumerate(known)}

    def check(given: tuple[str, ...]) -> tuple[str, ...]:
        if strange := [word for word in given if word not in place]:
            raise ValueError(f"expected words of its vocabulary, got {', '.join(map(repr, strange))}")
        if len(set(given)) < len(given):
            raise ValueError("expected each word once, got one twice")
        return tuple(sorted(given, key=place.__getitem__)) if in_order else given

    return check


Complaints = Annotated[
    tuple[str, ...], Field(max_length=3), AfterValidator(_words_of(words.COMPLAINTS, False))
]
Diagnoses = Annotated[tuple[str, ...], AfterValidator(_words_of(words.DIAGNOSES, True))]
Allergies = Annotated[tuple[str, ...], AfterValidator(_words_of(words.ALLERGIES, True))]
FamilyHistory = Annotated[tuple[str, ...], AfterValidator(_words_of(words.FAMILY_HISTORY, True))]
Medications = Annotated[tuple[str, ...], AfterValidator(_words_of(words.MEDICATIONS, True))]
Imaging = Annotated[tuple[str, ...], AfterValidator(_words_of(words.IMAGING, True))]
Vignette = Annotated[str, StringConstraints(max_length=400, pattern=PLAIN_TEXT)]
ProfileId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

LISTS: dict[str, tuple[str, ...]] = {
    "complaints": words.COMPLAINTS,
    "diagnoses": words.DIAGNOSES,
    "allergies": words.ALLERGIES,
    "family_history": words.FAMILY_HISTORY,
    "medications": words.MEDICATIONS,
    "imaging": words.IMAGING,
}
"""The vocabulary of every list."""


class Record(BaseModel):
    """Frozen, strict about what it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Demographics(Record):
    """Who the patient is, without anything that names a person. Drawn by us from a census, never by a model."""

    profile_id: ProfileId
    """A running label such as `p000001`; not a person's identifier."""
    age: int = Field(ge=0, le=105)
    """Completed years."""
    sex: Sex
    ethnicity: Ethnicity | None = None
    """None: not recorded; likewise below."""
    deprivation: Literal[1, 2, 3, 4, 5] | None = None
    """Fifth of neighbourhood deprivation; 5 is the most deprived."""
    rurality: Rurality | None = None
    insurance: Insurance | None = None
    language: Language | None = None
    """`interpreter`: an interpreter is needed."""


class Social(Record):
    """Social history."""

    smoking: Smoking | None = None
    alcohol: Alcohol | None = None
    living: Living | None = None


class Vitals(Record):
    """Vital signs at presentation; None was not measured."""

    resp_rate: int | None = Field(None, ge=4, le=90)
    """Breaths a minute."""
    spo2: int | None = Field(None, ge=50, le=100)
    """Oxygen saturation, %."""
    on_oxygen: bool | None = None
    systolic: int | None = Field(None, ge=40, le=270)
    """mmHg."""
    diastolic: int | None = Field(None, ge=20, le=170)
    """mmHg."""
    pulse: int | None = Field(None, ge=20, le=260)
    """Beats a minute."""
    temperature: float | None = Field(None, ge=30, le=43, allow_inf_nan=False)
    """Degrees Celsius."""
    consciousness: Consciousness | None = None


class Labs(Record):
    """Laboratory results; None was not taken."""

    hba1c: float | None = Field(None, ge=3, le=20, allow_inf_nan=False)
    """Glycated haemoglobin, % (NGSP)."""
    creatinine: int | None = Field(None, ge=10, le=1500)
    """µmol/L."""
    haemoglobin: int | None = Field(None, ge=30, le=230)
    """g/L."""
    white_cells: float | None = Field(None, ge=0, le=100, allow_inf_nan=False)
    """10⁹/L."""
    crp: int | None = Field(None, ge=0, le=600)
    """C-reactive protein, mg/L."""
    lactate: float | None = Field(None, ge=0, le=30, allow_inf_nan=False)
    """mmol/L."""


class Picture(Record):
    """The clinical picture: what a model, or the calibrated generator, fills in."""

    social: Social = Social()
    family_history: FamilyHistory = ()
    diagnoses: Diagnoses = ()
    """What the patient lives with, then what brings them in now."""
    allergies: Allergies = ()
    complaints: Complaints = ()
    """The chief complaint first; none only where a file of others does not tell it."""
    triage: Literal[1, 2, 3, 4, 5] | None = None
    """The urgency that was noted at the door: 1 at once, 5 can wait."""
    vitals: Vitals = Vitals()
    labs: Labs = Labs()
    imaging: Imaging = ()
    medications: Medications = ()
    vignette: Vignette = ""
    """One or two sentences."""


class Profile(Record):
    """A patient: demographics, clinical picture, and what `fairward profiles prepare` derives from them."""

    demographics: Demographics
    picture: Picture
    severity: Share | None = None
    """From 0 to 1; None until prepared."""
    priority: Share | None = None
    """From 0 to 1; None until prepared."""

    def flat(self) -> dict[str, Any]:
        """Return one row: a value for each of `COLUMNS`, lists joined, None for what is missing.

        >>> who = Demographics(profile_id="p1", age=70, sex="female")
        >>> row = Profile(demographics=who, picture=Picture(complaints=("fall", "headache"))).flat()
        >>> row["age"], row["complaints"], row["spo2"], row["diagnoses"]
        (70, 'fall|headache', None, '')
        """
        return {
            **self.demographics.__dict__,
            **flat_picture(self.picture),
            "severity": self.severity,
            "priority": self.priority,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Profile:
        """Return the profile of a row; columns that are absent are missing values.

        Raises `pydantic.ValidationError` with every field that is wrong, and `KeyError` on a strange column.
        """
        nested: dict[str, Any] = {"demographics": {}, "picture": {}}
        for column, value in row.items():
            if value is None:
                continue
            into = nested
            for part in PATHS[column][:-1]:
                into = into.setdefault(part, {})
            into[column] = split_list(value) if column in LISTS else value
        return cls.model_validate(nested)


def flat_picture(picture: Picture) -> dict[str, Any]:
    """Return the picture's part of a row."""
    flat: dict[str, Any] = {}
    for name, value in picture.__dict__.items():
        if isinstance(value, Record):
            flat.update(value.__dict__)
        else:
            flat[name] = SEPARATOR.join(value) if name in LISTS else value
    return flat


def split_list(cell: str) -> tuple[str, ...]:
    """Return the entries of a cell."""
    return tuple(cell.split(SEPARATOR)) if cell else ()


def _paths(model: type[Record], above: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Record):
            found |= _paths(kind, (*above, name))
        else:
            found[name] = (*above, name)
    return found


PATHS = _paths(Profile)
"""Where each column stands in the record."""

COLUMNS = tuple(PATHS)
"""The columns of the flat form, in order."""

DEMOGRAPHIC_COLUMNS = tuple(_paths(Demographics))
PICTURE_COLUMNS = tuple(_paths(Picture))
DERIVED_COLUMNS = ("severity", "priority")


def _kind(column: str) -> str:
    """Return what a column holds: `list`, `bool`, `int`, `float`, `choice` or `text`."""
    if column in LISTS:
        return "list"
    model: type[BaseModel] = Profile
    for part in PATHS[column][:-1]:
        nested = model.model_fields[part].annotation
        assert isinstance(nested, type)
        model = nested
    kind = model.model_fields[column].annotation
    options = [kind, *get_args(kind)] if get_origin(kind) is not Literal else [kind]
    for option in options:
        if get_origin(option) is Literal:
            return "int" if isinstance(get_args(option)[0], int) else "choice"
        if option in (bool, int, float):
            return str(option.__name__)
        if get_origin(option) is Annotated and get_args(option)[0] is float:
            return "float"
    return "text"


KINDS: dict[str, str] = {column: _kind(column) for column in COLUMNS}
"""What each column holds: `list`, `bool`, `int`, `float`, `choice` or `text`."""

CHOICES: dict[str, tuple[str, ...]] = {
    "sex": words.SEXES,
    "ethnicity": words.ETHNICITIES,
    "rurality": words.RURALITIES,
    "insurance": words.INSURANCES,
    "language": words.LANGUAGES,
    "smoking": words.SMOKING,
    "alcohol": words.ALCOHOL,
    "living": words.LIVING,
    "consciousness": words.CONSCIOUSNESS,
}
"""The vocabulary of every single choice."""
