"""The docstring below an attribute describes its field, wherever the class stands."""

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from scenarios.attribute_docs import Documented

Q = TypeVar("Q")


class Plain(Documented):
    count: int = 3
    """How many."""
    bare: int = 4
    kept: Annotated[int, Field(ge=1)] = 5
    """Two lines,

    cleaned.
    """

    class Inner(Documented):
        text: str = ""
        """Of the inner class."""


class Of(Documented, Generic[Q]):
    value: Q
    """Of some kind."""


class Heir(Plain):
    bare: int = 6
    """Described here."""


def descriptions(model):
    return {name: field.description for name, field in model.model_fields.items()}


def test_docstrings_become_descriptions():
    assert descriptions(Plain) == {"count": "How many.", "bare": None, "kept": "Two lines,\n\ncleaned."}
    assert descriptions(Plain.Inner) == {"text": "Of the inner class."}
    assert Plain.model_json_schema()["properties"]["kept"]["minimum"] == 1


def test_they_are_inherited_and_reach_classes_that_are_made_of_others():
    assert descriptions(Heir)["count"] == "How many."
    assert descriptions(Heir)["bare"] == "Described here."
    assert descriptions(Of[int]) == {"value": "Of some kind."}
