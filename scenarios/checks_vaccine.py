"""Checks of the vaccine supply."""

from collections.abc import Iterable

from scenarios.checks_network import visits
from scenarios.checks_pathways import reachable
from scenarios.conditions import Conditions
from scenarios.report import Report
from scenarios.scenario import Scenario
from scenarios.tree import Path
from scenarios.vaccine import Vaccine

MINUTE = 1 / 60


def check_vaccine(scenario: Scenario, conditions: Conditions, report: Report) -> None:
    """Check the supply, and that every dose has a product and a fridge."""
    vaccine = scenario.vaccine
    products = vaccine.products if vaccine else {}
    for name, pathway in scenario.pathways.items():
        for step_name, step in pathway.steps.items():
            path: Path = ("pathways", name, "steps", step_name, "dose")
            if step.dose is not None and vaccine is None:
                message = f'this step uses a dose of "{step.dose}", and there is no `vaccine`'
                report.add(path, "", message, "Add `vaccine` with its products.", names=("vaccine",))
            elif step.dose is not None and step.dose not in products:
                report.unknown(
                    path, step.dose, "a product of `vaccine`", products, defined_at=[("vaccine", "products")]
                )
    if vaccine is not None:
        _check_products(vaccine, report)
        _check_fridges(vaccine, scenario, report)
        conditions.cases(
            ("vaccine", "tiers"), [tier.when for tier in vaccine.tiers.values()], covering=False,
            keys=list(vaccine.tiers),
        )  # fmt: skip
        _check_clinics(vaccine, scenario, report)


def _check_products(vaccine: Vaccine, report: Report) -> None:
    for name, product in vaccine.products.items():
        path: Path = ("vaccine", "products", name)
        if product.doses_per_vial > 1 and product.open_limit is None:
            message = f"a vial holds {product.doses_per_vial} doses, and there is no `open_limit`"
            report.add(path, "", message, "Add `open_limit`: how long a punctured vial may be used.")
        for key in ("open_limit", "thawed_life"):
            if getattr(product, key) == 0:
                report.add((*path, key), "more than 0", "0", "Leave it out for no limit.")
    for i, shipment in enumerate(vaccine.shipments):
        path = ("vaccine", "shipments", i)
        _check_known((*path, "product"), [shipment.product], vaccine, report)
        if shipment.every is not None and shipment.every < MINUTE:
            report.add((*path, "every"), "at least 1 min", "less", "Leave it out for once only.")
        if shipment.shelf_life == 0:
            report.add((*path, "shelf_life"), "more than 0", "0")


def _check_fridges(vaccine: Vaccine, scenario: Scenario, report: Report) -> None:
    for name, fridge in vaccine.fridges.items():
        path: Path = ("vaccine", "fridges", name)
        if name not in scenario.hospitals:
            report.unknown(
                path, name, "a hospital of this scenario", scenario.hospitals, defined_at=[("hospitals",)]
            )
        for key in ("stock", "order_up_to"):
            for product in getattr(fridge, key):
                _check_known((*path, key, product), [product], vaccine, report)


def _check_known(path: Path, products: Iterable[str], vaccine: Vaccine, report: Report) -> None:
    for product in products:
        if product not in vaccine.products:
            report.unknown(
                path,
                product,
                "a product of `vaccine`",
                vaccine.products,
                defined_at=[("vaccine", "products")],
            )


def _check_clinics(vaccine: Vaccine, scenario: Scenario, report: Report) -> None:
    for name, hospitals in visits(scenario).items():
        pathway = scenario.pathways.get(name)
        doses = [step for step in reachable(pathway) if pathway.steps[step].dose] if pathway else []
        for hospital in hospitals if doses else ():
            if hospital not in vaccine.fridges:
                message = (
                    f'there is no fridge at "{hospital}", where the step "{doses[0]}" of "{name}" gives doses'
                )
                report.add(("vaccine", "fridges"), "", message, f'Add "{hospital}".', names=(hospital,))
