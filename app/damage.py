"""Damage to spikes, as a link keeps it: its kind and its amount in hundredths; the twin of `web/state/damage.js`."""

from __future__ import annotations

import re

from app.state import LinkError, State
from esvae_core.engine.damage import KINDS, MOST, Damage

NAME = "damage"
"""Of the view's value that holds it."""


def damage_of(state: State) -> Damage | None:
    """What is done to the state's spikes; None: nothing.

    Raises:
        LinkError: if what the link says of it is anything else.
    """
    text = dict(state.view).get(NAME, "")
    if not text:
        return None
    match = re.fullmatch("([a-z]+)([1-9][0-9]{0,3})", text)
    for kind in KINDS:
        if match and match[1] == kind and int(match[2]) <= MOST[kind]:
            return Damage(kind=kind, amount=int(match[2]))
    known = ", ".join(f"{kind}1 to {kind}{most}" for kind, most in MOST.items())
    raise LinkError(f"damage: expected {known}, found {text if len(text) <= 24 else text[:24] + '...'!r}")
