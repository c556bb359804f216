"""The docstrings below the attributes of a class, as the descriptions of its fields.

Pydantic can do this (`use_attribute_docstrings`), but looks through all loaded modules for every class: two seconds
of each start. Here a module's source is read once.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, Field


class Documented(BaseModel):
    """A model whose fields are described by the docstrings below them."""

    def __init_subclass__(cls, **settings: Any) -> None:
        """Describe the fields before pydantic collects them."""
        super().__init_subclass__(**settings)
        own = inspect.get_annotations(cls)
        if not own:
            return
        for name, text in _documented(cls.__module__).get(cls.__qualname__, {}).items():
            if name in own:
                own[name] = Annotated[own[name], Field(description=text)]
        cls.__annotations__ = own


@lru_cache(maxsize=64)
def _documented(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return the docstrings of the attributes of a module's classes, by qualified name of the class."""
    try:
        source = inspect.getsource(sys.modules[module])
    except (KeyError, OSError, TypeError):
        return {}
    return dict(_classes(ast.parse(source), ""))


def _classes(tree: ast.Module | ast.ClassDef, outer: str) -> Iterator[tuple[str, dict[str, str]]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield outer + node.name, dict(_attributes(node))
            yield from _classes(node, f"{outer}{node.name}.")


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for attribute, below in pairwise(node.body):
        if (
            isinstance(attribute, ast.AnnAssign)
            and isinstance(attribute.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            yield attribute.target.id, inspect.cleandoc(below.value.value)
