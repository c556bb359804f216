import json

import pytest

from scenarios.quantities import Hours, Spec
from scenarios.reading import read_text
from scenarios.reference import PAGE, classes, reference, section
from scenarios.scenario import Scenario
from scenarios.schema import json_schema, json_schema_text
from scenarios.snippets import SNIPPETS
from scenarios.tree import plain

CLASSES = list(classes(Scenario))


def parts(schema):
    yield schema
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        if isinstance(inner, dict | list):
            yield from parts(inner)


def test_the_committed_page_is_the_one_that_the_schema_gives():
    assert PAGE.read_text(encoding="utf-8") == reference(), "Run: python -m scenarios.reference"


@pytest.mark.parametrize("spec", CLASSES, ids=lambda spec: spec.__name__)
def test_every_class_and_key_says_what_it_is(spec):
    assert spec.__doc__
    assert spec.__doc__ != Spec.__doc__
    assert [row for row in map(str.strip, section(spec).splitlines()) if row.endswith("|  |")] == []


@pytest.mark.parametrize("spec", CLASSES, ids=lambda spec: spec.__name__)
def test_every_class_has_an_example_that_is_understood(spec):
    of_hours = spec[Hours] if spec.__pydantic_generic_metadata__["parameters"] else spec

    of_hours.model_validate(plain(read_text(SNIPPETS[spec], "example")))


def test_no_example_is_of_a_class_that_is_gone():
    assert set(SNIPPETS) == set(CLASSES)


def test_every_reference_of_the_json_schema_leads_somewhere():
    schema = json.loads(json_schema_text())
    references = {part["$ref"] for part in parts(schema) if isinstance(part, dict) and "$ref" in part}

    assert schema == json_schema()
    assert references <= {f"#/$defs/{name}" for name in schema["$defs"]}
    assert all("Annotated" not in reference for reference in references)


def test_the_json_schema_admits_the_complete_scenario_and_the_library(complete):
    jsonschema = pytest.importorskip("jsonschema", reason="an extra of development")
    validator = jsonschema.Draft202012Validator(json_schema())

    assert [
        error.message for error in validator.iter_errors(plain(read_text(complete, "complete.yaml")))
    ] == []
