"""`esvae evaluate`: how well a model reconstructs, how far its prior is from its posterior, what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from esvae_core.checkpoint import Metric
from esvae_core.data import ImageSet
from esvae_core.data.streamed import Share
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.cost import Costs, costs
from esvae_core.evaluation.frames import FrameFigures, frame_figures
from esvae_core.evaluation.random_subset import MMD_BLOCK, mmd_in_blocks
from esvae_core.hardware import place, total
from esvae_core.seeds import generator

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Report(BaseModel):
    """Measured figures of one model on one split, with the protocol they were measured by."""

    model_config = ConfigDict(frozen=True)

    dataset: str = Field(description="Name of the data set.")
    split: str = Field(description="Its split.")
    images: int = Field(description="Number of images.")
    time_steps: int = Field(description="T.")
    sampler: str = Field(description="How rates became spikes.")
    seed: int = Field(description="Seed of all noise.")
    mse: float = Field(description="Squared error on [-1, 1], mean over pixels, then over images.")
    mse_standard_error: float = Field(description="Standard error of that mean over the images.")
    mmd_biased: float = Field(description="MMD of posterior and prior rates as in the loss, mean over random blocks.")
    mmd_unbiased: float | None = Field(description="The same without the diagonals; may be negative.")
    mmd_block: int = Field(description="Rates per block of those two.")
    latent_rate: float = Field(description="Mean of the sampled spikes.")
    firing_rates: dict[str, float] = Field(description="Mean of each layer's spikes.")
    parameters: int = Field(description="Trained numbers in the model.")
    costs: Costs = Field(description="Operations per image.")
    frames: FrameFigures | None = Field(None, description="Of recordings: errors by frame, and those of plain means.")

    @property
    def protocol(self) -> str:
        """One line that says how the figures were measured."""
        what = "images" if self.frames is None else "recordings"
        return (
            f"{self.images:,} {self.split} {what} of {self.dataset}, T = {self.time_steps}, "
            f"{self.sampler} sampling, seed {self.seed}"
        )

    def metrics(self) -> tuple[Metric, ...]:
        """The figures as a checkpoint's header keeps them."""
        values = {"mse": self.mse, "mmd_biased": self.mmd_biased, "mmd_unbiased": self.mmd_unbiased}
        if self.frames is not None:
            names = ("psnr", "mean_frame_psnr", "mean_recording_psnr")
            values |= {name: getattr(self.frames, name) for name in names}
        known = {name: value for name, value in values.items() if value is not None}
        return tuple(Metric(name=name, value=value, protocol=self.protocol) for name, value in known.items())


