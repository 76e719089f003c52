"""FSVAE's latent: a posterior and a prior that give each step's spikes from those before (Kamata et al., AAAI 2022).

Both are three spiking layers that offer k candidate spikes per latent neuron and step; one of the k, chosen uniformly
at random, is the latent spike. Equations B1 to B4 of docs/baselines.md. T steps, N images, d neurons, time first.

While training, batch normalisation sees the statistics of the steps so far, so each step means a run over all of them:
that is the published procedure. In evaluation mode the normalisation is fixed, and a run that keeps its membranes gives
the same spikes in one pass over time; tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from esvae_core.config import NeuronConfig
from esvae_core.engine.plan import CANDIDATES_ALPHA
from esvae_core.layers import SpikingLayer, dense
from esvae_core.parts import State

FIRST_OWN_STEP = 5
"""Scheduled sampling leaves the steps before this one alone."""


def choose(candidates: Tensor, chosen: Tensor) -> Tensor:
    """One of the k candidates: (..., d, k) and indices (..., d) -> spikes (..., d)."""
    return candidates.gather(-1, chosen.unsqueeze(-1)).squeeze(-1)


class Candidates(nn.Module):
    """Three spiking layers, each with tdBN of alpha = 2, that offer k candidate spikes per latent neuron."""

    def __init__(self, inputs: int, latent_dim: int, candidates: int, neuron: NeuronConfig) -> None:
        super().__init__()
        self.latent_dim, self.candidates = latent_dim, candidates
        widths = (inputs, 2 * latent_dim, 4 * latent_dim, candidates * latent_dim)
        self.layers = nn.ModuleList(dense(a, b, neuron, alpha=CANDIDATES_ALPHA) for a, b in pairwise(widths))

    def offer(self, x: Tensor, rates: list[float] | None = None) -> Tensor:
        """Input spikes (T, N, inputs) -> candidates (T, N, d, k); `rates` is given the mean of each layer's spikes."""
        steps, count = x.shape[:2]
        x = x.flatten(0, 1)
        for layer in self.layers:
            x = layer(x, steps, steps)
            if rates is not None:
                rates.append(float(x.mean()))
        return x.float().view(steps, count, self.latent_dim, self.candidates)

    def firing(self, name: str, z: Tensor, *beside: Tensor) -> dict[str, float]:
        """How much fires while given latent spikes are drawn. Evaluation mode only.

        Args:
            name: what the layers are called, as in 'prior.0'.
            z: (T, N, d) the latent spikes that were drawn.
            beside: (T, N, ...) what the layers see beside those of the step before.

        Returns:
            Mean of each layer's spikes by its name, and as 'prior.before' that of the latent spikes that are fed back:
            nothing at the first step, and the last step's no more.
        """
        rates: list[float] = []
        before = torch.cat([torch.zeros_like(z[:1]), z[:-1]])
        self.offer(torch.cat([*beside, before], 2), rates)
        return {f"{name}.before": float(before.mean())} | {f"{name}.{i}": rate for i, rate in enumerate(rates)}

    def stepper(self) -> Callable[[Tensor], Tensor]:
        """A run that goes one step a call and keeps its membranes: (N, inputs) -> (N, d, k). Evaluation mode only."""
        states: list[State] = [()] * len(self.layers)

        def step(x: Tensor) -> Tensor:
            for i, layer in enumerate(self.layers):
                assert isinstance(layer, SpikingLayer)
                x, states[i] = layer.step(x, states[i])
            return x.view(len(x), self.latent_dim, self.candidates)

        return step


