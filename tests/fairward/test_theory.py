import json

import pytest
from typer.testing import CliRunner

from fairward.theory import app

RUNNER = CliRunner()
FIVE_SERVERS = ["--service", "20 min", "--servers", "5"]


def answer_of(*arguments):
    result = RUNNER.invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_erlang_c_prints_a_plain_table():
    result = RUNNER.invoke(app, ["erlang-c", "--arrivals", "12 per hour", *FIVE_SERVERS])

    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout == (
        "M/M/c: everybody waits until served (exact, steady state)\n"
        "\n"
        "  arrivals             12 per hour\n"
        "  service              20 min\n"
        "  servers              5\n"
        "\n"
        "  wait probability     0.55411\n"
        "  mean wait            11.082 min\n"
        "  mean time in system  31.082 min\n"
        "  mean queue           2.2165\n"
        "  mean in system       6.2165\n"
        "  utilisation          0.8\n"
        "\n"
        "Assumes: Poisson arrivals at a constant rate; exponential service times; nobody leaves the queue; "
        "first come, first served.\n"
        "Source: Erlang (1917), delay formula.\n"
    )


def test_json_is_one_versioned_object_that_says_what_holds():
    answer = answer_of("erlang-b", "--arrivals", "9 per hour", *FIVE_SERVERS)

    assert set(answer) == {
        "schema", "formula", "model", "validity", "inputs", "results", "assumptions", "source",
    }  # fmt: skip
    assert answer["schema"] == "fairward.theory/1"
    assert answer["validity"] == "exact, steady state"
    assert answer["inputs"] == {"arrivals_per_hour": 9.0, "service_hours": 20 / 60, "servers": 5}
    assert answer["results"]["blocking_probability"] == pytest.approx(0.110054, abs=5e-7)
    assert answer["results"]["mean_busy_servers"] == pytest.approx(3 * (1 - 0.110054), abs=5e-6)


def test_erlang_b_of_a_closed_ward_has_no_utilisation():
    answer = answer_of("erlang-b", "--arrivals", "9 per hour", "--service", "20 min", "--servers", "0")

    assert answer["results"]["blocking_probability"] == 1
    assert "utilisation" not in answer["results"]


def test_erlang_a_counts_who_leaves():
    answer = answer_of("erlang-a", "--arrivals", "0.25 per min", *FIVE_SERVERS, "--patience", "2 h")

    assert answer["results"]["abandon_probability"] == pytest.approx(0.102791, abs=5e-7)
    assert answer["results"]["mean_wait_of_all_arrivals_hours"] * 60 == pytest.approx(12.3349, abs=5e-5)


def test_mg1_takes_the_spread_of_the_service():
    answer = answer_of("mg1", "--arrivals", "0.1 per min", "--service", "8 min", "--service-sd", "6 min")

    assert answer["results"]["mean_wait_hours"] * 60 == pytest.approx(25.0)


def test_priority_lists_the_classes_in_order():
    rates = ["0.00215", "0.0258", "0.09675", "0.07095", "0.01935"]
    classes = [word for rate in rates for word in ("--arrivals", f"{rate} per min")]

    answer = answer_of("priority", *classes, *FIVE_SERVERS)
    table = RUNNER.invoke(app, ["priority", *classes, *FIVE_SERVERS]).stdout

    waits = [60 * wait for wait in answer["results"]["mean_wait_hours"]]
    assert waits == pytest.approx([2.7253, 3.0684, 6.0694, 24.7969, 88.7730], abs=5e-5)
    assert answer["results"]["mean_wait_without_priority_hours"] * 60 == pytest.approx(19.2992, abs=5e-5)
    assert "  mean wait, class 4          24.797 min\n" in table


def test_beds_are_counted_for_either_measure():
    ward = ["--arrivals", "20 per day", "--stay", "1 day", "--target", "0.05"]

    turned_away, waiting = answer_of("beds", *ward), answer_of("beds", *ward, "--measure", "delay")

    assert turned_away["results"]["beds"] == 26
    assert turned_away["results"]["blocking_probability"] <= 0.05
    assert waiting["results"]["beds"] == 29
    assert waiting["results"]["delay_probability"] <= 0.05


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["erlang-c", "--arrivals", "12", "--service", "20", "--servers", "5"],
            '--arrivals: expected a rate such as "12 per hour", got "12". Say per what: "12 per hour".\n'
            '--service: expected a duration such as "90 min", got "20". '
            'Add a unit: say "20 min" if you mean minutes (s, min, h, days, weeks).\n',
        ),
        (
            ["erlang-c", "--arrivals", "18 per hour", *FIVE_SERVERS],
            "theory erlang-c: no steady state: expected an offered load below the number of servers, "
            "got load 6 on 5. Add servers, shorten the service or reduce the arrivals.\n",
        ),
        (
            ["erlang-a", "--arrivals", "0", *FIVE_SERVERS, "--patience", "0 min"],
            '--arrivals: expected a rate above 0, got "0". Say for example "12 per hour".\n'
            '--patience: expected a duration longer than 0, got "0 min". Say for example "20 min".\n',
        ),
        (
            ["mg1", "--arrivals", "1e-300 per h", "--service", "1e200 h", "--service-sd", "1 h"],
            "theory mg1: expected times of human length, got a number too large. Check the units.\n",
        ),
        (
            ["beds", "--arrivals", "3/day", "--stay", "4 days", "--target", "5"],
            "theory beds: target: expected a number between 0 and 1, both excluded, got 5. "
            "Say 0.05 for 5 %.\n",
        ),
    ],
)
@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_wrong_use_exits_with_two_and_says_what_to_write(arguments, message, json_option):
    result = RUNNER.invoke(app, [*arguments, *json_option])

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == message


@pytest.mark.parametrize(
    "arguments",
    [
        ["erlang-c", "--arrivals", "12 per hour", "--service", "20 min", "--servers", "0"],
        ["erlang-c", "--arrivals", "12 per hour", "--service", "20 min"],
        ["beds", "--arrivals", "3/day", "--stay", "4 days", "--target", "0.05", "--measure", "death"],
    ],
)
def test_a_bad_or_missing_option_exits_with_two(arguments):
    result = RUNNER.invoke(app, arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error" in result.stderr or "Usage" in result.stderr
