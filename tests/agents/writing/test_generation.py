"""Writing, checking, trying again, keeping: whoever writes."""

import json
import warnings
from collections import Counter
from collections.abc import Mapping
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from agents.profiles.calibrated import picture
from agents.profiles.census import draw_demographics, read_census
from agents.profiles.files import csv_text
from agents.profiles.record import Demographics, Picture
from agents.writing import generation
from agents.writing.calibrated_writer import CalibratedWriter
from agents.writing.finished import Finished, FinishedProfiles
from agents.writing.generation import ATTEMPTS, generate
from agents.writing.writer import Rejected
from scenarios.errors import RunError, UsageError
from sim.streams import uniforms

N = 60
PEOPLE = draw_demographics(read_census(), N, 3)


class Moody:
    """A writer that often writes what cannot pass; from patient `dies_at` on, it fails altogether."""

    label = "a test"
    repeatable = True

    def __init__(self, dies_at: str = "", error: BaseException | None = None, **identity: str) -> None:
        self.identity: Mapping[str, str] = {"test": "moody", **identity}
        self.dies_at, self.error = dies_at, error
        self.asked: list[tuple[str, int]] = []

    def __enter__(self) -> "Moody":
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def write(self, demographics: Demographics, seed: int, attempt: int) -> Picture:
        name = demographics.profile_id
        if self.error is not None and name == self.dies_at:
            raise self.error
        self.asked.append((name, attempt))
        mood = uniforms(seed, 0, ("mood", name, str(attempt)), 1)[0]
        if mood < 0.3:
            raise Rejected("a mood")
        if mood < 0.5:
            return Picture(complaints=("bleeding in pregnancy",))
        return picture(demographics, lambda purpose: uniforms(seed, 0, (purpose, name, str(attempt)), 1))


def test_rejects_are_written_again_for_the_same_patient_and_counted_with_reasons():
    writer = Moody()

    made = generate(PEOPLE, 3, writer, None)

    assert [profile.demographics.profile_id for profile in made.profiles] == PEOPLE["profile_id"].tolist()
    assert not made.given_up
    assert made.written == len(writer.asked) == N + made.rejected.total()
    assert set(made.rejected) == {"a mood", "implausible: pregnancy-complaint"}
    attempts = Counter(name for name, _ in writer.asked)
    assert writer.asked == [(name, k) for name in PEOPLE["profile_id"] for k in range(attempts[name])]


def test_demographics_are_never_touched():
    made = generate(PEOPLE, 3, Moody(), None)

    written = [{**profile.demographics.__dict__} for profile in made.profiles]
    assert written == PEOPLE.astype(object).to_dict("records")


def test_a_patient_nobody_can_write_is_given_up_and_named():
    class Never(Moody):
        def write(self, demographics: Demographics, seed: int, attempt: int) -> Picture:
            if demographics.profile_id == "p000002":
                self.asked.append((demographics.profile_id, attempt))
                raise Rejected("never")
            return super().write(demographics, seed, attempt)

    writer = Never()
    made = generate(PEOPLE, 3, writer, None)

    assert made.given_up == ("p000002",)
    assert len(made.profiles) == N - 1
    assert made.rejected["never"] == ATTEMPTS == writer.asked.count(("p000002", 0)) * ATTEMPTS


def test_a_second_patient_who_equals_a_first_one_is_written_again():
    twins = PEOPLE.iloc[[0, 0, 0]].assign(profile_id=["a", "b", "c"]).reset_index(drop=True)

    class Echo(Moody):
        def write(self, demographics: Demographics, seed: int, attempt: int) -> Picture:
            return Picture(complaints=("cough",), vignette=f"Attempt {attempt}.")

    made = generate(twins, 1, Echo(), None)

    assert [profile.picture.vignette for profile in made.profiles] == [
        "Attempt 0.",
        "Attempt 1.",
        "Attempt 2.",
    ]
    assert made.rejected == {"the same as an earlier profile": 3}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RunError("the server is gone")])
@pytest.mark.parametrize("at", ["p000001", "p000002", "p000031", "p000060"])
def test_what_was_interrupted_and_resumed_ends_as_what_was_not(tmp_path, error, at):
    whole = generate(PEOPLE, 3, Moody(), None)

    with pytest.raises(type(error)):
        generate(PEOPLE, 3, Moody(at, error), FinishedProfiles(tmp_path, Moody(), PEOPLE, 3))
    second = Moody()
    resumed = generate(PEOPLE, 3, second, FinishedProfiles(tmp_path, Moody(), PEOPLE, 3))

    assert csv_text(resumed.profiles) == csv_text(whole.profiles)
    assert resumed.rejected == whole.rejected
    assert resumed.reused == int(at[1:]) - 1
    assert {name for name, _ in second.asked} == {name for name in PEOPLE["profile_id"] if name >= at}


