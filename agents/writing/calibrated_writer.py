"""Pictures from the calibrated generator: no model, no extra, thousands a second."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.profiles.calibrated import picture, pictures, variates
from agents.profiles.record import Demographics, Picture, Profile
from sim.streams import uniforms


class CalibratedWriter:
    """A writer (see `agents.writing.writer`) for these people: all first attempts are drawn at once."""

    label = "the calibrated generator: laws and tables with their sources, no language model"
    identity: Mapping[str, str] = {"generator": "calibrated"}
    repeatable = True

    def __init__(self, people: pd.DataFrame, seed: int) -> None:
        self._seed = seed
        drawn = pictures(people, variates(seed, len(people))).astype(object)
        rows = drawn.where(drawn.notna(), None).to_dict("records")
        self._first = dict(zip(people["profile_id"], rows, strict=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open."""

    def write(self, demographics: Demographics, seed: int, attempt: int) -> Picture:
        """Return a picture; `seed` is the one that the writer was made with."""
        assert seed == self._seed
        if attempt == 0:
            row = self._first[demographics.profile_id]
            return Profile.of_row({**demographics.__dict__, **row}).picture

        def again(purpose: str) -> NDArray[np.float64]:
            return uniforms(seed, 0, ("profiles", purpose, demographics.profile_id, f"attempt {attempt}"), 1)

        return picture(demographics, again)
