"""Warnings of a run about a latent that stays silent or saturated."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 0.5
"""Largest share of latent neurons that may be silent, or saturated, before a run warns."""


def latent_warning(log: Sequence[dict[str, float]]) -> str | None:
    """One line where the latent has stayed silent or saturated, at the second such epoch in a row; else None.

    Args:
        log: rows of the run's log; the shares of silent and saturated latent neurons are in `validation_silent` and
            `validation_saturated`.
    """
    for state, does in (
        ("silent", "fire for no validation image"),
        ("saturated", "fire at every step for every validation image"),
    ):
        shares = [row.get(f"validation_{state}", 0.0) for row in log[-3:]]
        wrong = [share > MOST for share in shares]
        if wrong[-2:] == [True, True] and wrong[:-2] != [True]:
            return (
                f"epoch {log[-1]['epoch']:.0f}: {shares[-1]:.0%} of the latent neurons {does}, so that they tell "
                "nothing about it; try a lower train.lr, or warm-up steps"
            )
    return None
