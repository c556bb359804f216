"""Metrics of an epidemic: whom it brings to the hospitals, per head of each group of the catchments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scenarios.checks_population import class_names, lasting, people_of
from sim.catchments import people_by_group
from sim.metric import Cells, Floats, Grouping, Metric, Study, ratio
from sim.network import Network


class AdmissionsPerHead(Metric):
    """Patients whom the epidemic sent after the warm-up (those of its classes, which nobody else sends) per 1000
    people of the catchment and group, in the whole observation. Who is never infected or never comes counts in
    the denominator: so a group that is spared and one that stays away look alike here, unlike in the waits."""

    name, unit, title, better = (
        "admissions_per_1000",
        "per 1000",
        "Epidemic admissions per 1000 people",
        "lower",
    )

    def applies(self, network: Network) -> bool:
        """Return whether the epidemic is of our people, and has classes of its own."""
        scenario = network.scenario
        if scenario.epidemic is None or scenario.epidemic.seir is None or scenario.population is None:
            return False
        streams = {name for stream in scenario.arrivals.values() for name in stream.classes}
        others = streams | set(class_names(scenario.population.presenting.classes))
        others |= {row.patients for row in scenario.population.invitations}
        return not others & set(class_names(scenario.epidemic.classes))

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the values by every attribute that people have for good."""
        scenario = study.network.scenario
        assert scenario.epidemic is not None
        sent = class_names(scenario.epidemic.classes)
        of_epidemic = np.array([name in sent for name in study.network.classes])[study.cls]
        who = study.came & of_epidemic
        known = lasting(scenario)
        for grouping in study.groupings:
            if grouping.attribute and grouping.attribute not in known:
                continue
            people = _people(study.network, grouping)
            code = grouping.code[who] * study.n_hospitals + study.hospital[who]
            counts = np.bincount(code, minlength=people.size).reshape(people.shape).astype(np.float64)
            n, heads = (np.hstack([part.sum(axis=1, keepdims=True), part]) for part in (counts, people))
            yield Cells(grouping.attribute, grouping.groups, n, ratio(1000.0 * n, heads))


def _people(network: Network, grouping: Grouping) -> Floats:
    """Return groups x hospitals."""
    scenario = network.scenario
    if not grouping.attribute:
        assert scenario.population is not None
        homes = scenario.population.catchments
        return np.array([[float(people_of(scenario, h)) if h in homes else 0.0 for h in network.hospitals]])
    sizes = people_by_group(scenario, grouping.attribute)
    return np.array(
        [[sizes.get(h, {}).get(value, 0.0) for h in network.hospitals] for value in grouping.groups]
    )
