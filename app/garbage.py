"""What stays for good is kept from the garbage collector."""

from __future__ import annotations

import gc


def freeze() -> None:
    """Collect once, and leave alone from now on all that is there: modules, and what they made.

    Streamlit collects all garbage after each run of the script, which would look through 400,000 objects once PyTorch
    is there: that took longer than the run.
    """
    gc.collect()
    gc.freeze()
