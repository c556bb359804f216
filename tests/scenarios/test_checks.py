"""One story a check: the complete scenario with one thing broken by `--set`."""

import re

import pytest

from scenarios.errors import ScenarioError
from scenarios.loader import load_text

STORIES = {
    # People.
    "shares must sum to 1": (
        "attributes.sex.share.m=0.5",
        "attributes.sex.share: expected shares that sum to 1, got a sum of 1.01. 0.01 is too much.",
    ),
    "a stream brings no more patients than a run can hold": (
        "arrivals.list.schedule={at: [1 h], each: 1000000000}",
        "arrivals.list: expected at most 50 million patients in one run, got about 1e+09 from this stream. "
        "Check the units and the counts, or shorten the horizon.",
    ),
    "a batch counts": (
        "arrivals.list.batch=1e12",
        "arrivals.list: expected at most 50 million patients in one run, got about 6.2e+13 from this stream. "
        "Check the units and the counts, or shorten the horizon.",
    ),
    "no duration is longer than a thousand years": (
        "targets.urgent=1e300 days",
        'targets.urgent: expected a duration of at most 1000 years, got "1e300 days".',
    ),
    "a Weibull has a shape that one can draw from": (
        "arrivals.list.batch={weibull: {scale: 1, shape: 0.0001}}",
        "arrivals.list.batch: expected a weibull shape of at least 0.05, got 0.0001. "
        "A smaller one has no mean to speak of.",
    ),
    "a list of ways is explained": (
        "pathways.emergency.steps.triage.next=[ward, icu, rest]",
        "pathways.emergency.steps.triage.next: expected one way at a time, got a list of names. Write ward and let its "
        "own `next` lead on, or chances that sum to 1: {ward: 0.33, icu: 0.33, rest: 0.34}.",
    ),
    "a share in per cent needs its sign": (
        "arrivals.list.ambulance=30",
        "arrivals.list.ambulance: expected a share from 0 to 1 such as 0.3 or 30 %, got 30. "
        'Say "30 %" if it is per cent.',
    ),
    "the hours of a day are 24": (
        "arrivals.list={hospital: north, classes: elective, poisson: {rate: 1 per hour, hourly: [1, 2, 3]}}",
        "arrivals.list.poisson.hourly: expected exactly 24 entries, got 3.",
    ),
    "class shares of a stream must sum to 1": (
        "arrivals.list.classes={elective: 0.5}",
        "arrivals.list.classes: expected shares that sum to 1, got a sum of 0.5. 0.5 is missing.",
    ),
    "the last case has no condition": (
        "attributes.fate.share=[{when: {sex: f}, share: {lives: 1, dies: 0}}]",
        "attributes.fate.share[0]: the last case has a condition, so some patients may have no case. "
        "Add a last case without `when`.",
    ),
    "no case after the one for everybody": (
        "classes.walk-in.acuity=[{share: {critical: 1}}, {when: {sex: f}, share: {urgent: 1}}, {share: {urgent: 1}}]",
        "classes.walk-in.acuity[1]: this case is never used: case 1 takes everybody. "
        "Put the narrower case first, and the one without `when` last.",
    ),
    "no case within an earlier one": (
        "classes.walk-in.acuity=[{when: {sex: [f, m]}, share: {critical: 1}}, "
        "{when: {sex: f, deprivation: 1}, share: {urgent: 1}}, {share: {urgent: 1}}]",
        "classes.walk-in.acuity[1]: this case is never used: case 1 takes all for whom it would hold. "
        "Put the narrower case first, and the one without `when` last.",
    ),
    "a condition names an attribute": (
        "hazards.leave[0].when={sexx: f}",
        'hazards.leave[0].when.sexx: "sexx" is not an attribute of this scenario. Did you mean "sex"?',
    ),
    "a condition names a value": (
        "hazards.leave[0].when={acuity: standrad}",
        'hazards.leave[0].when.acuity: "standrad" is not an acuity of this scenario. Did you mean "standard"?',
    ),
    "a condition names a value of an attribute": (
        "hazards.leave[0].when={fate: [lives, die]}",
        'hazards.leave[0].when.fate[1]: "die" is not a value of "fate". Did you mean "dies"?',
    ),
    "a condition is not a number": (
        "hazards.leave[0].when={frailty: 1}",
        'hazards.leave[0].when.frailty: "frailty" is a number and cannot be a condition. '
        "Conditions take attributes with a `share`.",
    ),
    "an attribute conditions on those above": (
        "attributes.sex.share=[{when: {fate: dies}, share: {f: 1, m: 0}}, {share: {f: 0, m: 1}}]",
        'attributes.sex.share[0].when.fate: "fate" is drawn later than this. Write "fate" above.',
    ),
    "an attribute is drawn before acuity": (
        "attributes.sex.share=[{when: {acuity: urgent}, share: {f: 1, m: 0}}, {share: {f: 0, m: 1}}]",
        'attributes.sex.share[0].when.acuity: "acuity" is not known yet when this is drawn. '
        "Known: class, hospital, source.",
    ),
    "an attribute does not take a built-in name": (
        "attributes.triage={share: {a: 1}}",
        'attributes.triage: every patient has "triage" anyway. Choose another name.',
    ),
    "a class names a pathway": (
        "classes.walk-in.pathway=emergancy",
        'classes.walk-in.pathway: "emergancy" is not a pathway of this scenario. Did you mean "emergency"?',
    ),
    "several acuities need shares": (
        "classes.elective={pathway: elective}",
        "classes.elective: expected shares of the acuities critical, urgent, standard, got no `acuity`. "
        "Add `acuity` with its shares.",
    ),
    "acuity shares name acuities": (
        "classes.elective.acuity={standart: 1}",
        'classes.elective.acuity.standart: "standart" is not an acuity of this scenario. Did you mean "standard"?',
    ),
    "a stream names a hospital": (
        "arrivals.list.hospital=nroth",
        'arrivals.list.hospital: "nroth" is not a hospital of this scenario. Did you mean "north"?',
    ),
    "a stream names classes": (
        "arrivals.list.classes=electve",
        'arrivals.list.classes: "electve" is not a class of this scenario. Did you mean "elective"?',
    ),
    "a stream's own shares name an attribute": (
        "arrivals.list.attributes={sexx: {f: 1}}",
        'arrivals.list.attributes.sexx: "sexx" is not an attribute of this scenario. Did you mean "sex"?',
    ),
    "a stream's own shares name known values": (
        "arrivals.list.attributes={sex: {f: 0.5, n: 0.5}}",
        'arrivals.list.attributes.sex.n: "n" is not a value of "sex". There are: f, m.',
    ),
    "a stream ends after it begins": (
        "arrivals.list.ends=0",
        "arrivals.list.ends: expected a time after `begins`, got one not after it.",
    ),
    "gaps take time": (
        "arrivals.letters.renewal.gap=0",
        "arrivals.letters.renewal.gap: expected a mean gap of at least 1 s, got a shorter one. "
        "Nobody could ever stop coming; write `batch` for several at once.",
    ),
    "a repeated schedule takes time": (
        "arrivals.list.schedule.every=0",
        "arrivals.list.schedule.every: expected at least 1 min, got less. Leave it out for once only.",
    ),
    "a rate table has as many breakpoints as rates": (
        "arrivals.list={hospital: north, classes: elective, "
        "poisson: {table: {rates: [1/h, 2/h], breakpoints: [0], period: 1 day}}}",
        "arrivals.list.poisson.table.breakpoints: expected one breakpoint a rate (2), got 1.",
    ),
    "a rate table's breakpoints rise": (
        "arrivals.list={hospital: north, classes: elective, "
        "poisson: {table: {rates: [1/h, 2/h, 1/h], breakpoints: [0, 5 h, 4 h], period: 1 day}}}",
        "arrivals.list.poisson.table.breakpoints: expected breakpoints that rise, got some that do not.",
    ),
    "under-triage cannot depend on triage": (
        "disparities.under_triage[0].when={triage: urgent}",
        'disparities.under_triage[0].when.triage: "triage" is not known yet when this is drawn. '
        "Known: class, hospital, source, acuity.",
    ),
    "extra time names steps": (
        "disparities.extra_time[0].steps=[triag]",
        'disparities.extra_time[0].steps[0]: "triag" is not a step of any pathway. Did you mean "triage"?',
    ),
    "uptake names classes": (
        "disparities.uptake[0].classes=[inwited]",
        'disparities.uptake[0].classes[0]: "inwited" is not a class of this scenario. Did you mean "invited"?',
    ),
    # Pathways.
    "routing must sum to 1": (
        "pathways.emergency.steps.ward.next.rest=0.3",
        "pathways.emergency.steps.ward.next: expected probabilities that sum to 1, got a sum of 1.1. "
        "0.1 is too much.",
    ),
    "next names a step": (
        "pathways.emergency.steps.ward.next=rset",
        'pathways.emergency.steps.ward.next: "rset" is not a step of this pathway. Did you mean "rest"?',
    ),
    "first names a step": (
        "pathways.emergency.first=triaje",
        'pathways.emergency.first: "triaje" is not a step of this pathway. Did you mean "triage"?',
    ),
    "every step is reached": (
        "pathways.emergency.steps.ward.next=discharged",
        'pathways.emergency.steps.rest: nobody can reach the step "rest". '
        "Name it in `first` or in the `next` of another step, or remove it.",
    ),
    "every step is left": (
        "pathways.emergency.steps.rest.next=rest",
        "pathways.emergency.steps.rest.next: no outcome can be reached from rest: whoever comes here never leaves. "
        "Let one of these steps lead to an outcome.",
    ),
    "a step is not an outcome": (
        "outcomes.rest=left",
        'pathways.emergency.steps.rest: "rest" is an outcome and cannot be a step too. Rename the step.',
    ),
    "an outcome is not written again": (
        "outcomes.died=left",
        'outcomes.died: the outcome "died" exists already. Leave it out.',
    ),
    "patience names an outcome": (
        "pathways.emergency.steps.ward.patience.outcome=gone",
        'pathways.emergency.steps.ward.patience.outcome: "gone" is not an outcome of this scenario. '
        "There are: discharged, died, left, cancelled, diverted, declined, ineligible, postponed.",
    ),
    "a full step names an outcome": (
        "pathways.elective.steps.operation.full_outcome=postpond",
        'pathways.elective.steps.operation.full_outcome: "postpond" is not an outcome of this scenario. '
        'Did you mean "postponed"?',
    ),
    "those who balk have an outcome": (
        "pathways.emergency.steps.ward.balking=[{probability: [0, 0.1], outcome: lft}]",
        'pathways.emergency.steps.ward.balking[0].outcome: "lft" is not an outcome of this scenario. '
        'Did you mean "left"?',
    ),
    "durations scale by numbers": (
        "pathways.emergency.steps.ward.scale_by=[sex]",
        'pathways.emergency.steps.ward.scale_by[0]: expected a number attribute, got "sex", which is a category. '
        "Give it a `number`.",
    ),
    "acuity factors name acuities": (
        "pathways.emergency.steps.ward.acuity_factor={crit: 2}",
        'pathways.emergency.steps.ward.acuity_factor.crit: "crit" is not an acuity of this scenario. '
        'Did you mean "critical"?',
    ),
    "hazards are multiplied by numbers": (
        "hazards.deteriorate[0].times=fraility",
        'hazards.deteriorate[0].times: "fraility" is not a number attribute of this scenario. '
        'Did you mean "frailty"?',
    ),
    "a hazard applies somewhere": (
        "hazards.leave[0].during=[]",
        "hazards.leave[0].during: expected at least one place, got none. Remove the hazard if it never applies.",
    ),
    # The network.
    "needs name pools": (
        "pathways.emergency.steps.triage.needs={nurs: 1}",
        'pathways.emergency.steps.triage.needs.nurs: "nurs" is not a pool of any hospital. Did you mean "nurse"?',
    ),
    "a pool exists wherever patients come": (
        "arrivals.list.hospital=south",
        'pathways.elective.steps.operation.needs.theatre: there is no "theatre" at south, where patients come to '
        'this step. Add "theatre" there, or write `if_full: overflow` and travel to a hospital that has all of it.',
    ),
    "a need above all that there is can never start": (
        "pathways.clinic.steps.jab.needs={nurse: 10}",
        'pathways.clinic.steps.jab.needs.nurse: expected at most the 9 of "nurse" that there ever are, '
        "got 10, so that it can never start at north.",
    ),
    "a pool is of one kind": (
        "hospitals.south.equipment={icu: 1}",
        'hospitals.south.equipment.icu: "icu" already names beds at "north". Give one of them another name.',
    ),
    "staff are counted or rostered": (
        "hospitals.north.staff.nurse.count=3",
        "hospitals.north.staff.nurse: expected either `count` or `roster`, got both. Remove one of them.",
    ),
    "staff are counted at all": (
        "hospitals.south.staff.nurse={sickness: 0.1}",
        "hospitals.south.staff.nurse: expected either `count` or `roster`, got neither. Write how many there are.",
    ),
    "a roster covers the week": (
        'hospitals.north.staff.nurse.roster[1].begins="21:30"',
        "hospitals.north.staff.nurse.roster: expected shifts that cover the whole week, "
        "got none from mon 19:00 to mon 21:30. Add a shift, with `count: 0` if nobody is on duty then.",
    ),
    "duration factors name steps": (
        "hospitals.north.duration_factor={emergency.wrad: 2}",
        'hospitals.north.duration_factor."emergency.wrad": "emergency.wrad" is not a step of any pathway. '
        'Did you mean "emergency.ward"?',
    ),
    "travel joins hospitals": (
        "transfers.travel.north.suoth=1 h",
        'transfers.travel.north.suoth: "suoth" is not a hospital of this scenario. Did you mean "south"?',
    ),
    "travel leads elsewhere": (
        "transfers.travel.north.north=1 h",
        "transfers.travel.north.north: this is travel from a hospital to itself. Remove it.",
    ),
    "travel takes time": (
        "transfers.travel.north.south=0",
        "transfers.travel.north.south: expected a travel time above 0, got 0. "
        "Write 1 min for hospitals under one roof.",
    ),
    # The vaccine.
    "a dose is of a product": (
        "pathways.clinic.steps.jab.dose=wax",
        'pathways.clinic.steps.jab.dose: "wax" is not a product of `vaccine`. Did you mean "vax"?',
    ),
    "a dose needs a vaccine": (
        "vaccine=null",
        'pathways.clinic.steps.jab.dose: this step uses a dose of "vax", and there is no `vaccine`. '
        "Add `vaccine` with its products.",
    ),
    "open vials do not last": (
        "vaccine.products.vax={doses_per_vial: 6}",
        "vaccine.products.vax: a vial holds 6 doses, and there is no `open_limit`. "
        "Add `open_limit`: how long a punctured vial may be used.",
    ),
    "a shipment is of a product": (
        "vaccine.shipments[0].product=wax",
        'vaccine.shipments[0].product: "wax" is not a product of `vaccine`. Did you mean "vax"?',
    ),
    "a fridge stands in a hospital": (
        "vaccine.fridges.nort={vials: 3}",
        'vaccine.fridges.nort: "nort" is not a hospital of this scenario. Did you mean "north"?',
    ),
    "stock is of a product": (
        "vaccine.fridges.north.stock={wax: 3}",
        'vaccine.fridges.north.stock.wax: "wax" is not a product of `vaccine`. Did you mean "vax"?',
    ),
    "a clinic has a fridge": (
        "arrivals.letters.hospital=south",
        'vaccine.fridges: there is no fridge at "south", where the step "jab" of "clinic" gives doses. Add "south".',
    ),
    "a tier is not within an earlier one": (
        "vaccine.tiers={all: {}, poor: {when: {deprivation: 1}}}",
        "vaccine.tiers.poor: this case is never used: case 1 takes everybody. "
        "Put the narrower case first, and the one without `when` last.",
    ),
    # The run.
    "the warm-up is shorter than the horizon": (
        "warm_up=30 days",
        "warm_up: expected a warm-up shorter than the horizon (30 days), got 30 days. "
        "The horizon includes the warm-up.",
    ),
    "the horizon is above 0": ("horizon=0", "horizon: expected a horizon above 0 and of at most 100 years, got 0 h."),
    "the horizon is at most a century": (
        "horizon=40000 days",
        "horizon: expected a horizon above 0 and of at most 100 years, got 40000 days.",
    ),
    "decisions are at least a minute apart": (
        "decide_every=30 s",
        "decide_every: expected at least 1 min, or 0 for no regular decisions, got 30 s.",
    ),
    "acuities are different": (
        "acuities+=urgent",
        'acuities: expected different acuities, got "urgent" 2 times. Keep one of them.',
    ),
    "targets name acuities": (
        "targets.urgnt=1 h",
        'targets.urgnt: "urgnt" is not an acuity of this scenario. Did you mean "urgent"?',
    ),
    "targets are above 0": ("targets.urgent=0", "targets.urgent: expected a target above 0, got 0."),
    "untreated time is counted": ("tau=0", "tau: expected more than 0, got 0."),
    "a name is no path": ("name=../x", 'name: expected a name without "/" that does not begin with ".", got "../x".'),
    "a rule's weights name acuities": (
        "queue_rule={c-mu: {cost: {critcal: 2}}}",
        'queue_rule.c-mu.cost.critcal: "critcal" is not an acuity of this scenario. Did you mean "critical"?',
    ),
    "an equity rule names an attribute": (
        "queue_rule={equity-weighted: {attribute: deprevation, weights: {}}}",
        'queue_rule.equity-weighted.attribute: "deprevation" is not an attribute of this scenario. '
        'Did you mean "deprivation"?',
    ),
    "an equity rule names values": (
        "queue_rule={equity-weighted: {attribute: deprivation, weights: {3: 2}}}",
        'queue_rule.equity-weighted.weights.3: "3" is not a value of "deprivation". There are: 1, 2.',
    ),
    "groups are categories": (
        "equity.groups=[frailty]",
        'equity.groups[0]: expected a category, got "frailty", which is a number. Name an attribute with a `share`.',
    ),
    "a reference is a value": (
        "equity.reference.deprivation=5",
        'equity.reference.deprivation: "5" is not a value of "deprivation". There are: 1, 2.',
    ),
    # Other worlds.
    "an uncertain figure stands somewhere": (
        "uncertain.wards.paths=hospitals.south.beds.wrad",
        'uncertain.wards.paths: hospitals.south.beds.wrad: there is no "wrad". Did you mean "ward"?',
    ),
    "an uncertain figure can be what is believed": (
        'uncertain.wards={paths: arrivals.list.schedule.no_show, values: [0.5, 2], source: assumed}',
        "uncertain.wards.paths: expected a share from 0 to 1 such as 0.3 or 30 %, got 2.0 at "
        'arrivals.list.schedule.no_show. Say "2 %" if it is per cent.',
    ),
    "what costs something is there": (
        "costs.bed_day={wrad: {amount: 1, source: assumed}}",
        'costs.bed_day.wrad: "wrad" is not a unit of beds of any hospital. Did you mean "ward"?',
    ),
    "costs cost something": (
        "costs={currency: EUR}",
        "costs: expected at least one unit cost, got none. Leave `costs` out, or add for example `bed_day`.",
    ),
    "a flip is of a value of an attribute": (
        "counterfactual.instead=x",
        'counterfactual.instead: "x" is not a value of "sex". There are: f, m.',
    ),
    "one patient is flipped by stream and number": (
        "counterfactual.stream=list",
        "counterfactual: expected both stream and number, for one patient, or neither, got one of them.",
    ),
    # Preemption.
    "preemption is refused by name": (
        "pathways.emergency.steps.ward={duration: 1 h, preempt: true}",
        "pathways.emergency.steps.ward.preempt: Fairward refuses preemption: nobody who is in care is put out for "
        "another. Use queue_rule, `if_full: overflow`, flex beds, or early discharge within a `clinical_margin`.",
    ),
}  # fmt: skip


