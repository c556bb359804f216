"""The JSON Schema of a scenario file, for editors and other programs.

It also admits the short forms that the loader understands: a bare duration, a single case, a bare count.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from scenarios import distributions, hospitals, pathways, people, population, quantities, rules, scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Widening = Callable[[JsonSchemaValue], list[JsonSchemaValue]]
"""From the schema of the full form to those of the short forms."""

TEXT: JsonSchemaValue = {"type": "string"}
NUMBER: JsonSchemaValue = {"type": "number"}
SCALAR: JsonSchemaValue = {"type": ["string", "number", "boolean"]}

SHARES: JsonSchemaValue = {"type": "object", "additionalProperties": {"type": ["number", "string"]}}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file."""
    generated = scenario.Scenario.model_json_schema(by_alias=True, schema_generator=_WithShortForms)
    schema: dict[str, Any] = json.loads(_with_readable_names(json.dumps(generated)))
    base = {
        "type": "string",
        "description": "A scenario of the library or a file, of which this one says the differences.",
    }
    schema["properties"] = {"extends": base, **schema["properties"]}
    schema["anyOf"] = [{"required": schema.pop("required")}, {"required": ["extends"]}]
    return {"$schema": DIALECT, **schema}


def json_schema_text() -> str:
    """Return the JSON Schema as text."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _with_readable_names(text: str) -> str:
    """Shorten pydantic's names of the distributions to `LognormalOfHours` and the like."""
    text = re.sub(r"_Annotated_float__BeforeValidator__PlainSerializer\w*", "OfHours", text)
    return re.sub(r"_Annotated_float__BeforeValidator__FieldInfo\w*", "OfNumbers", text)


def _item(schema: JsonSchemaValue) -> JsonSchemaValue:
    item = schema.get("items", {})
    return dict(item)


_SHORT_FORMS: dict[Any, Widening] = {
    distributions.bare_text: lambda full: [TEXT, NUMBER],
    distributions.case_list: lambda full: [_item(full), TEXT, NUMBER],
    distributions.as_value: lambda full: [TEXT, NUMBER],
    distributions.as_mean: lambda full: [TEXT, NUMBER],
    distributions.as_values: lambda full: [{"type": "array", "items": SCALAR}],
    hospitals.as_count: lambda full: [{"type": "integer", "minimum": 0}, {"const": "unlimited"}],
    pathways.one_of_each: lambda full: [TEXT, {"type": "array", "items": TEXT}],
    pathways.certainly: lambda full: [TEXT],
    pathways.as_routes: lambda full: [TEXT, _item(full), SHARES],
    pathways.as_limits: lambda full: [{"type": "integer", "minimum": 0}, _item(full)],
    pathways.as_balking: lambda full: [{"type": "array", "items": SCALAR}, _item(full)],
    people.as_share_cases: lambda full: [_item(full), SHARES],
    people.as_shares: lambda full: [TEXT],
    people.as_rate: lambda full: [TEXT, {"const": 0}],
    population.as_match: lambda full: [TEXT],
    quantities.as_cases: lambda full: [_item(full)],
    quantities.as_share: lambda full: [{"type": "string", "pattern": "%\\s*$"}],
    quantities.one_or_many: lambda full: [SCALAR],
    quantities.text_of_scalar: lambda full: [{"type": ["number", "boolean"]}],
    rules.named: lambda full: [TEXT],
    scenario.calendar_time: lambda full: [{"type": "string", "format": "date"}],
}


class _WithShortForms(GenerateJsonSchema):
    """Admits the short forms wherever a validator understands them."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave out the titles that only repeat the key."""
        return False

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        full = super().function_before_schema(schema)
        widening = _SHORT_FORMS.get(schema["function"]["function"])
        return {"anyOf": [full, *widening(full)]} if widening else full
