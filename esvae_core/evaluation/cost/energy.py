"""An estimate of energy per image from counts of operations. Memory traffic, most of the truth, is left out.

Per operation at 45 nm and 0.9 V, in picojoule: Horowitz, "Computing's energy problem", ISSCC 2014.
"""

from __future__ import annotations

FLOAT_ADD = 0.9
FLOAT_MULTIPLY = 3.7
INTEGER_ADD = 0.1  # 32 bits, the accumulator
_MULTIPLY_8 = 0.2  # 8 bits


def multiply_add(bits: int | None = None) -> float:
    """Picojoule of one multiply-add: float32 (4.6), or integers of `bits` bits with a 32-bit accumulator.

    A multiplier's energy grows with the square of its width, so that of 8 bits is scaled by (bits / 8)^2.
    """
    if bits is None:
        return FLOAT_MULTIPLY + FLOAT_ADD
    return _MULTIPLY_8 * (bits / 8) ** 2 + INTEGER_ADD


def microjoule(additions: float, multiplications: float = 0.0) -> float:
    """Energy per image in microjoule of float32 additions and multiplications."""
    return (FLOAT_ADD * additions + FLOAT_MULTIPLY * multiplications) * 1e-6
