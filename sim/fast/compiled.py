"""The kernel, loaded from its cache without the garbage collector.

Numba makes hundreds of thousands of objects that stay: to look through them again and again while they are made takes a
tenth of the time.
"""

import gc

__all__ = ["kernel", "layouts"]

_collecting = gc.isenabled()
gc.disable()
try:
    from sim.fast import kernel, layouts
finally:
    if _collecting:
        gc.enable()