@torch.no_grad()
def evaluate(
    model: ESVAE,
    data: ImageSet,
    *,
    steps: int | None = None,
    sampler: str | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    training: ImageSet | None = None,
    fabric: Fabric | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Measure a model on every image of a split.

    Args:
        model: in evaluation mode.
        data: the split; images of the model's size and channels.
        steps, sampler: the model's unless given.
        seed: of the sampling noise and the prior.
        batch_size: images at a time, about 250 at T = 16 unless given; the noise of an image does not depend on it.
        training: for a model of recordings, the train split, whose means its frames are compared with.
        fabric: launched; its processes share the images, and each returns the same figures. This one alone unless
            given.
        report: called with images done and in total.

    Raises:
        InputError: if the images do not fit the model, the model is in training mode, or `training` is given for a
            model of images.
    """
    if training is not None and not model.config.takes_frames:
        raise InputError("evaluate: expected training recordings for a model of recordings alone")
    if model.training:
        raise InputError("evaluate: expected a model in evaluation mode; call model.eval() first")
    if not len(data):
        raise InputError(f"evaluate: expected at least one image, got none of {data.name}")
    steps = model.config.time_steps if steps is None else steps
    sampler = sampler or model.config.sampler
    batch_size = batch_size or max(1, 4000 // steps)
    source = generator(seed, "evaluate", "noise")
    found = _measured(model, data, steps, sampler, batch_size, source, report, Share(*place(fabric)))
    if fabric is not None:
        found = found.gathered(fabric)
    frames = None
    if training is not None:
        frames = frame_figures(tuple(found.by_frame.mean(0).tolist()), data, training)
    error, rate = found.errors, found.rates
    prior = model.prior_rates(len(data), generator=generator(seed, "evaluate", "prior")).cpu()
    return Report(
        dataset=data.name,
        split=data.split,
        images=len(data),
        time_steps=steps,
        sampler=sampler,
        seed=seed,
        mse=float(error.mean()),
        mse_standard_error=float(error.std() / len(error) ** 0.5) if len(error) > 1 else 0.0,
        mmd_biased=mmd_in_blocks(rate, prior, unbiased=False),
        mmd_unbiased=mmd_in_blocks(rate, prior, unbiased=True) if len(data) > 1 else None,  # one image makes no pair
        mmd_block=min(MMD_BLOCK, len(data)),
        latent_rate=found.latent_rate,
        firing_rates=found.firing,
        parameters=sum(p.numel() for p in model.parameters()),
        costs=costs(model.config, steps, found.firing, found.latent_rate),
        frames=frames,
    )


@dataclass
class _Found:
    """What was measured of each image; zero of those that other processes have.

    Attributes:
        errors: (N,) squared errors.
        by_frame: (N, F) the same by frame; F = 0 for images.
        rates: (N, d).
        latent_rate: sum over batches of the mean of the latent spikes, by the share of the images.
        firing: the same of each layer's spikes.
    """

    errors: Tensor
    by_frame: Tensor
    rates: Tensor
    latent_rate: float = 0.0
    firing: dict[str, float] = field(default_factory=dict)

    def gathered(self, fabric: Fabric) -> _Found:
        """Together with what the other processes found."""
        names: list[str] = fabric.broadcast(list(self.firing))  # a process without images knows of no layer
        means = [self.latent_rate, *(self.firing.get(name, 0.0) for name in names)]
        latent_rate, *firing = total(fabric, torch.tensor(means, dtype=torch.float64)).tolist()
        rates = dict(zip(names, firing, strict=True))
        errors, by_frame, each = (total(fabric, values) for values in (self.errors, self.by_frame, self.rates))
        return _Found(errors, by_frame, each, latent_rate, rates)


def _measured(
    model: ESVAE,
    data: ImageSet,
    steps: int,
    sampler: str,
    batch_size: int,
    source: torch.Generator,
    report: Callable[[int, int], None],
    part: Share,
) -> _Found:
    """What is measured of every n-th batch of images, one of n processes' share."""
    count, dims = len(data), model.config.latent_dim
    frames = data.images.shape[1] if model.config.takes_frames else 0
    double = torch.float64
    found = _Found(torch.zeros(count, dtype=double), torch.zeros(count, frames, dtype=double), torch.zeros(count, dims))
    for number, first in enumerate(range(0, count, batch_size)):
        rows = slice(first, min(first + batch_size, count))
        size = rows.stop - first
        # noise image by image, time second, so that its order does not depend on the batch size
        shape = (size, model.config.decoder_steps(steps), dims)
        noise = torch.rand(shape, generator=source).transpose(0, 1).to(model.device)
        if not part.has_index(number):
            continue
        images = data.tensor(rows).to(model.device)
        share = size / count
        fired: dict[str, float] = {}
        posterior = model.encode(images, steps=steps, firing=fired)
        spikes = model.sample_spikes(posterior.rates, noise=noise, sampler=sampler)
        missed = (model.decode(spikes, firing=fired) - images).square()
        found.errors[rows] = missed.flatten(1).mean(1).double().cpu()
        if frames:
            found.by_frame[rows] = missed.flatten(2).mean(2).double().cpu()
        found.rates[rows] = posterior.rates.cpu()
        found.latent_rate += float(spikes.mean()) * share
        found.firing = {name: found.firing.get(name, 0.0) + rate * share for name, rate in fired.items()}
        report(rows.stop, count)
    return found
