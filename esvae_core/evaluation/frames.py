"""How well a model of recordings gives their frames, beside what needs no model: means of the training recordings."""

from __future__ import annotations

import math

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from esvae_core.data import ImageSet

_PEAK = 2.0  # from black to white
_AT_A_TIME = 250


class FrameFigures(BaseModel):
    """Errors on [-1, 1] of frames of N recordings, and peak signal-to-noise ratios in dB (docs/events.md)."""

    model_config = ConfigDict(frozen=True)

    mse: tuple[float, ...] = Field(description="Squared error of each of the T frames, mean over recordings.")
    psnr: float = Field(description="PSNR of all frames together, from their mean squared error.")
    mean_frame_psnr: float = Field(description="PSNR of one frame for all: the mean of all training frames.")
    mean_recording_psnr: float = Field(description="PSNR of one recording for all: the mean of each training frame.")


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error on [-1, 1]; infinite for 0."""
    return 10 * math.log10(_PEAK**2 / mse) if mse > 0 else math.inf


def frame_figures(mse: tuple[float, ...], data: ImageSet, training: ImageSet) -> FrameFigures:
    """A model's errors beside those of the training recordings' means.

    Args:
        mse: T squared errors of the model on `data`, mean over recordings.
        data: recordings.
        training: those that the model was trained on, of the same shape.
    """
    whole = training.images.mean(0, dtype=np.float64)
    return FrameFigures(
        mse=mse,
        psnr=psnr(float(np.mean(mse))),
        mean_frame_psnr=psnr(_error(data, whole.mean(0, keepdims=True))),
        mean_recording_psnr=psnr(_error(data, whole)),
    )


def _error(data: ImageSet, guess: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Squared error on [-1, 1] of one guess, in bytes, for all recordings."""
    total = 0.0
    for first in range(0, len(data), _AT_A_TIME):
        part = data.images[first : first + _AT_A_TIME]
        total += float(np.square((part - guess) / 127.5).mean()) * len(part)
    return total / len(data)
