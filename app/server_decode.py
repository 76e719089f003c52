"""A state worked out on the server: for browsers that cannot run the engine, and for whoever compares the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app import catalogue
from app.damage import damage_of
from app.flips import flips_of
from app.state import LinkError, State, from_grid

if TYPE_CHECKING:
    from esvae_core.explore.decode_rates import Decoded


def drawn(state: State) -> Decoded:
    """Spikes and picture of a state's rates, with the damage to them and those that were edited by hand.

    Raises:
        CheckpointError: if its model is not here or cannot be used.
        LinkError: if its rates do not fit the model, or its edits or its damage are none.
    """
    loaded = catalogue.named(state.model)
    dims = loaded.header.model.latent_dim
    if len(state.rates) != dims:
        raise LinkError(f"rates: expected {dims} for model {state.model!r}, found {len(state.rates)}")
    rates: NDArray[np.float32] = from_grid(state.rates)[None]
    from esvae_core.explore.decode_rates import decode_with_spikes  # PyTorch

    return decode_with_spikes(
        loaded.model,
        rates,
        seed=state.seed,
        sampler=state.sampler,
        steps=state.steps,
        flips=flips_of(state),
        damage=damage_of(state),
    )
