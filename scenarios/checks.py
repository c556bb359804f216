"""Every rule of a scenario that the schema alone cannot state."""

from scenarios.report import Report
from scenarios.scenario import Scenario


def check(scenario: Scenario, report: Report) -> None:
    """Write everything that is wrong into the report."""
