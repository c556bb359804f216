import pytest

from scenarios.loader import load_text

WARD = "hospitals.north.beds.ward"


def at(scenario, path):
    for key in path.split("."):
        scenario = scenario[key] if isinstance(scenario, dict) else getattr(scenario, key)
    return scenario


@pytest.mark.parametrize(
    ("overrides", "path", "value"),
    [
        (["hospitals.north.beds.icu.count=12"], "hospitals.north.beds.icu.count", 12),
        (["hospitals.north.beds.icu=12"], "hospitals.north.beds.icu.count", 12),
        ([f"{WARD}.count += 5"], f"{WARD}.count", 25),
        ([f"{WARD}+=5"], f"{WARD}.count", 25),
        ([f"{WARD}-=5", f"{WARD}*=2"], f"{WARD}.count", 30),
        (["warm_up+=12 h"], "warm_up", 132.0),
        (["warm_up*=0.5"], "warm_up", 60.0),
        (["arrivals.list.scale*=1.5"], "arrivals.list.scale", 1.5),
        (["decide_every*=2"], "decide_every", 8.0),
        (["arrivals.north-walk-in.poisson.rate*=2"], "arrivals.north-walk-in.poisson.rate", 1.0),
        (["arrivals.north-walk-in.poisson.rate+=12 per day"], "arrivals.north-walk-in.poisson.rate", 1.0),
        (["arrivals.south-walk-in.poisson.rate=1/h"], "arrivals.south-walk-in.poisson.rate", 1.0),
        (["hospitals.north.staff.nurse.sickness+=5 %"], "hospitals.north.staff.nurse.sickness", 0.1),
        (["decide_on+=arrival"], "decide_on", ("full", "arrival")),
        (["decide_on+=[arrival, free]"], "decide_on", ("full", "arrival", "free")),
        (["assumptions+=none"], "assumptions", ("none",)),
        (['title="1:4, = and +="'], "title", "1:4, = and +="),
        (["title=a = b"], "title", "a = b"),
        (["hospitals.north.population=1000"], "hospitals.north.population", 1000),
        (["backfill=fit"], "backfill", "fit"),
        (['"warm_up"=0'], "warm_up", 0.0),
        (['hospitals.north.duration_factor."emergency.ward"=2'], "hospitals.north.duration_factor",
         {"emergency.ward": 2}),
    ],
)  # fmt: skip
def test_an_override_changes_one_thing(overrides, path, value, complete):
    assert at(load_text(complete, overrides), path) == value


def test_an_index_picks_from_a_list(complete):
    scenario = load_text(complete, ["hospitals.north.staff.nurse.roster[1].count=2"])

    assert [shift.count for shift in scenario.hospitals["north"].staff["nurse"].roster] == [8, 2]


def test_a_bare_count_leaves_cleaning_and_flex_beds(complete):
    ward = load_text(complete, [f"{WARD}=30"]).hospitals["north"].beds["ward"]

    assert (ward.count, ward.flex.count, ward.cleaning.kind) == (30, 4, "constant")


def test_a_key_may_be_added_to_what_is_written_as_a_bare_value(complete):
    scenario = load_text(
        complete, ["hospitals.north.beds.icu.cleaning=1 h", "hospitals.north.equipment.theatre.source=x"]
    )

    assert scenario.hospitals["north"].beds["icu"].count == 4
    assert scenario.hospitals["north"].equipment["theatre"].count == 2


def test_another_distribution_or_rule_takes_the_place_of_the_first(complete):
    overrides = ["queue_rule.c-mu={}", "arrivals.letters.renewal.gap.exponential.mean=2 h"]
    scenario = load_text(complete, overrides)

    assert scenario.queue_rule.name == "c-mu"
    assert scenario.arrivals["letters"].renewal.gap.law.mean == 2.0


def test_a_new_hospital_is_added_as_a_mapping(complete):
    scenario = load_text(complete, ["hospitals.east={beds: {ward: 3}}", "hospitals.east.beds.ward+=1"])

    assert scenario.hospitals["east"].beds["ward"].count == 4


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("hospitals.nort.beds.icu.count=1", 'hospitals.nort: there is no "nort". Did you mean "north"?'),
        ("hospitals.north.beds.hdu=1", 'hospitals.north.beds.hdu: there is no "hdu". There are: ward, icu.'),
        ("hospitals.north.bed.icu=1", 'hospitals.north.bed: "bed" is not known here. Did you mean "beds"?'),
        ("warmup=1 h", 'warmup: "warmup" is not known here. Did you mean "warm_up"?'),
        ("warm_up.hours=1", 'warm_up: expected a mapping, got "5 days". It is a single value and has no keys.'),
        ("decide_on[3]=full", "decide_on[3]: expected an index below 1, got 3. Use += to append."),
        ("warm_up[0]=1 h", 'warm_up: expected a list, got "5 days". Leave out [0].'),
        ("decide_on.x=1", "decide_on: expected an index such as [0], since this is a list, got a name."),
        ("warm_up", 'expected a change such as hospitals.north.beds.icu.count=12, got "warm_up".'),
        ("=3", 'expected a change such as hospitals.north.beds.icu.count=12, got "".'),
        ("a..b=3", 'expected a change such as hospitals.north.beds.icu.count=12, got "a..b". '
         "Put a name that holds a dot or a bracket in quotes."),
        ("warm_up=[1", "this is not YAML: expected ',' or ']', but got '<stream end>'."),
        ("warm_up=.inf", "expected a finite number, got .inf."),
        ("warm_up*=2 h", 'warm_up: expected a plain number to multiply by, got "2 h". '
         "*= works on numbers, durations and rates."),
        ("warm_up-=20 days", 'warm_up: expected a result of at least 0, got "5 days" -= "20 days".'),
        ("hospitals.north.population+=1", "hospitals.north.population: this is not written in the scenario, "
         "so += has nothing to change. Use =."),
        ("title*=2", 'title: expected a plain number to multiply by, got 2. *= works on numbers, durations and rates.'),
        (f"{WARD}.count=many", f'{WARD}.count: expected a whole number of at least 0 or unlimited, got "many".'),
    ],
)  # fmt: skip
def test_an_override_that_cannot_be_made_says_why(override, expected, complete, problems):
    separator = ": " if not expected.split(" ")[0].endswith(":") else " "

    assert problems(complete, override) == [f"--set 1{separator}{expected}"]


def test_all_bad_overrides_are_told_at_once_each_by_its_number(complete, problems):
    lines = problems(complete, "hospitals.nort.beds=1", "warm_up=1 h", "warmup=1", "x[=2")

    assert [line.split(" ")[1].rstrip(":") for line in lines] == ["1", "3", "4"]
