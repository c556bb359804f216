"""The kernel, loaded from its cache without the garbage collector.

Numba makes hundreds of thousands of objects that stay: to look through them again and again while they are made takes a
tenth of the time, and to look through them once more afterwards would take as long as a short run.
"""

import gc

__all__ = ["kernel", "layouts"]

_collecting = gc.isenabled()
gc.disable()
try:
    from sim.fast import kernel, layouts
finally:
    if not gc.get_freeze_count():
        # Among the old objects, without being looked through on the way there.
        gc.freeze()
        gc.unfreeze()
    if _collecting:
        gc.enable()
