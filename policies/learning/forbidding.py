"""The logit of what a mask forbids: finite, so that 0 x log 0 is 0 and no gradient is NaN."""

FORBIDDEN = -1e9