def test_a_killed_process_loses_what_was_not_yet_in_a_part(tmp_path, monkeypatch):
    monkeypatch.setattr(generation, "PROFILES_A_PART", 7)
    store = FinishedProfiles(tmp_path, Moody(), PEOPLE, 3)
    kept: list[int] = []
    generate(PEOPLE, 3, Moody(), store, lambda done, wanted, newest: kept.append(len(store.read())))

    assert kept[:15] == [0] * 6 + [7] * 7 + [14] * 2
    assert kept[-1] == 56
    assert len(store.read()) == N


def test_everything_that_decides_what_is_written_has_a_folder_of_its_own(tmp_path):
    others = draw_demographics(read_census(), N, 4)
    jobs = [(Moody(), PEOPLE, 3), (Moody(), PEOPLE, 4), (Moody(), others, 3), (Moody(), PEOPLE.head(59), 3),
            (Moody(model="other"), PEOPLE, 3)]  # fmt: skip

    assert len({FinishedProfiles(tmp_path, *job).folder for job in jobs}) == len(jobs)
    assert FinishedProfiles(tmp_path, *jobs[0]).folder == FinishedProfiles(tmp_path, *jobs[0]).folder
    assert json.loads((FinishedProfiles(tmp_path, *jobs[0]).folder / "job.json").read_text())["seed"] == 3


@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_a_damaged_part_is_said_and_written_again(tmp_path, damage):
    store = FinishedProfiles(tmp_path, Moody(), PEOPLE, 3)
    whole = generate(PEOPLE, 3, Moody(), store)
    part = sorted(store.folder.glob("part-*"))[0]
    good = part.read_bytes()
    part.write_bytes({"cut": good[: len(good) // 2], "noise": b"\x00" * len(good), "empty": b""}[damage])

    with pytest.warns(UserWarning, match="is damaged and left aside"):
        resumed = generate(PEOPLE, 3, Moody(), store)

    assert csv_text(resumed.profiles) == csv_text(whole.profiles)
    assert resumed.reused == N - generation.PROFILES_A_PART
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(store.read()) == N


def test_parts_are_there_whole_or_not_at_all(tmp_path):
    store = FinishedProfiles(tmp_path, Moody(), PEOPLE, 3)
    store.add([Finished("p000001", Picture(complaints=("cough",)), ("a", "b"))])
    store.add([])
    (store.folder / ".part-p000002-p000002.parquet.99").write_bytes(b"half")

    assert store.read() == {"p000001": Finished("p000001", Picture(complaints=("cough",)), ("a", "b"))}
    assert sorted(path.name for path in store.folder.glob("part-*")) == ["part-p000001-p000001.parquet"]


def test_a_cache_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="choose another folder with --cache"):
        FinishedProfiles(tmp_path / "file", Moody(), PEOPLE, 3)


def test_a_disk_that_is_full_is_said_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    store = FinishedProfiles(tmp_path, Moody(), PEOPLE, 3)
    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(UsageError, match=r"no space left on device\. What was written before is kept"):
        store.add([Finished("p000001", Picture(complaints=("cough",)), ())])

    assert [path.name for path in store.folder.iterdir()] == ["job.json"]


def full(path, content):
    path.touch()
    raise OSError(ENOSPC, "No space left on device")


def test_the_calibrated_generator_writes_every_patient_at_once_and_alike():
    made = generate(PEOPLE, 3, CalibratedWriter(PEOPLE, 3), None)
    fewer = generate(PEOPLE.head(20), 3, CalibratedWriter(PEOPLE.head(20), 3), None)

    assert len(made.profiles) == N
    assert not made.rejected
    assert made.profiles[:20] == fewer.profiles


def test_a_second_attempt_of_the_calibrated_generator_is_another_picture_and_repeats():
    writer = CalibratedWriter(PEOPLE, 3)
    who = Demographics.model_validate(PEOPLE.iloc[0].to_dict())

    first, second = writer.write(who, 3, 0), writer.write(who, 3, 1)

    assert first != second
    assert second == writer.write(who, 3, 1)


def test_a_kept_picture_that_breaks_a_rule_of_today_is_written_again(tmp_path):
    store = FinishedProfiles(tmp_path, Moody(), PEOPLE, 3)
    whole = generate(PEOPLE, 3, Moody(), None)
    store.add([Finished("p000001", Picture(complaints=("bleeding in pregnancy",)), ())])

    resumed = generate(PEOPLE, 3, Moody(), store)

    assert resumed.reused == 0
    assert resumed.profiles == whole.profiles
