"""Error, PSNR and SSIM by hand, and SSIM against torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from esvae_core.errors import InputError
from esvae_core.evaluation.fidelity import psnr, squared_error, ssim


def pictures(seed, shape=(4, 3, 32, 32)):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_squared_error_is_one_number_per_image():
    a = torch.zeros(2, 1, 2, 2)
    b = torch.tensor([[0.0, 0, 0, 0], [1, 1, 1, -1]]).view(2, 1, 2, 2)
    assert squared_error(a, b).tolist() == [0, 1]


def test_psnr_by_hand():
    # the range is 2, so an error of 0.04 is 10 log10(4 / 0.04) = 20 dB
    assert psnr(torch.tensor([0.04, 4.0])).tolist() == pytest.approx([20, 0])


def test_ssim_of_flat_pictures_has_a_closed_form():
    # no variance and no covariance: (2 a b + c1) / (a^2 + b^2 + c1), c1 = (0.01 * 2)^2
    a, b = torch.full((1, 1, 16, 16), 0.5), torch.full((1, 1, 16, 16), -0.25)
    assert float(ssim(a, b)) == pytest.approx((2 * 0.5 * -0.25 + 4e-4) / (0.25 + 0.0625 + 4e-4))


def test_ssim_is_one_of_equal_pictures_and_falls_with_noise():
    x = pictures(0)
    assert ssim(x, x).tolist() == pytest.approx([1] * 4)
    little, much = (ssim((x + s * pictures(1)).clamp(-1, 1), x).mean() for s in (0.1, 0.8))
    assert 1 > little > much


def test_ssim_is_that_of_a_slow_window_by_window_sum():
    x, y = pictures(2, (1, 1, 13, 14)).double(), pictures(3, (1, 1, 13, 14)).double()
    places = np.arange(11) - 5
    window = np.exp(-(places[:, None] ** 2 + places[None, :] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    padded = [np.pad(v[0, 0].numpy(), 5, mode="reflect") for v in (x, y)]
    values = []
    for top in range(13):
        for left in range(14):
            a, b = (v[top : top + 11, left : left + 11] for v in padded)
            ma, mb = (window * a).sum(), (window * b).sum()
            va, vb = (window * (a - ma) ** 2).sum(), (window * (b - mb) ** 2).sum()
            both = (window * (a - ma) * (b - mb)).sum()
            top_part = (2 * ma * mb + 4e-4) * (2 * both + 36e-4)
            values.append(top_part / ((ma**2 + mb**2 + 4e-4) * (va + vb + 36e-4)))
    assert float(ssim(x, y)) == pytest.approx(np.mean(values), rel=1e-9)


def test_ssim_is_that_of_torchmetrics():
    x = pictures(4)
    y = (x + 0.3 * pictures(5)).clamp(-1, 1)
    wanted = structural_similarity_index_measure(x, y, data_range=2.0, reduction="none")
    assert ssim(x, y).tolist() == pytest.approx(wanted.tolist(), abs=1e-5)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="same shape"):
        squared_error(pictures(0), pictures(0)[:2])
    with pytest.raises(InputError, match="6 pixels"):
        ssim(pictures(0, (1, 1, 5, 32)), pictures(1, (1, 1, 5, 32)))
