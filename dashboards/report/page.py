"""How every page is filled and written: from a template beside this file, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def fill(template: str, **content: Any) -> str:
    """Return the template of this name with its content; a name that the template asks for and lacks is an error."""
    environment = Environment(
        loader=PackageLoader("dashboards.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**content)


def write_page(text: str, path: Path) -> Path:
    """Write a page, whole or not at all, and return its path; the same text gives the same bytes."""
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
