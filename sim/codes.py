"""Named whole numbers that an inner loop uses: plain class attributes, eight times as fast to read as an `IntEnum`."""


class Codes:
    """Base of a class of int constants."""

    @classmethod
    def name_of(cls, value: int) -> str:
        """Return the name of a code.

        >>> class Colour(Codes):
        ...     RED = 1
        >>> Colour.name_of(1)
        'RED'
        """
        return next(name for name, code in vars(cls).items() if name.isupper() and code == value)
