"""What the engine's memory holds: one layout for each kind of record. H hospitals, P pools, A acuities, S steps."""

from sim.fast.memory import layout, records

WORLD = layout(
    now="f8", horizon="f8", tau="f8", decide_every="f8", reservation_expires="f8",
    # The clock.
    seq="i8", trigger="i8", over="i8", stage="i8", look_place="i8", n_look="i8", looked="i8", seeing="i8",
    argument="i8", argument_2="i8", crowded="i8", asked="i8", n_decided="i8", again="i8", begun="f8",
    events="i8", n_events="i8", later="i8", free_later="i8", slots="i8", slot="i8", filled="i8", n_future="i8",
    max_events="i8", n_rows="i8", max_rows="i8",
    row_time="i8", row_kind="i8", row_patient="i8", row_hospital="i8", row_item="i8", row_value="i8",
    # Sizes and flags.
    n_hospitals="i8", n_pools="i8", n_steps="i8", n_acuities="i8", n_groups="i8", n_needs="i8", n_tiers="i8",
    n_products="i8", n_bands="i8", backfill="i8", asks="i8", hazards="i8", deteriorates="i8",
    # Columns of who presents.
    person_time="i8", person_hospital="i8", person_cls="i8", person_pathway="i8", person_acuity="i8",
    person_triage="i8", person_group="i8", person_source="i8", person_tier="i8", person_ambulance="i8",
    person_declined="i8", person_travel_factor="i8",
    # The state.
    patients="i8", max_patients="i8", free_patient="i8", n_free_patients="i8",
    cells="i8", free_cell="i8", n_free_cells="i8", order="i8",
    newcomers="i8", max_newcomers="i8",
    desks="i8", pools="i8", queues="i8", kept="i8", tier_ranks="i8", visits="i8", tallies="i8", tallies_begun="i8",
    changed="i8", n_changed="i8", to_look="i8", n_to_look="i8", look="i8",
    closed="i8", available="i8", stuck="i8",
    shelves="i8", lots="i8", max_lots="i8", numbers="i8",
    # What never changes.
    pathways="i8", steps="i8", options="i8", needs="i8", lacks="i8", amounts="i8", left_over="i8", links="i8",
    routes="i8", targets="i8", limits="i8", balking="i8", chances="i8", cleaned="i8", beds="i8", factors="i8",
    hazard_rows="i8", n_hazard_rows="i8", travel="i8", reach="i8", serves="i8", fates="i8", tiers="i8",
    products="i8", rosters="i8", flex="i8", n_flex="i8", bands="i8",
    out_left="i8", out_died="i8", out_diverted="i8", out_declined="i8", out_ineligible="i8",
    # Columns of the workload.
    first_route="i8", conditions="i8", numbers_of="i8",
    columns="i8", max_visits="i8", cleaning="i8", thresholds="i8", max_ordinals="i8",
    rankings="i8",
    # Orders as numbers, and how far they have been carried out.
    orders="i8", ordered_kept="i8", ordered_calls="i8", ordered_discharges="i8", ordered_flex="i8",
    openings="i8", free_opening="i8", n_free_openings="i8",
    order_phase="i8", order_place="i8", order_n="i8", order_listed="i8", order_moves="i8", order_step="i8",
    # Where a census is written.
    beds_count="i8", queues_count="i8", inbound_count="i8", waiting_list="i8",
)  # fmt: skip
"""The one record that everything is reached from. Fields that name other records hold their address."""

EVENT = layout(time="f8", rank="i8", seq="i8", what="i8")
LATER = layout(time="f8", rank="i8", seq="i8", what="i8", after="i8")
"""An event of a later slot; `after`: the next one of the list, or of those not used, -1 none."""
SLOT = layout(value="i4")
"""The first event of a slot, -1 none."""

KIND, HOSPITAL, ITEM = layout(value="i1"), layout(value="i2"), layout(value="i4")
"""Cells of the event log's narrow columns."""

PATIENT = layout(
    number="i8", stay="i8", finish="f8", step="i8", hospital="i8", need="i8", held="i8", cell="i8",
    since="f8", triage="i8", group="i8", presented="f8", visit="i8", leg="i8", acuity="i8", option="i8",
    extra="f8", queued="f8", destination="i8", deadline="f8", treated="i8", origin="i8", announced="i8", patience="f8",
    alarm="f8", held_step="i8", held_visit="i8", held_leg="i8", before="i8", after="i8", clock="f8", tier="i8",
    reservation="i8", place="i8",
    left_0="f8", rate_0="f8", since_0="f8",
    left_1="f8", rate_1="f8", since_1="f8", ordinal="i8",
    left_2="f8", rate_2="f8", since_2="f8",
)  # fmt: skip
"""Somebody in the system, by place; `number` is -1 while the place is free, and `after` then the next free one. A line
here is a line of the cache: what a census and the end of a step read comes first.
`stay`: the running number of the event that will end the step; `alarm`: the earliest deadline event."""

CELL = layout(
    step="i8", triage="i8", code="i8", tier_rank="i8", held="i8", head="i8", tail="i8", n="i8", before="i8",
    after="i8", option="i8", points="f8", clock="f8", number="i8",
)  # fmt: skip
"""See `sim.allocation.Cell`. `points`, `clock`, `number`: the rank of its head, when it was last worked out."""

