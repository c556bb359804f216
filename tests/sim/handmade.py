"""A network of two hospitals, and a log small enough to work out every answer by hand.

Warm-up to 2 h, horizon 24 h, tau 8 h. Pathway `ed` has one step `see` (a bay and a quarter of a
nurse), pathway `jab` one step `dose` (a quarter of a nurse). What happens, in hours:

| patient | where | class, acuity, area | story |
|---|---|---|---|
| 0 | north | ed, standard, city    | presents in the warm-up at 1, starts at once, ends at 5; cleaning to 5.5 |
| 1 | north | ed, urgent, city      | presents at 2, starts at 2.5, ends at 6.5 |
| 2 | north | ed, standard, country | presents at 3, dies waiting at 5 |
| 3 | south | ed, standard, country | presents at 4, sent on at once, reserved till 5, there at 5, in care 6 to 10 |
| 4 | north | jab, standard, city   | declined at 7 |
| 5 | north | jab, standard, city   | presents at 8, dose at 8.25, ends at 8.5 |
| 6 | north | jab, standard, city   | presents at 8.5, not eligible |
| 7 | north | jab, standard, country| presents at 9, loses patience at 10 |
| 8 | north | ed, standard, city    | presents at 22.5, still waiting at 24 |

The nurse of north is away from 6 to 7. Ten doses come at 0 and one at 12; three expire at 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scenarios.scenario import Scenario
from sim.eventlog import EventLog, LogBuilder, Row
from sim.network import Network, attribute_values, compile_network
from sim.patients import Patients
from sim.protocol import Tally
from sim.result import Ordered, Result

SCENARIO: dict[str, Any] = {
    "fairward": 1,
    "name": "handmade",
    "horizon": "24 h",
    "warm_up": "2 h",
    "tau": "8 h",
    "acuities": ["urgent", "standard"],
    "targets": {"urgent": "1 h", "standard": "4 h"},
    "attributes": {
        "area": {"share": {"city": 0.5, "country": 0.5}},
        "treated": {"share": {"once": 0.5, "never": 0.5}},
        "frailty": {"number": {"constant": 1.0}},
    },
    "equity": {"groups": ["area"]},
    "classes": {
        "ed": {"pathway": "ed", "acuity": {"urgent": 0.5, "standard": 0.5}},
        "jab": {"pathway": "jab", "acuity": {"urgent": 0.0, "standard": 1.0}},
    },
    "pathways": {
        "ed": {"steps": {"see": {"needs": {"bay": 1, "nurse": "1:4"}, "duration": "4 h"}}},
        "jab": {"steps": {"dose": {"needs": {"nurse": "1:4"}, "duration": "15 min", "dose": "serum"}}},
    },
    "hospitals": {
        "north": {
            "beds": {"bay": {"count": 2, "cleaning": "30 min"}, "lounge": "unlimited"},
            "staff": {"nurse": 1},
            "population": 1000,
        },
        "south": {"beds": {"bay": 1}, "staff": {"nurse": 1}, "population": 2000},
    },
    "transfers": {"travel": {"north": {"south": "1 h"}}},
    "arrivals": {
        "door": {"hospital": "north", "classes": "ed", "poisson": "1 per hour"},
        "invited": {"hospital": "north", "classes": "jab", "poisson": "1 per hour"},
    },
    "vaccine": {"products": {"serum": {}}, "fridges": {"north": {"vials": 20}}, "tiers": {"all": {}}},
}

NORTH, SOUTH = 0, 1
ED, JAB = 0, 1
URGENT, STANDARD = 0, 1
CITY, COUNTRY = 0, 1
SEE, DOSE = 0, 1


def network_of(**changes: Any) -> Network:
    """Compile the scenario with some keys changed."""
    return compile_network(Scenario.model_validate({**SCENARIO, **changes}))


def patients_of(
    network: Network,
    time: Sequence[float],
    hospital: Sequence[int] | None = None,
    cls: Sequence[int] | None = None,
    acuity: Sequence[int] | None = None,
    area: Sequence[int] | None = None,
    declined: Sequence[int] = (),
) -> Patients:
    """Make patients; what is not given is 0, but nobody is `urgent` (`declined`: their numbers)."""
    n = len(time)

    def column(values: Sequence[int] | None, otherwise: int = 0) -> Any:
        return np.array([otherwise] * n if values is None else values, dtype=np.int64)

    has_declined = np.zeros(n, dtype=np.bool_)
    has_declined[list(declined)] = True
    codes = {
        name: column(None) for name, spec in network.scenario.attributes.items() if spec.share is not None
    }
    if area is not None:
        codes["area"] = column(area)
        assert attribute_values(network.scenario, "area") == ("city", "country")
    return Patients(
        time=np.array(time, dtype=np.float64),
        hospital=column(hospital),
        source=column(cls),
        ordinal=np.arange(n),
        cls=column(cls),
        acuity=column(acuity, STANDARD),
        triage=column(acuity, STANDARD),
        ambulance=np.zeros(n, dtype=np.bool_),
        declined=has_declined,
        tier=column(None, -1),
        group=codes.get("area", column(None)),
        travel_factor=np.ones(n),
        codes=codes,
        numbers={"frailty": np.ones(n)} if "frailty" in network.scenario.attributes else {},
    )


def log_of(rows: Sequence[tuple[float, int, int, int, int, float]]) -> EventLog:
    """Make a log of rows (time, kind, patient, hospital, item, value), sorted by time."""
    builder = LogBuilder()
    for row in sorted(rows, key=lambda row: row[0]):
        builder.append(row)
    return builder.build()


def result_of(
    network: Network,
    patients: Patients,
    rows: Sequence[tuple[float, int, int, int, int, float]],
    orders: tuple[Ordered, ...] = (),
) -> Result:
    """Make a result."""
    empty = tuple((0,) * len(network.groups) for _ in network.hospitals)
    return Result(
        network=network,
        seed=1,
        replication=0,
        log=log_of(rows),
        patients=patients,
        sources=network.sources,
        orders=orders,
        since=Tally(0.0, empty, empty, empty, empty, empty, empty),
        hashed=str,
    )


def need(network: Network, step: int) -> int:
    """The index of a step's own needs."""
    return network.steps[step].options[0].need