def test_the_complete_scenario_is_sound(complete, problems):
    assert problems(complete) == []


@pytest.mark.parametrize("story", STORIES)
def test_a_broken_scenario_says_what_is_wrong_and_what_to_do(story, complete, problems):
    override, expected = STORIES[story]

    assert without_places(problems(complete, override)) == [expected]


def without_places(lines):
    return [re.sub(r"^(--set 1|winter.yaml:[0-9]+:[0-9]+) ", "", line) for line in lines]


@pytest.mark.parametrize(
    "override", ["queue_rule=preemptive-priority", "pathways.clinic.steps.jab.preempt=true"]
)
def test_preemption_is_refused_wherever_it_is_asked_for(override, complete, problems):
    (line,) = problems(complete, override)

    assert "Fairward refuses preemption" in line


def test_targets_are_needed_where_the_rule_uses_them(complete, problems):
    text = complete.replace("standard: 4 h", "").replace("queue_rule: {accum", "queue_rule: longest-wait #")

    assert without_places(problems(text)) == [
        "queue_rule: expected a target for every acuity, got none for standard. Add to `targets`."
    ]


def test_a_unit_may_be_closed_where_the_neighbour_takes_its_patients(complete, problems):
    closed = ("hospitals.north.beds.ward={count: 0}", "hospitals.north.beds.icu=0")

    assert problems(complete, *closed) == []
    assert len(problems(complete, *closed, "transfers.travel={}")) == 1
    assert problems(complete, *closed, "transfers.travel={}", "overflow_rule=outside") == []