DESK = layout(
    changed="i8", to_look="i8", blocked="i8", n_stirred="i8", first_cell="i8", kept="i8", ranking="i8",
    n_tier_ranks="i8", first_tier="i8", overflow="i8", within="f8", diverting="i8", ambulances="i8", endless_fleet="i8",
    n_newcomers="i8",
)  # fmt: skip
POOL = layout(
    capacity="i8", in_use="i8", cleaning="i8", reserved="i8", taken="i8", most="i8", unit="i8", borrowed="i8",
    coming="i8", flex="i8", flex_ordered="i8", first_opening="i8", last_opening="i8",
)  # fmt: skip
"""By H x P. `borrowed`: whole people, by orders; `coming`: how many there are about to be; `flex`: beds that
orders have opened; `first_opening`, `last_opening`: those under way, -1 none."""
QUEUE = layout(waiting="i8", stirred="i8", short="i8")
"""By H x S; `short` only during a scan."""
TALLY = layout(hours="f8", arrived="i8", treated="i8", left="i8", died="i8", doses="i8")
"""By H x groups."""

STEP = layout(
    product="i8", first_option="i8", n_options="i8", first_route="i8", n_routes="i8", treatment="i8", hold="i8",
    full_outcome="i8", patience_outcome="i8", patience="i8", by_journey="i8", if_full="i8",
    first_limit="i8", n_limits="i8", first_balking="i8", n_balking="i8", first_rival="i8", n_rivals="i8", margin="f8",
)  # fmt: skip
"""`if_full`: 0 wait, 1 leave, 2 overflow; `margin`: hours by which the step may be cut, -1 none."""
OPTION = layout(need="i8", factor="f8", wrong_unit="i8")
SPAN = layout(first="i8", n="i8")
"""Part of a list: of `amounts` for needs, of `routes` for pathways, of `beds` for what is cleaned (H x needs)."""
NEED = layout(first="i8", n="i8", first_wake="i8", n_wakes="i8")
AMOUNT = layout(pool="i8", amount="i8")
BED = layout(pool="i8", need="i8", law="i8")
ROUTE = layout(levels="i8", condition="i8", first="i8", n="i8")
"""`levels`: the present acuities as bits, -1 all; `condition`: -1 none."""
TARGET = layout(limit="f8", target="i8")
LIMIT = layout(condition="i8", count="i8")
BALKING = layout(condition="i8", first="i8", n="i8", outcome="i8")
HAZARD = layout(cause="i8", places="i8", levels="i8", condition="i8", number="i8", rate="f8")
ROAD = layout(hours="f8", hospital="i8", length="f8")
"""By H x H. `hours`: to the hospital of that number; `hospital`, `length`: the neighbour of that rank, -1 none."""
PRODUCT = layout(per_vial="i8", open_limit="f8")
DUTY = layout(time="f8", change="i8", more="i8")
"""A change of a roster; `more`: whether another one of the same pool follows."""

VISIT = layout(made="i8", duration="i8", patience="i8", route="i8", balk="i8")
"""Addresses of the columns of a step's visit (S x visits); 0: not needed."""
RANKING = layout(kind="i8", by_step_clock="i8", counts="i8", codes="i8", table="i8", start="i8")
LOT = layout(number="i8", product="i8", vials="i8", doses="i8", opened="i8", expires="f8")
SHELF = layout(n="i8", touched="i8")

FLEX = layout(place="i8", delay="f8")
"""A pool (H x P) with flex beds, and the hours until they are open."""
OPENING = layout(beds="i8", before="i8", after="i8")
"""Flex beds on their way, in the order in which they come; `after` is the next free record in one not used."""

ORDER = layout(
    ranking="i8", tier="i8", overflow="i8", within="f8", divert="i8", move_to="i8", move_most="i8", lend_pool="i8",
    lend_to="i8", moved="i8",
)  # fmt: skip
"""By H: what is ordered as numbers; -1: nothing. `moved` is told: how many were."""

WAITS = layout(hospital="i8", number="i8", step="i8", triage="i8", group="i8", boarding="i8", presented="f8")
"""A line of the census: somebody who waits."""

order_at = records(ORDER)
flex_at = records(FLEX)
opening_at = records(OPENING)
world_at = records(WORLD)
event_at = records(EVENT)
later_at = records(LATER)
slot_at = records(SLOT)
kind_at = records(KIND)
hospital_at = records(HOSPITAL)
item_at = records(ITEM)
patient_at = records(PATIENT)
cell_at = records(CELL)
desk_at = records(DESK)
pool_at = records(POOL)
queue_at = records(QUEUE)
tally_at = records(TALLY)
step_at = records(STEP)
option_at = records(OPTION)
span_at = records(SPAN)
need_at = records(NEED)
amount_at = records(AMOUNT)
bed_at = records(BED)
route_at = records(ROUTE)
target_at = records(TARGET)
limit_at = records(LIMIT)
balking_at = records(BALKING)
hazard_at = records(HAZARD)
road_at = records(ROAD)
product_at = records(PRODUCT)
duty_at = records(DUTY)
visit_at = records(VISIT)
ranking_at = records(RANKING)
lot_at = records(LOT)
shelf_at = records(SHELF)
waits_at = records(WAITS)
