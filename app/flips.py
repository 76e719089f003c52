"""Spikes that were edited by hand, as a link keeps them; the twin of `web/state/flips.js`, where the format is."""

from __future__ import annotations

import base64
import re

import numpy as np

from app.state import MAX_STEPS, LinkError, State

NAME = "flips"
"""Of the view's value that holds them."""


def flips_of(state: State) -> tuple[int, ...]:
    """Cells t * d + j of the state's raster that are turned, in ascending order.

    Those at steps beyond its T are of a longer one, and left out.

    Raises:
        LinkError: if what the link says of them is anything else.
    """
    text, dims = dict(state.view).get(NAME, ""), len(state.rates)
    cells = _cells(text) if text else []
    if cells and max(cells) >= MAX_STEPS * dims:
        raise LinkError(
            f"edits: expected cells of at most {MAX_STEPS} steps and {dims} neurons, found"
            f" step {max(cells) // dims + 1}, neuron {max(cells) % dims}"
        )
    return tuple(sorted({cell for cell in cells if cell < state.steps * dims}))


def _cells(text: str) -> list[int]:
    if re.fullmatch(r"s[0-9a-z]{1,6}(\.[0-9a-z]{1,6})*", text, re.A):
        return [int(digits, 36) for digits in text[1:].split(".")]
    body = text[1:]
    short = repr(text if len(text) <= 24 else text[:24] + "...")
    if text[0] == "m" and re.fullmatch("[A-Za-z0-9_-]*", body) and len(body) % 4 != 1:
        bits = np.unpackbits(np.frombuffer(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), np.uint8))
        return [int(cell) for cell in np.flatnonzero(bits)]
    raise LinkError(f"edits: expected s and numbers, or m and base64url, found {short}")
