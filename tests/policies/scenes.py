"""Small scenarios and decisions for tests of policies."""

from itertools import pairwise
from typing import Any

import numpy as np

from policies.environments.encoding import Encoding
from policies.learning.offer import Offer
from scenarios.loader import load_text
from scenarios.scenario import Scenario
from sim.network import Network, compile_network
from sim.protocol import Decision, HospitalView, Legal, Lot, Names, Tally

NETWORK = """
fairward: 1
name: three hospitals
horizon: 3 days
warm_up: 4 h
decide_every: 4 h
replications: 3
acuities: [critical, standard]
targets: {critical: 30 min, standard: 4 h}
attributes:
  age: {share: {young: 0.7, old: 0.3}}
  home: {share: [{when: {age: old}, share: {near: 0.5, far: 0.5}}, {share: {near: 0.9, far: 0.1}}]}
equity: {groups: [home, age], reference: {home: near}}
disparities:
  extra_time: [{when: {home: far}, steps: [ward], extra: 30 min, source: assumed}]
classes:
  ill: {pathway: care, acuity: {critical: 0.3, standard: 0.7}}
  invited: {pathway: jab, acuity: {standard: 1}}
pathways:
  care:
    steps:
      ward:
        needs: {bed: 1, nurse: 1:4}
        duration: {exponential: 6 h}
        patience: {time: {exponential: 10 h}}
        if_full: overflow
  jab:
    steps:
      dose: {needs: nurse, duration: 10 min, dose: shot}
hospitals:
  north: {beds: {bed: {count: 4, cleaning: 20 min}}, staff: {nurse: 4}, population: 30000}
  south: {beds: {bed: 2}, staff: {nurse: 2}, population: 10000}
  islet: {beds: {bed: 1}, staff: {nurse: 1}, population: 5000}
transfers:
  travel: {north: {south: 30 min, islet: 2 h}}
vaccine:
  products: {shot: {doses_per_vial: 5, open_limit: 6 h}}
  shipments: [{product: shot, vials: 40, at: 0 h, shelf_life: 30 days}]
  lead_time: 4 h
  fridges: {north: {vials: 30}, south: {vials: 10}}
  tiers: {elderly: {when: {age: old}}, others: {opens: 1 day}}
arrivals:
  north: {hospital: north, classes: ill, poisson: 0.8 per hour}
  south: {hospital: south, classes: ill, poisson: 0.3 per hour}
  clinic: {hospital: north, classes: invited, poisson: 3 per hour}
  clinic-south:
    {hospital: south, classes: invited, poisson: 1 per hour, attributes: {age: {young: 0.2, old: 0.8}}}
"""

WARD, DOSE = "care.ward", "jab.dose"


def scenario(*overrides: str) -> Scenario:
    return load_text(NETWORK, overrides)


def empty_view(network: Network, name: str, **changes: Any) -> HospitalView:
    """A hospital without patients and with the scenario's pools."""
    h = network.hospitals.index(name)
    n_pools = len(network.pools)
    needs = tuple(step.name for step in network.steps)
    nobody = tuple(tuple((0,) * len(network.groups) for _ in network.acuities) for _ in needs)
    zeros = (0,) * n_pools
    parts: dict[str, Any] = {
        "name": name, "capacity": network.capacity[h], "in_use": zeros, "cleaning": zeros, "reserved": zeros,
        "unit": tuple(pool.unit for pool in network.pools), "in_bed": tuple((0,) * 6 for _ in range(n_pools)),
        "queue": nobody, "inbound": 0, "stock": (), "on_order": {}, "diverting": False, "flex_open": {},
        "borrowed": zeros, "ambulances": -1, "legal": Legal(tuple(() for _ in needs), {}, {}, {}, {}),
    }  # fmt: skip
    return HospitalView(**{**parts, **changes})


def queue(network: Network, step: str, waiting: int, acuity: int = 0) -> tuple[Any, ...]:
    """So many waiting for a step at an acuity, all of the first group."""
    return tuple(
        tuple(
            tuple(waiting if (one.name, a, g) == (step, acuity, 0) else 0 for g in range(len(network.groups)))
            for a in range(len(network.acuities))
        )
        for one in network.steps
    )


def pools(network: Network, **amounts: int) -> tuple[int, ...]:
    """Amounts by pool name, 0 where not named, in the pool's integer unit."""
    return tuple(amounts.get(pool.name, 0) for pool in network.pools)


def decision(network: Network, time: float = 8.0, depot: int = 0, **views: HospitalView) -> Decision:
    """A decision in which hospitals not given are empty."""
    zeros_int = tuple((0,) * len(network.groups) for _ in network.hospitals)
    zeros = tuple((0.0,) * len(network.groups) for _ in network.hospitals)
    return Decision(
        time=time,
        trigger="regular",
        names=Names(
            hospitals=network.hospitals,
            pools=tuple(pool.name for pool in network.pools),
            acuities=network.acuities,
            groups=network.groups,
            needs=tuple(step.name for step in network.steps),
            products=network.products,
            tiers=network.tiers,
        ),
        hospitals=tuple(views.get(name) or empty_view(network, name) for name in network.hospitals),
        waiting=(),
        travel=network.travel,
        depot=dict.fromkeys(network.products, depot),
        since=Tally(4.0, zeros, zeros_int, zeros_int, zeros_int, zeros_int, zeros_int),
    )


def network_of(*overrides: str) -> Network:
    return compile_network(scenario(*overrides))


def lot(doses: int, expires: float = 500.0) -> Lot:
    return Lot("shot", doses, expires)


def without_vaccine() -> Network:
    text = NETWORK[: NETWORK.index("vaccine:")] + NETWORK[NETWORK.index("arrivals:") :]
    return compile_network(load_text(text.replace(", dose: shot", "")))


def drawn_weights(network: Network, random: np.random.Generator, hidden: int) -> dict[str, Any]:
    """Weights of a learned policy that has learned nothing, for `write_checkpoint`: one hidden layer, all dials."""
    widths = [len(Encoding(network).labels), hidden, int(Offer().menu(network).sizes.sum())]
    return {
        f"actor.{2 * i}.{name}": random.normal(0, 0.3, shape).astype(np.float32)
        for i, (n_in, n_out) in enumerate(pairwise(widths))
        for name, shape in (("weight", (n_out, n_in)), ("bias", n_out))
    }
