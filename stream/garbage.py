"""Garbage: how often the interpreter looks for cycles among objects.

A fetch makes thousands of records at once, none of them part of a cycle, and the collector went through all that
was held again and again.
"""

import gc

YOUNG = 50_000  # objects made and not yet freed, before the collector looks at them


def collect_seldom() -> None:
    """Let the collector look seldom, and never again at what there is now: call it once all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
