"""The ledger: added to by many at once, never changed, and whoever changes it all the same is found out."""

import csv
import io
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from policies.advice.ledger import Ledger, Verdict
from scenarios.errors import UsageError

SAID = Verdict(
    who="duty manager",
    run="rural 0123, acuity, seed 1, replication 1",
    mode="normal",
    decision=4,
    hours=16.0,
    verdict="overridden",
    recommended="north: divert True",
    ordered="",
    rationale="the road is closed",
    effect={"patients_affected": 3.0},
)


def test_entries_come_back_as_they_were_written(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")

    ledger.add(SAID)
    ledger.add(replace(SAID, decision=5, verdict="accepted", rationale=""))

    first, second = Ledger(tmp_path / "ledger.sqlite").entries()
    assert (first.number, second.number) == (1, 2)
    assert first.verdict == SAID
    assert second.previous == first.digest
    assert ledger.broken() is None


def test_nothing_can_be_changed_or_removed(tmp_path):
    place = tmp_path / "ledger.sqlite"
    Ledger(place).add(SAID)
    base = sqlite3.connect(place)

    for command in ("UPDATE entries SET rationale = 'none'", "DELETE FROM entries"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            base.execute(command)
    base.close()


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE entries SET rationale = 'they told me to' WHERE number = 2",
        "DELETE FROM entries WHERE number = 2",
        "UPDATE entries SET number = 7 WHERE number = 2",
    ],
)
def test_whoever_removes_the_lock_is_found_out(tmp_path, command):
    place = tmp_path / "ledger.sqlite"
    for decision in range(3):
        Ledger(place).add(replace(SAID, decision=decision))
    base = sqlite3.connect(place)
    base.executescript(f"DROP TRIGGER no_update; DROP TRIGGER no_delete; {command};")
    base.close()

    assert Ledger(place).broken() == 2


def test_many_writers_make_one_chain(tmp_path):
    place = tmp_path / "ledger.sqlite"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Ledger(place).add(replace(SAID, decision=n)), range(40)))

    entries = Ledger(place).entries()
    assert [entry.number for entry in entries] == list(range(1, 41))
    assert {entry.verdict.decision for entry in entries} == set(range(40))
    assert Ledger(place).broken() is None


def test_csv_holds_everything_and_no_formulas(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.add(replace(SAID, rationale='=HYPERLINK("x"), with a comma'))

    (row,) = csv.DictReader(io.StringIO(ledger.as_csv()))

    assert row["rationale"] == '\'=HYPERLINK("x"), with a comma'
    assert row["effect"] == '{"patients_affected": 3.0}'


def test_a_file_that_is_no_ledger_is_said(tmp_path):
    place = tmp_path / "notes.txt"
    place.write_text("not a database, but long enough to be taken for one" * 40)

    with pytest.raises(UsageError, match=r"notes\.txt: the ledger cannot be read or written"):
        Ledger(place).entries()


def test_an_empty_ledger_is_no_file(tmp_path):
    ledger = Ledger(tmp_path / "ledger.sqlite")

    assert ledger.entries() == []
    assert ledger.broken() is None
    assert not ledger.place.exists()
