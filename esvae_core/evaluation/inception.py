"""FID, KID and Inception score, by the torch-fidelity package and a local file of Inception weights.

The weights are those of the 2015 Inception that the published scores use, as torch-fidelity names them
(pt_inception-2015-12-05-6726825d.pth). They are not downloaded: 95 MB whose licence is their owner's to state.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from esvae_core.errors import InputError
from esvae_core.pictures import to_uint8
from esvae_core.published import plain_weights, read_state

NAMES = ("FID", "KID", "Inception score")
_SUBSET = 1_000  # of KID


class _Pictures(Dataset[Tensor]):
    """(N, C, H, W) in [-1, 1] as torch-fidelity takes them: bytes, three channels."""

    def __init__(self, images: Tensor) -> None:
        self.pixels = torch.from_numpy(to_uint8(images)).permute(0, 3, 1, 2)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> Tensor:
        return self.pixels[index].expand(3, -1, -1).contiguous()


def inception_scores(samples: Tensor, real: Tensor, weights: Path) -> dict[str, tuple[float, float | None]]:
    """Value and deviation (None where there is none) of each of NAMES.

    Args:
        samples, real: (N, C, H, W) in [-1, 1].
        weights: the local file.

    Raises:
        InputError: the package is missing or does not work here, or the file holds other weights.
        NotACheckpointError, CheckpointContentError: the file cannot be read, or holds no ordinary tensors.
    """
    state = read_weights(weights)
    try:
        from torch_fidelity import calculate_metrics
    except ImportError:
        raise InputError("FID, KID and Inception score need torch-fidelity: pip install esvae[inception]") from None
    except RuntimeError as error:  # a torchvision for another version of PyTorch
        raise InputError(f"FID, KID and Inception score: torch-fidelity does not start: {_line(error)}") from error
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "inception.pth"
        torch.save(state, copy)
        try:
            found = calculate_metrics(
                input1=_Pictures(samples),
                input2=_Pictures(real),
                fid=True,
                kid=True,
                isc=True,
                kid_subset_size=min(_SUBSET, len(samples)),
                feature_extractor_weights_path=str(copy),
                cuda=False,
                cache=False,
                verbose=False,
            )
        except (RuntimeError, KeyError, ValueError, OSError, AttributeError) as error:
            raise InputError(f"{weights}: expected Inception weights for torch-fidelity: {_line(error)}") from error
    return {
        "FID": (found["frechet_inception_distance"], None),
        "KID": (found["kernel_inception_distance_mean"], found["kernel_inception_distance_std"]),
        "Inception score": (found["inception_score_mean"], found["inception_score_std"]),
    }


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of weights: what torch-fidelity is given in its place, since it would run code in it.

    Raises:
        NotACheckpointError, CheckpointContentError: the file cannot be read, or holds no ordinary tensors.
    """
    return {
        name: plain_weights(tensor, f"{path}: {name}")
        for name, tensor in read_state(path).items()
        if not name.endswith("num_batches_tracked")
    }


def _line(error: Exception) -> str:
    """What an error says, in one line that is not too long."""
    return " ".join(str(error).split())[:200] or type(error).__name__
