"""What loading the kernel leaves to the garbage collector."""

import subprocess
import sys

LOAD = """
import gc
from sim.fast.compiled import kernel
young = len(gc.get_objects(generation=0)) + len(gc.get_objects(generation=1))
print(young, len(gc.get_objects()), gc.get_freeze_count(), gc.isenabled())
"""


def test_what_the_kernel_is_made_of_is_old_at_once_and_can_still_be_collected():
    done = subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True, text=True)

    young, everything, frozen, collecting = done.stdout.split()
    assert int(young) < 0.05 * int(everything)
    assert (frozen, collecting) == ("0", "True")
