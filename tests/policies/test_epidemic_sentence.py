"""What the answer says first where a vaccine is given against an epidemic among the people."""

import pandas as pd

from policies.sentence import headline_metric
from tests.agents.population.towns import town


def test_the_answer_is_about_admissions_where_they_are_measured():
    measured = pd.DataFrame({"metric": ["coverage", "untreated_hours", "admissions_per_1000"]})

    assert headline_metric(town(), measured) == "admissions_per_1000"
    assert headline_metric(town(), measured.iloc[:2]) == "untreated_hours"
