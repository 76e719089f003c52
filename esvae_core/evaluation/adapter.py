"""What the suite measures: any model that reconstructs, samples and describes images, with spikes, rates or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

import torch
from torch import Generator, Tensor, nn

from esvae_core.baselines.fsvae import FSVAE
from esvae_core.baselines.pvae import PVAE
from esvae_core.data import ImageSet
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.results import Progress, silent
from esvae_core.image_model import Drawn

BATCH = 250
"""Images at a time. Part of every protocol: noise is drawn batch by batch."""


class EvaluationAdapter(Protocol):
    """A model under measurement. All tensors are on the CPU but inside the model; no gradients."""

    @property
    def module(self) -> nn.Module:
        """The network, in evaluation mode."""
        ...

    def reconstruct(self, images: Tensor, generator: Generator) -> Tensor:
        """(N, C, H, W) in [-1, 1] -> the model's pictures of them."""
        ...

    def sample(self, n: int, generator: Generator) -> Tensor:
        """(n, C, H, W): new pictures."""
        ...

    def features(self, images: Tensor) -> Tensor:
        """(N, d): the latent vector of each image, without chance in it."""
        ...


@runtime_checkable
class SpikingAdapter(EvaluationAdapter, Protocol):
    """One whose latent is spikes over time."""

    steps: int

    def latent_spikes(self, images: Tensor, generator: Generator, steps: int | None = None) -> Tensor:
        """Images -> one draw of their latent spikes (T, N, d)."""
        ...

    def decode(self, spikes: Tensor) -> Tensor:
        """Spikes (T, N, d) -> pictures."""
        ...

    def firing(self, images: Tensor, generator: Generator) -> dict[str, float]:
        """Mean of every layer's spikes while images are encoded, drawn and decoded; "latent": of the drawn ones."""
        ...


@runtime_checkable
class RateAdapter(SpikingAdapter, Protocol):
    """One whose latent is firing rates, sampled into spikes."""

    sampler: str

    def encode(self, images: Tensor, steps: int | None = None) -> tuple[Tensor, Tensor]:
        """Images -> rates (N, d) and the encoder's own spikes (T, N, d)."""
        ...

    def spikes(
        self, rates: Tensor, generator: Generator, sampler: str | None = None, steps: int | None = None
    ) -> Tensor:
        """Rates (N, d) -> spikes (T, N, d)."""
        ...

    def prior_rates(self, n: int, generator: Generator) -> Tensor:
        """(n, d) rates of new pictures."""
        ...


