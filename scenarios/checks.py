"""Every rule of a scenario that the schema alone cannot state."""

from scenarios.checks_network import check_network
from scenarios.checks_pathways import check_pathways
from scenarios.checks_people import check_people
from scenarios.checks_population import check_population
from scenarios.checks_run import check_run
from scenarios.checks_size import check_size
from scenarios.checks_vaccine import check_vaccine
from scenarios.checks_what_if import check_what_if
from scenarios.conditions import Conditions
from scenarios.report import Report
from scenarios.scenario import Scenario


def check(scenario: Scenario, report: Report) -> None:
    """Write everything that is wrong into the report; where nothing is, a scenario can run."""
    conditions = Conditions(scenario, report)
    check_run(scenario, conditions, report)
    check_people(scenario, conditions, report)
    check_population(scenario, conditions, report)
    check_pathways(scenario, conditions, report)
    check_network(scenario, report)
    check_vaccine(scenario, conditions, report)
    check_size(scenario, report)
    check_what_if(scenario, conditions, report)
