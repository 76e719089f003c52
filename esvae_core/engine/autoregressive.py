"""FSVAE's latent spikes from a plan, step by step: the same bits in Python and in the browser.

At each step three layers offer k candidate spikes for each latent neuron (`plan.candidate_layers`), and frozen noise
chooses one of them. Sums run over channels in turn in single precision, as in `reference`; the twin is
`generate` in `esvae_core/web/engine/engine.js`, and `esvae_core.baselines.autoregressive` is what was trained.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import FSVAEConfig
from esvae_core.engine.noise import uniform
from esvae_core.engine.plan import F32, CandidatesName, Layer, Plan, candidate_layers
from esvae_core.errors import KindError

Bits = NDArray[np.uint8]
_CHOICES_FROM = 2**31 + 2**17
"""First step of the numbers that choose a candidate; noise for spikes and damage lies before it."""


def choices(seed: int, steps: int, dims: int, candidates: int) -> NDArray[np.intp]:
    """(T, d) which of the k candidates is taken, 0 to k - 1."""
    numbers = uniform(seed, steps, dims, _CHOICES_FROM).astype(np.float64)
    return np.floor(numbers * candidates).astype(np.intp)


def generated(plan: Plan, seed: int, steps: int | None = None) -> Bits:
    """(T, d) new latent spikes from the prior, each step's from those before.

    Args:
        plan: of an FSVAE.
        seed: of the choices, 0 to 2^32 - 1.
        steps: T; the model's unless given.

    Raises:
        KindError: the plan is of another kind.
        InputError: the seed is out of range.
    """
    config = _fsvae(plan)
    silent = np.zeros((config.time_steps if steps is None else steps, 0), np.uint8)
    return _continued(plan, config, "prior", silent, seed)


def drawn(plan: Plan, encoded: Bits, seed: int) -> Bits:
    """(T, d) latent spikes drawn from the posterior of an image, given its encoder's spikes (T, d); as `generated`."""
    return _continued(plan, _fsvae(plan), "posterior", encoded, seed)


def _fsvae(plan: Plan) -> FSVAEConfig:
    if not isinstance(plan.config, FSVAEConfig):
        raise KindError(f"latent spikes step by step: expected a model of kind fsvae, found {plan.config.kind}")
    return plan.config


def _continued(plan: Plan, config: FSVAEConfig, name: CandidatesName, beside: Bits, seed: int) -> Bits:
    """Latent spikes (T, d), each step's candidates offered for `beside` (T, n) and the spikes of the step before."""
    steps, d, k = len(beside), config.latent_dim, config.candidates
    offer, chosen = _stepper(plan, candidate_layers(config)[name]), choices(seed, steps, d, k)
    spikes, before = np.zeros((steps, d), np.uint8), np.zeros(d, np.uint8)
    for t in range(steps):
        offered = offer(np.concatenate([beside[t], before])).reshape(d, k)
        before = spikes[t] = offered[np.arange(d), chosen[t]]
    return spikes


def _stepper(plan: Plan, layers: list[Layer]) -> Callable[[Bits], Bits]:
    """A run that goes one step a call and keeps its membranes: spikes (n,) -> spikes of the last layer."""
    carried = [np.zeros(layer.channels_out, np.float32) for layer in layers]

    def step(x: Bits) -> Bits:
        for i, layer in enumerate(layers):
            x, carried[i] = _fired(plan, layer, x, carried[i])
        return x

    return step


def _fired(plan: Plan, layer: Layer, x: Bits, carried: F32) -> tuple[Bits, F32]:
    """One step of one layer: spikes, and what its membranes keep (equations 1 and 2 of docs/math.md)."""
    neuron = layer.neuron
    assert neuron is not None
    weight, drive = plan.tensors[f"{layer.name}.weight"][:, 0], plan.tensors[f"{layer.name}.bias"].copy()
    for c in np.flatnonzero(x):
        drive += weight[c]
    membrane = plan.tensors.get(f"{layer.name}.leak", np.float32(neuron.leak)) * carried + drive
    threshold = np.float32(neuron.threshold)
    fired = membrane > threshold
    kept: F32 = np.where(fired, np.float32(0) if neuron.reset == "hard" else membrane - threshold, membrane)
    return fired.astype(np.uint8), kept
