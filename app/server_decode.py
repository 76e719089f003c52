"""A state worked out on the server: for browsers that cannot run the engine, and for whoever compares the two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app import catalogue
from app.flips import flips_of
from app.state import LinkError, State, from_grid
from esvae_core.explore.decode_rates import Decoded, decode_with_spikes


def drawn(state: State) -> Decoded:
    """Spikes and picture of a state's rates, with the spikes that were turned by hand.

    Raises:
        CheckpointError: if its model is not here or cannot be used.
        LinkError: if its rates do not fit the model, or its edits are none.
    """
    model = catalogue.named(state.model).checkpoint.model
    dims = model.config.latent_dim
    if len(state.rates) != dims:
        raise LinkError(f"rates: expected {dims} for model {state.model!r}, found {len(state.rates)}")
    rates: NDArray[np.float32] = from_grid(state.rates)[None]
    return decode_with_spikes(
        model, rates, seed=state.seed, sampler=state.sampler, steps=state.steps, flips=flips_of(state)
    )