class AutoregressivePosterior(Candidates):
    """q(z_t | x_1 ... x_t, z_1 ... z_(t-1)): candidates from the encoder's spikes and the latent spikes before."""

    def __init__(self, latent_dim: int, candidates: int, neuron: NeuronConfig) -> None:
        super().__init__(2 * latent_dim, latent_dim, candidates, neuron)

    def forward(self, x: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Draw latent spikes for the encoder's.

        Args:
            x: (T, N, d) spikes of the encoder.
            chosen: (T, N, d) which of the k candidates is taken, 0 to k - 1.

        Returns:
            Latent spikes (T, N, d) and all candidates (T, N, d, k). Gradients flow through the candidates, not through
            the latent spikes that are fed back.
        """
        return self._by_prefixes(x, chosen) if self.training else self._in_one_pass(x, chosen)

    def _by_prefixes(self, x: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        before = torch.zeros_like(x[:1])
        with torch.no_grad():
            for t in range(len(x) - 1):
                offered = self.offer(torch.cat([x[: t + 1], before], 2))
                before = torch.cat([before, choose(offered[-1:], chosen[t : t + 1])])
        candidates = self.offer(torch.cat([x, before], 2))
        return choose(candidates, chosen), candidates

    def _in_one_pass(self, x: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        step, before = self.stepper(), torch.zeros_like(x[0])
        offered, spikes = [], []
        for now, index in zip(x, chosen, strict=True):
            offered.append(step(torch.cat([now, before], 1)))
            spikes.append(choose(offered[-1], index))
            before = spikes[-1].detach()
        return torch.stack(spikes), torch.stack(offered)


class AutoregressivePrior(Candidates):
    """p(z_t | z_1 ... z_(t-1)): candidates from the latent spikes before."""

    def __init__(self, latent_dim: int, candidates: int, neuron: NeuronConfig) -> None:
        super().__init__(latent_dim, latent_dim, candidates, neuron)

    def forward(self, z: Tensor, own: Tensor | None = None, normal: Tensor | None = None) -> Tensor:
        """Candidates for each step of given latent spikes.

        Args:
            z: (T, N, d) latent spikes of the posterior; no gradient flows into them.
            own: (T,) of bool: at these steps, for all images, the prior goes on from its own choice instead (scheduled
                sampling); nowhere unless given. That choice is the majority of its candidates.
            normal: (T, N, d) standard normal numbers that break its ties; needed with `own`.

        Returns:
            (T, N, d, k).
        """
        z = z.detach()
        before = torch.zeros_like(z[:1])
        asks = own is not None and own.device.type == "cpu"  # to ask a GPU would mean to wait for it
        with torch.no_grad():
            for t in range(len(z) - 1):
                follows = z[t : t + 1]
                if own is not None and normal is not None and (bool(own[t]) if asks else t >= FIRST_OWN_STEP):
                    follows = torch.where(own[t], self._continue(before, normal[t], own[t]), follows)
                before = torch.cat([before, follows])
        return self.offer(before)

    def _continue(self, before: Tensor, normal: Tensor, counts: Tensor) -> Tensor:
        """The prior's own spikes after those before; the running statistics see this run only if it `counts`."""
        statistics = [b for name, b in self.named_buffers() if "running" in name]
        kept = [b.clone() for b in statistics]
        share = self.offer(before)[-1:].mean(-1)
        for now, then in zip(statistics, kept, strict=True):
            now.copy_(torch.where(counts, now, then))
        return (share + 0.001 * normal > 0.5).to(before.dtype)

    @torch.no_grad()
    def generate(self, chosen: Tensor) -> Tensor:
        """New latent spikes, step by step, each from those before; one of the k candidates at random.

        Args:
            chosen: (T, N, d) which of the k candidates is taken.

        Returns:
            (T, N, d).
        """
        return self._generate_by_prefixes(chosen) if self.training else self._generate_in_one_pass(chosen)

    def _generate_by_prefixes(self, chosen: Tensor) -> Tensor:
        z = next(self.parameters()).new_zeros((1, *chosen.shape[1:]))
        for t in range(len(chosen)):
            z = torch.cat([z, choose(self.offer(z)[-1:], chosen[t : t + 1])])
        return z[1:]

    def _generate_in_one_pass(self, chosen: Tensor) -> Tensor:
        step, before = self.stepper(), next(self.parameters()).new_zeros(chosen.shape[1:])
        spikes = []
        for index in chosen:
            before = choose(step(before), index)
            spikes.append(before)
        return torch.stack(spikes)
