"""What the embedded model learns from: people of every kind, with pictures by the calibrated generator.

The people follow no census: every age and every group is frequent enough to be learnt, and each
demographic is missing for some, so that the model can be given any census. No variate is shared with
`fairward profiles generate --backend calibrated`, whatever its seed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from agents.profiles import vocabulary as words
from agents.profiles.calibrated import pictures
from agents.profiles.record import Profile
from agents.writing.line import line_of, line_prompt
from sim.streams import uniforms

OLDEST = 105
INFANT_SHARE = 0.06
"""Of people under one year: of whom vignettes and vital signs say other things than of all others."""
OTHER_SEX_SHARE = 0.04
MISSING_SHARE = 0.08
"""Of each demographic that may be missing."""
GROUPS: dict[str, tuple[object, ...]] = {
    "ethnicity": words.ETHNICITIES,
    "deprivation": (1, 2, 3, 4, 5),
    "rurality": words.RURALITIES,
    "insurance": words.INSURANCES,
    "language": words.LANGUAGES,
}


def corpus(seed: int, first: int, n: int) -> list[tuple[str, str]]:
    """Return persons `first` to `first + n` of the corpus: what the model is given, and what it shall write."""
    people = demographics(seed, first, n)
    pages = pictures(people, lambda purpose: uniforms(seed, 0, ("corpus", "picture", purpose), n, first))
    rows = pd.concat([people, pages], axis=1).astype(object)
    records = rows.where(rows.notna(), None).to_dict("records")
    profiles = [Profile.of_row({str(column): value for column, value in row.items()}) for row in records]
    return [(line_prompt(profile.demographics), line_of(profile.picture)) for profile in profiles]


def demographics(seed: int, first: int, n: int) -> pd.DataFrame:
    """Return who the persons are: ages uniform but for more infants, groups equally frequent."""

    def chance(purpose: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return uniforms(seed, 0, ("corpus", purpose), n, first)

    infant = chance("infant") < INFANT_SHARE
    sex = np.searchsorted(((1 - OTHER_SEX_SHARE) / 2, 1 - OTHER_SEX_SHARE), chance("sex"), side="right")
    people = pd.DataFrame(
        {
            "profile_id": [f"c{first + k}" for k in range(n)],
            "age": np.where(infant, 0, (chance("age") * (OLDEST + 1)).astype(int)),
            "sex": np.array(words.SEXES, dtype=object)[sex],
        }
    )
    for name, groups in GROUPS.items():
        place = (chance(name) / (1 - MISSING_SHARE) * len(groups)).astype(int)
        people[name] = pd.Series(
            np.array([*groups, None, None], dtype=object)[np.minimum(place, len(groups))]
        )
    return people