def story() -> Result:
    """Return the result of the stories above."""
    network = network_of()
    patients = patients_of(
        network,
        time=[1, 2, 3, 4, 7, 8, 8.5, 9, 22.5],
        hospital=[NORTH, NORTH, NORTH, SOUTH, NORTH, NORTH, NORTH, NORTH, NORTH],
        cls=[ED, ED, ED, ED, JAB, JAB, JAB, JAB, ED],
        acuity=[STANDARD, URGENT, *[STANDARD] * 7],
        area=[CITY, CITY, COUNTRY, COUNTRY, CITY, CITY, CITY, COUNTRY, CITY],
        declined=[4],
    )
    discharged, died, left = (network.outcomes.index(name) for name in ("discharged", "died", "left"))
    declined, ineligible = (network.outcomes.index(name) for name in ("declined", "ineligible"))
    bay_and_nurse, nurse_only = need(network, SEE), need(network, DOSE)
    bay, nurse = network.pool("bay"), network.pool("nurse")
    bed = next(i for i, one in enumerate(network.needs) if one.amounts == ((bay, 1),))

    def presents(patient: int) -> tuple[float, int, int, int, int, float]:
        cls = int(patients.cls[patient])
        return (
            patients.time[patient],
            Row.PRESENTED,
            patient,
            int(patients.hospital[patient]),
            cls,
            float(cls),
        )

    def served(
        patient: int, step: int, seized: int, queued: float, started: float, ended: float
    ) -> list[tuple[float, int, int, int, int, float]]:
        return [
            (queued, Row.QUEUED, patient, NORTH, step, 0),
            (started, Row.STARTED, patient, NORTH, step, seized),
            (started, Row.TREATED, patient, NORTH, step, 0),
            (ended, Row.ENDED, patient, NORTH, step, 0),
            (ended, Row.RELEASED, patient, NORTH, seized, step),
            (ended, Row.LEFT_NETWORK, patient, NORTH, discharged, 0),
        ]

    rows = [
        *((0, Row.CAPACITY, -1, h, nurse, 4) for h in (NORTH, SOUTH)),
        (0, Row.CAPACITY, -1, NORTH, bay, 2),
        (0, Row.VIALS, -1, NORTH, 0, 10),
        *(presents(patient) for patient in range(9)),
        *served(0, SEE, bay_and_nurse, 1, 1, 5),
        (5, Row.CLEANING, 0, NORTH, bed, 0),
        (5.5, Row.CLEANED, 0, NORTH, bed, 0),
        *served(1, SEE, bay_and_nurse, 2, 2.5, 6.5),
        (3, Row.QUEUED, 2, NORTH, SEE, 0),
        (5, Row.QUIT, 2, NORTH, SEE, 2),
        (5, Row.LEFT_NETWORK, 2, NORTH, died, 0),
        (4, Row.QUEUED, 3, SOUTH, SEE, 0),
        (4, Row.QUIT, 3, SOUTH, SEE, 3),
        (4, Row.DEPARTED_FOR, 3, SOUTH, NORTH, 1),
        (4, Row.RESERVED, 3, NORTH, bay_and_nurse, 0),
        (5, Row.UNRESERVED, 3, NORTH, bay_and_nurse, 1),
        (5, Row.HANDED_OVER, 3, NORTH, -1, 0),
        *served(3, SEE, bay_and_nurse, 5, 6, 10),
        (6, Row.CAPACITY, -1, NORTH, nurse, 0),
        (7, Row.CAPACITY, -1, NORTH, nurse, 4),
        (7, Row.LEFT_NETWORK, 4, NORTH, declined, 0),
        *served(5, DOSE, nurse_only, 8, 8.25, 8.5),
        (8.25, Row.DOSED, 5, NORTH, 0, 1),
        (8.5, Row.QUEUED, 6, NORTH, DOSE, 0),
        (8.5, Row.QUIT, 6, NORTH, DOSE, 6),
        (8.5, Row.LEFT_NETWORK, 6, NORTH, ineligible, 0),
        (9, Row.QUEUED, 7, NORTH, DOSE, 0),
        (10, Row.QUIT, 7, NORTH, DOSE, 0),
        (10, Row.LEFT_NETWORK, 7, NORTH, left, 0),
        (12, Row.VIALS, -1, NORTH, 0, 1),
        (12, Row.WASTED, -1, NORTH, 0, 3),
        (22.5, Row.QUEUED, 8, NORTH, SEE, 0),
    ]
    order = Ordered(0, 4.0, "regular", "north", "queue_rule", "acuity", "")
    return result_of(network, patients, rows, (order,))
