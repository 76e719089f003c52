"""Known factors as firing rates, for latent neurons that are taught what to stand for.

One neuron for each factor, as in Locatello et al., "Disentangling Factors of Variation Using Few Labels" (ICLR 2020);
a rate is in [0, 1] as their labels are, so that it can be the label.
"""

from __future__ import annotations

import torch
from torch import Tensor

from esvae_core.data import ImageSet
from esvae_core.errors import TrainingError


def taught_rates(data: ImageSet, latent_dim: int) -> Tensor:
    """(N, F) float32 in [0, 1]: each factor of each image, from the least value among them to the greatest.

    Raises:
        TrainingError: no factors are known, or there are more than neurons.
    """
    if data.factors is None:
        raise TrainingError(f"train.factor_weight: it is not known what the images of {data.name} were made from")
    count = data.factors.shape[1]
    if count > latent_dim:
        raise TrainingError(
            f"train.factor_weight: expected a latent neuron for each of {count} factors, "
            f"got model.latent_dim {latent_dim}"
        )
    return torch.from_numpy(data.factor_shares())
