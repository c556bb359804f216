from dataclasses import replace

import numpy as np
import pytest

from policies.audit.tradeoff import tradeoff, tradeoff_json, tradeoff_text
from scenarios.errors import UsageError
from sim.patient_metrics import UntreatedHours
from tests.invented_visits import invented


def option(name, city, country):
    """The same patients, whose waits are longer or shorter by area."""

    def change(columns, rng):
        columns["wait"] = columns["wait"] * np.where(columns["area"] == 1, country, city)

    return replace(invented(10, 200, change=change), policy=name)


OPTIONS = [option("as it was", 1.0, 2.0), option("for the country", 1.6, 1.6), option("for nobody", 2.0, 2.5)]


def test_a_policy_that_is_worse_for_everybody_and_for_the_worst_off_is_named_with_those_that_dominate_it():
    found = tradeoff(OPTIONS, UntreatedHours(), "area")

    assert found.front.on_front.tolist() == [True, True, False]
    assert found.front.dominated_by[2] == (0, 1)
    assert found.front.hypervolume.low > 0
    said = tradeoff_text(found)
    assert "dominated by as it was, for the country" in said
    assert tradeoff_json(found)["options"][2]["on_front"] is False


def test_one_policy_is_refused_and_equal_ones_share_the_front():
    with pytest.raises(UsageError, match="several policies"):
        tradeoff(OPTIONS[:1], UntreatedHours(), "area")
    lonely = [replace(invented(3, area=(1.0, 0.0)), policy=name) for name in "ab"]
    assert tradeoff(lonely, UntreatedHours(), "area").front.on_front.all()
