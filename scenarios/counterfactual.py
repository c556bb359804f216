"""What if they were of another group? Everything else about them, and all luck, stays."""

from scenarios.quantities import Count, Label, Spec


class Counterfactual(Spec):
    """Patients of one value of an attribute are given another. What depends on it is drawn anew by the same
    uniforms, so that nobody's luck changes; what was drawn before it stays."""

    attribute: Label
    """Which attribute (a category)."""
    was: Label
    """The value that changes."""
    instead: Label
    """What they are instead."""
    stream: Label | None = None
    """Only the patient `number` of this arrival stream; everybody with the value when absent."""
    number: Count | None = None
    """The patient's number in the stream, from 0."""
