"""The garbage collector of a process that serves for long."""

import gc

# Python's own are for small programs: 700, 10 and 10.
THRESHOLDS = (50_000, 20, 20)


def settle() -> None:
    """Let the collector leave alone what is loaded by now, and look at what is new less often.

    Called once by a process that has loaded what it works with: to go through all of Django
    again and again takes a worker a seventh of its time when it imports companies.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
