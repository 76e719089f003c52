"""Group "reconstruction": how close a model's pictures of the test images are to them."""

from __future__ import annotations

import torch

from esvae_core.data import ImageSet
from esvae_core.evaluation.adapter import BATCH, CountAdapter, EvaluationAdapter, batches
from esvae_core.evaluation.fidelity import psnr, squared_error, ssim
from esvae_core.evaluation.results import Figure, Group, Progress, over_seeds, silent
from esvae_core.seeds import generator

MSE = "MSE on [-1, 1]"
_SMALLEST = 11  # the window of SSIM


def reconstruction(adapter: EvaluationAdapter, data: ImageSet, *, seeds: int = 3, report: Progress = silent) -> Group:
    """MSE, PSNR and SSIM over all images, mean and deviation over noise seeds 0, 1, ... (docs/evaluation.md)."""
    errors, peaks, likenesses = [], [], []
    large = min(data.images.shape[2:]) >= _SMALLEST
    for seed in range(seeds):
        noise = generator(seed, "reconstruction")
        error, likeness = [], []
        for i, images in enumerate(batches(data)):
            pictures = adapter.reconstruct(images, noise)
            error.append(squared_error(pictures, images))
            if large:
                likeness.append(ssim(pictures, images))
            report(seed * len(data) + min((i + 1) * BATCH, len(data)), seeds * len(data))
        each = torch.cat(error)
        errors.append(float(each.mean()))
        peaks.append(float(psnr(each).mean()))
        if large:
            likenesses.append(float(torch.cat(likeness).mean()))
    figures = [over_seeds(MSE, errors), over_seeds("PSNR in dB, mean over images", peaks)]
    if large:
        figures.append(over_seeds("SSIM", likenesses))
    else:
        figures.append(Figure(name="SSIM", note=f"does not apply: images below {_SMALLEST} pixels"))
    if isinstance(adapter, CountAdapter):
        figures += _of_counts(adapter, data)
    return Group(
        name="reconstruction",
        protocol=f"{len(data):,} {data.split} images of {data.name}, noise seeds 0 to {seeds - 1}",
        figures=tuple(figures),
    )


def _of_counts(adapter: CountAdapter, data: ImageSet) -> list[Figure]:
    """Error without the noise of counts, and what an image costs; neither has chance in it."""
    error, spikes = [], []
    for images in batches(data):
        error.append(squared_error(adapter.reconstruct_mean(images), images))
        spikes.append(adapter.expected_spikes(images))
    return [
        Figure(name="MSE of the picture of the rates", value=float(torch.cat(error).mean())),
        Figure(name="expected latent spikes an image", value=float(torch.cat(spikes).mean())),
    ]