def test_a_step_that_turns_patients_away_may_be_closed(complete, problems):
    assert problems(complete, "hospitals.north.equipment.theatre=0") == []


def test_acuity_may_be_said_by_the_streams_instead_of_the_class(complete, problems):
    text = complete.replace(
        "elective: {pathway: elective, acuity: {standard: 1}}", "elective: {pathway: elective}"
    )

    assert len(problems(text)) == 1
    assert problems(text, "arrivals.list.acuity={standard: 1}") == []


def test_all_problems_of_a_file_are_told_at_once_each_at_its_place(complete, problems):
    text = complete.replace("icu: 4", "icu: {count: -2}").replace("rest: 0.2,", "rset: 0.2,")
    text = text.replace("sex: {share: {f: 51 %, m: 49 %}", "sex: {share: {f: 51 %, m: 48 %}")

    assert problems(text) == [
        "winter.yaml:13:9 attributes.sex.share: expected shares that sum to 1, got a sum of 0.99. 0.01 is missing.",
        "winter.yaml:61:16 pathways.emergency.steps.ward.next.rset: "
        '"rset" is not a step of this pathway. Did you mean "rest"?',
        "winter.yaml:83:13 hospitals.north.beds.icu.count: expected a whole number of at least 0, got -2. "
        "Use 0 to close the unit.",
    ]