@runtime_checkable
class CountAdapter(EvaluationAdapter, Protocol):
    """One whose latent is Poisson counts."""

    def reconstruct_mean(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> pictures decoded from the rates in place of counts."""
        ...

    def expected_spikes(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N,): the sum of an image's rates."""
        ...


class _Plain:
    """A model with `reconstruct`, `sample` and `features` of its own."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    @property
    def module(self) -> nn.Module:
        return self.model

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device

    @torch.no_grad()
    def reconstruct(self, images: Tensor, generator: Generator) -> Tensor:
        pictures: Tensor = self.model.reconstruct(images.to(self._device), generator)  # type: ignore[operator]
        return pictures.cpu()

    @torch.no_grad()
    def sample(self, n: int, generator: Generator) -> Tensor:
        drawn: Drawn = self.model.sample(n, generator)  # type: ignore[operator]
        return drawn.images.cpu()

    @torch.no_grad()
    def features(self, images: Tensor) -> Tensor:
        found: Tensor = self.model.features(images.to(self._device))  # type: ignore[operator]
        return found.cpu()


class _Counting(_Plain):
    """A Poisson VAE."""

    model: PVAE

    @torch.no_grad()
    def reconstruct_mean(self, images: Tensor) -> Tensor:
        return self.model.reconstruct_mean(images.to(self._device)).cpu()

    @torch.no_grad()
    def expected_spikes(self, images: Tensor) -> Tensor:
        return self.model.encode(images.to(self._device)).rates.sum(1).cpu()


class _Autoregressive(_Plain):
    """An FSVAE: no rates, but latent spikes that are drawn step by step."""

    model: FSVAE

    def __init__(self, model: FSVAE) -> None:
        super().__init__(model)
        self.steps = model.config.time_steps

    @torch.no_grad()
    def latent_spikes(self, images: Tensor, generator: Generator, steps: int | None = None) -> Tensor:
        chosen = self.model.choices(len(images), generator, steps=steps)
        return self.model.draw(images.to(self._device), chosen)[0].cpu()

    @torch.no_grad()
    def decode(self, spikes: Tensor) -> Tensor:
        return self.model.decode(spikes.to(self._device)).cpu()

    @torch.no_grad()
    def firing(self, images: Tensor, generator: Generator) -> dict[str, float]:
        """As the protocol says; 'prior.0' ... while as many new pictures are drawn."""
        model, count = self.model, len(images)
        found: dict[str, float] = {}
        own = model.encode(images.to(self._device), firing=found).spikes
        spikes, _ = model.posterior(own, model.choices(count, generator))
        model.decode(spikes, firing=found)
        new = model.prior.generate(model.choices(count, generator))
        found |= model.posterior.firing("posterior", spikes, own) | model.prior.firing("prior", new)
        return found | {"latent": float(spikes.mean())}


class _Spiking:
    """An ESVAE, with the time steps and the sampler it is used with."""

    def __init__(self, model: ESVAE, steps: int | None = None, sampler: str | None = None) -> None:
        self.model = model
        self.steps = model.config.time_steps if steps is None else steps
        self.sampler = sampler or model.config.sampler

    @property
    def module(self) -> nn.Module:
        return self.model

    def reconstruct(self, images: Tensor, generator: Generator) -> Tensor:
        return self.decode(self.spikes(self.encode(images)[0], generator))

    def sample(self, n: int, generator: Generator) -> Tensor:
        return self.model.sample(n, generator, sampler=self.sampler, steps=self.steps).images.cpu()

    def features(self, images: Tensor) -> Tensor:
        return self.encode(images)[0]

    def latent_spikes(self, images: Tensor, generator: Generator, steps: int | None = None) -> Tensor:
        return self.spikes(self.encode(images, steps)[0], generator, steps=steps)

    @torch.no_grad()
    def encode(self, images: Tensor, steps: int | None = None) -> tuple[Tensor, Tensor]:
        rates, spikes = self.model.encode(images.to(self.model.device), steps=steps or self.steps)
        return rates.cpu(), spikes.cpu()

    @torch.no_grad()
    def spikes(
        self, rates: Tensor, generator: Generator, sampler: str | None = None, steps: int | None = None
    ) -> Tensor:
        drawn = self.model.sample_spikes(
            rates.to(self.model.device), generator, sampler or self.sampler, steps=steps or self.steps
        )
        return drawn.cpu()

    @torch.no_grad()
    def decode(self, spikes: Tensor) -> Tensor:
        return self.model.decode(spikes.to(self.model.device)).cpu()

    @torch.no_grad()
    def prior_rates(self, n: int, generator: Generator) -> Tensor:
        return self.model.prior_rates(n, generator=generator).cpu()

    @torch.no_grad()
    def firing(self, images: Tensor, generator: Generator) -> dict[str, float]:
        found: dict[str, float] = {}
        rates = self.model.encode(images.to(self.model.device), steps=self.steps, firing=found).rates
        spikes = self.model.sample_spikes(rates, generator, self.sampler, steps=self.steps)
        self.model.decode(spikes, firing=found)
        return found | {"latent": float(spikes.mean())}


def adapter_of(model: nn.Module, *, steps: int | None = None, sampler: str | None = None) -> EvaluationAdapter:
    """The model as the suite measures it.

    Args:
        model: an ESVAE, or any module with `reconstruct(images, generator)`, `sample(n, generator)` whose result has
            `images`, and `features(images)`; in evaluation mode.
        steps, sampler: for an ESVAE; its own unless given.

    Raises:
        InputError: if it is in training mode, cannot do these, or has no steps or sampler to set.
    """
    if model.training:
        raise InputError("evaluation: expected a model in evaluation mode; call model.eval() first")
    if isinstance(model, ESVAE):
        if model.config.takes_frames:
            raise InputError("evaluation: the suite measures models of images, not of recordings")
        return _Spiking(model, steps, sampler)
    missing = [name for name in ("reconstruct", "sample", "features") if not callable(getattr(model, name, None))]
    if missing:
        raise InputError(f"evaluation: {type(model).__name__} has no {missing[0]}()")
    if steps is not None or sampler is not None:
        raise InputError(f"evaluation: {type(model).__name__} has no rates, so no time steps or sampler can be chosen")
    if isinstance(model, FSVAE):
        return _Autoregressive(model)
    return _Counting(model) if isinstance(model, PVAE) else _Plain(model)


def batches(data: ImageSet) -> Iterator[Tensor]:
    """The images as models take them, BATCH at a time."""
    return (data.tensor(slice(start, start + BATCH)) for start in range(0, len(data), BATCH))


def collect(data: ImageSet, make: Callable[[Tensor], Tensor], report: Progress = silent) -> Tensor:
    """`make` of every batch of images, in one tensor."""
    parts = []
    for part in batches(data):
        parts.append(make(part))
        report(min(len(parts) * BATCH, len(data)), len(data))
    return torch.cat(parts)


def mean_firing(
    adapter: SpikingAdapter, data: ImageSet, generator: Generator, report: Progress = silent
) -> dict[str, float]:
    """Mean of every layer's spikes over all images; "latent": of the drawn ones."""
    total: dict[str, float] = {}
    done = 0
    for images in batches(data):
        for name, rate in adapter.firing(images, generator).items():
            total[name] = total.get(name, 0.0) + rate * len(images) / len(data)
        done += len(images)
        report(done, len(data))
    return total


def draw(adapter: EvaluationAdapter, n: int, generator: Generator, report: Progress = silent) -> Tensor:
    """(n, C, H, W) new pictures, BATCH at a time from one generator."""
    parts = []
    for start in range(0, n, BATCH):
        parts.append(adapter.sample(min(BATCH, n - start), generator))
        report(min(start + BATCH, n), n)
    return torch.cat(parts)
