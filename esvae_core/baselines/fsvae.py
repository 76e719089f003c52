"""FSVAE: encoder, latent and decoder of spiking neurons, the latent autoregressive in time.

Kamata, Mukuta, Harada, "Fully Spiking Variational Autoencoder", AAAI 2022. Encoder and decoder are ESVAE's. Equations
B1 to B6 of docs/baselines.md.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from esvae_core.baselines.autoregressive import AutoregressivePosterior, AutoregressivePrior
from esvae_core.config import FSVAEConfig
from esvae_core.esvae import SpikingCoder
from esvae_core.image_model import check_count


class FSVAEOutput(NamedTuple):
    """One pass of N images."""

    images: Tensor
    """(N, C, H, W) in [-1, 1]: reconstructions."""
    posterior: Tensor
    """(T, N, d, k): candidate spikes of the posterior."""
    prior: Tensor
    """(T, N, d, k): those of the prior, given the posterior's latent spikes."""


class SpikeSample(NamedTuple):
    """N new pictures, and the latent spikes (T, N, d) they were decoded from."""

    images: Tensor
    spikes: Tensor


def postsynaptic(spikes: Tensor) -> Tensor:
    """Spikes or their means (T, ...) -> what a synapse sums up of them, (T, ...), time constant 2 (equation B5)."""
    ago = torch.arange(len(spikes), device=spikes.device, dtype=spikes.dtype)
    ago = ago[:, None] - ago  # of each step's potential, the second, from each step's spike
    weights = torch.where(ago < 0, 0.0, 0.5 ** (ago + 1))
    potentials: Tensor = torch.tensordot(weights, spikes, 1)
    return potentials


def psp_distance(posterior: Tensor, prior: Tensor) -> Tensor:
    """Mean squared distance of the postsynaptic potentials of mean candidates, from (T, N, d, k) each (equation B6)."""
    return (postsynaptic(posterior.mean(-1)) - postsynaptic(prior.mean(-1))).square().mean()


def bernoulli_divergence(posterior: Tensor, prior: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the candidates' means as spike probabilities, from (T, N, d, k) each, in nats.

    Sum over time and neurons, mean over images; 0.01 is added to every probability, so that none is 0.
    """
    q, p = posterior.mean(-1), prior.mean(-1)
    fires = q * ((q + 0.01) / (p + 0.01)).log()
    rests = (1 - q) * ((1 - q + 0.01) / (1 - p + 0.01)).log()
    return (fires + rests).sum((0, 2)).mean()


class FSVAE(SpikingCoder):
    """The latent is a spike train per neuron that the prior continues step by step; rates are not used."""

    config: FSVAEConfig
    feature_name: ClassVar[str] = "share of spikes among the posterior's candidates"

    def __init__(self, config: FSVAEConfig | None = None) -> None:
        super().__init__(config or FSVAEConfig())

    def _add_latent(self) -> None:
        config = self.config
        self.posterior = AutoregressivePosterior(config.latent_dim, config.candidates, config.neuron)
        self.prior = AutoregressivePrior(config.latent_dim, config.candidates, config.neuron)

    def choices(self, count: int, generator: torch.Generator | None = None, *, steps: int | None = None) -> Tensor:
        """(T, count, d) random indices, 0 to k - 1: which candidate is taken at each step."""
        shape = (self._steps(steps), count, self.config.latent_dim)
        device = generator.device if generator is not None else "cpu"
        return torch.randint(self.config.candidates, shape, generator=generator, device=device).to(self.device)

    def draw(self, images: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Images -> latent spikes (T, N, d) drawn from the posterior, and all its candidates (T, N, d, k)."""
        spikes, candidates = self.posterior(self.encode(images, steps=len(chosen)).spikes, chosen)
        return spikes, candidates

    def forward(
        self, images: Tensor, chosen: Tensor, own: Tensor | None = None, normal: Tensor | None = None
    ) -> FSVAEOutput:
        """Encode, draw, decode; and what the prior would have offered.

        Args:
            images: (N, C, H, W) in [-1, 1].
            chosen: (T, N, d) which of the k candidates is taken.
            own, normal: scheduled sampling, as in `AutoregressivePrior`.
        """
        spikes, candidates = self.draw(images, chosen)
        return FSVAEOutput(self.decode(spikes), candidates, self.prior(spikes, own, normal))

    @torch.no_grad()
    def reconstruct(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> pictures decoded from latent spikes drawn from the posterior."""
        spikes, _ = self.draw(images, self.choices(len(images), generator))
        return self.decode(spikes)

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> SpikeSample:
        """`n` pictures from the prior, which goes step by step."""
        spikes = self.prior.generate(self.choices(check_count(n), generator))
        return SpikeSample(self.decode(spikes), spikes)

    @torch.no_grad()
    def features(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> (N, d): mean of the posterior's candidates over k and time.

        Chance enters by what is fed back; without a generator it is that of seed 0, so that images have one vector.
        """
        source = generator if generator is not None else torch.Generator().manual_seed(0)
        _, candidates = self.draw(images, self.choices(len(images), source))
        return candidates.mean((0, 3))