def test_a_slip_in_one_key_does_not_hide_the_names_beside_it():
    text = """fairward: 1
name: slips
horizon: 1 day
classes: {ill: {pathway: w}}
pathways: {care: {steps: {ward: {needs: bed, durration: 1 h}}}}
hospitals: {north: {beds: {bed: 4}}}
arrivals: {a: {hospital: nroth, classes: ill, poison: 1 per hour}}
"""

    with pytest.raises(ScenarioError) as error:
        load_text(text)

    assert [problem.path for problem in error.value.problems] == [
        "classes.ill.pathway",
        "pathways.care.steps.ward.duration",
        "pathways.care.steps.ward.durration",
        "arrivals.a.hospital",
        "arrivals.a.poison",
    ]


def test_a_part_that_cannot_be_read_causes_no_further_complaints(complete, problems):
    broken = {
        "hospitals.north.staff.nurse.sickness=7": "hospitals.north.staff.nurse.sickness",
        "hospitals.north.staff.nurse.roster=7": "hospitals.north.staff.nurse.roster",
        "attributes.sex.share.f=x": "attributes.sex.share.f",
        "attributes.deprivation.share=x": "attributes.deprivation.share",
        "pathways.emergency.steps.rest.duration=x": "pathways.emergency.steps.rest.duration",
        "pathways.emergency.steps.triage.next[1].to=7": "pathways.emergency.steps.triage.next[1].to",
        "classes.walk-in.pathway=[]": "classes.walk-in.pathway",
        "horizon=x": "horizon",
        "acuities=x": "acuities",
        "attributes=x": "attributes",
        "outcomes=x": "outcomes",
        "vaccine=x": "vaccine",
        "vaccine.products=x": "vaccine.products",
        "vaccine.fridges=x": "vaccine.fridges",
        "classes=x": "classes",
        "classes.walk-in=x": "classes.walk-in",
        "pathways.emergency.steps=x": "pathways.emergency.steps",
        "hospitals.south=x": "hospitals.south",
        "hospitals.south.beds=x": "hospitals.south.beds",
        "hospitals.north.equipment=x": "hospitals.north.equipment",
        "transfers=x": "transfers",
        "arrivals.list=x": "arrivals.list",
        "attributes.deprivation.share={1: 0.2, 2: x}": "attributes.deprivation.share.2",
        "vaccine.products.vax.open_limit=x": "vaccine.products.vax.open_limit",
        "vaccine.fridges.north.vials=x": "vaccine.fridges.north.vials",
        "hospitals=7": "hospitals",
        "arrivals.list.schedule.at=x": "arrivals.list.schedule.at",
        "targets.urgent=x": "targets.urgent",
    }

    for override, path in broken.items():
        lines = without_places(problems(complete, override))
        assert [line.split(" ")[0] for line in lines] == [f"{path}:"], lines
