"""Randomness that can be named: a generator from a seed and a few words and counters.

No stream is carried from step to step, so any step can be done again alone, and several processes agree on the noise
of a batch they share.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def number(seed: int, *parts: int | str) -> int:
    """0 to 2^63 - 1: what `generator` is seeded with."""
    text = "/".join(str(part) for part in (seed, *parts))
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def generator(seed: int, *parts: int | str) -> torch.Generator:
    """A CPU generator that depends on the seed and on every part, and on nothing else."""
    import torch

    return torch.Generator().manual_seed(number(seed, *parts))
