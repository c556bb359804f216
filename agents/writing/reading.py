"""From a model's text to a picture: whatever the back end, nothing unchecked comes through."""

from __future__ import annotations

from pydantic import ValidationError

from agents.profiles.record import Picture
from agents.writing.forms import Form
from agents.writing.writer import Rejected


def read(text: str, form: Form) -> Picture:
    """Return the picture that was written, or raise `Rejected`."""
    if "\ufffd" in text:
        raise Rejected("not readable: broken letters")
    try:
        picture = form.read(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if isinstance(part, str)) or "the picture"
        raise Rejected(
            f"{where}: {first['msg'].removeprefix('Value error, ').partition(', got ')[0]}"
        ) from None
    except ValueError as error:
        raise Rejected(
            f"not readable: {str(error).partition(': ')[0].partition(', got ')[0]}"[:120]
        ) from None
    if not picture.complaints:  # which a file of others may lack
        raise Rejected("complaints: expected at least one")
    return picture
