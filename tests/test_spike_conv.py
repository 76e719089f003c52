"""Convolutions by the spike against the convolutions themselves: values and gradients."""

from __future__ import annotations

import os
import subprocess
import sys

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from esvae_core import spike_conv
from esvae_core.fused import apply


def spikes(rate, *shape, seed=0):
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < rate).float()


def both(transform, x, seed=0):
    """Result and gradients (by input, weight, bias), by additions and by the dense convolution."""
    answers = []
    for way in (apply, lambda layer, images: layer(images)):
        leaf = x.clone().requires_grad_()
        out = way(transform, leaf)
        grad = torch.randn(out.shape, generator=torch.Generator().manual_seed(seed + 1))
        answers.append((out, *torch.autograd.grad(out, [leaf, transform.weight, transform.bias], grad)))
    assert type(answers[0][0].grad_fn).__name__ == "_SpikeConvolutionBackward"  # the fast way was taken
    return answers


def assert_same(fast, dense):
    for a, b in zip(fast, dense, strict=True):
        assert a.shape == b.shape
        torch.testing.assert_close(a, b, rtol=1e-4, atol=2e-5 * float(b.detach().abs().max() + 1))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_additions_give_the_convolution_and_its_gradients(data):
    integer = lambda low, high: data.draw(st.integers(low, high))  # noqa: E731
    kernel, stride = integer(1, 4), integer(1, 3)
    padding = integer(0, kernel // 2)
    inputs, outputs = integer(1, 20), integer(1, 70)
    seed = integer(0, 10_000)
    torch.manual_seed(seed)
    if data.draw(st.booleans()):
        extra = integer(0, stride - 1)
        transform = nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, output_padding=extra)
    else:
        transform = nn.Conv2d(inputs, outputs, kernel, stride, padding)
    x = spikes(
        data.draw(st.sampled_from([0.0, 0.05, 0.2])), integer(1, 9), inputs, integer(4, 7), integer(4, 7), seed=seed
    )
    if float(x.mean()) <= spike_conv.DENSE_ABOVE:
        assert_same(*both(transform, x, seed))


@pytest.mark.parametrize("images", [1, 63, 64, 65, 300, 16 * 256 + 40], ids=str)
def test_batches_around_the_pieces_of_the_weight_gradient(images):
    torch.manual_seed(0)
    assert_same(*both(nn.Conv2d(3, 5, 3, 2, 1), spikes(0.2, images, 3, 4, 4)))


def test_large_pictures_take_fewer_images_together(monkeypatch):
    torch.manual_seed(0)
    transform, x = nn.ConvTranspose2d(3, 5, 3, 2, 1, 1), spikes(0.2, 70, 3, 4, 4)
    whole, _ = both(transform, x)
    monkeypatch.setattr(spike_conv, "_LISTED", 7 * 3 * 16)
    assert_same(both(transform, x)[0], whole)


def test_numbers_that_are_no_spikes_take_the_dense_way():
    torch.manual_seed(0)
    transform = nn.Conv2d(3, 5, 3)
    for x in (torch.rand(2, 3, 8, 8), -spikes(0.1, 2, 3, 8, 8), spikes(0.1, 2, 3, 8, 8) * torch.nan):
        assert torch.equal(apply(transform, x), transform(x)) or x.isnan().any()
        assert type(apply(transform, x).grad_fn).__name__ == "ConvolutionBackward0"


def test_many_spikes_take_the_dense_way():
    transform = nn.Conv2d(3, 5, 3)
    name = type(apply(transform, spikes(spike_conv.DENSE_ABOVE + 0.2, 2, 3, 8, 8)).grad_fn).__name__
    assert name == "ConvolutionBackward0"


def test_packing():
    x = np.zeros((3, 11), np.float32)
    x[0, [0, 9]] = x[2, 10] = 1
    bits, rate = spike_conv.pack_bits(x)
    assert bits.tolist() == [[1, 2], [0, 0], [0, 4]]
    assert rate == pytest.approx(3 / 33)
    x[1, 1] = 0.5
    assert np.isnan(spike_conv.pack_bits(x)[1])


def test_results_do_not_depend_on_the_number_of_threads():
    torch.manual_seed(0)
    transform, x = nn.ConvTranspose2d(8, 12, 3, 2, 1, 1), spikes(0.2, 200, 8, 4, 4)
    before = numba.get_num_threads()
    try:
        results = []
        for threads in sorted({1, before}):
            numba.set_num_threads(threads)
            results.append(both(transform, x)[0])
    finally:
        numba.set_num_threads(before)
    if len(results) == 1:
        pytest.skip("this machine gives Numba one thread only")
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_the_input_gradient_is_rounded_to_bfloat16_only_under_autocast():
    torch.manual_seed(0)
    transform, x = nn.Conv2d(8, 40, 3, 2, 1), spikes(0.2, 20, 8, 6, 6)
    exact, _ = both(transform, x)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = both(transform, x)[0]
    assert torch.equal(rounded[0], exact[0])  # forward and weight gradient stay float32
    assert torch.equal(rounded[2], exact[2])
    assert not torch.equal(rounded[1], exact[1])
    torch.testing.assert_close(rounded[1], exact[1], rtol=0.05, atol=0.02)


def test_without_a_compiler_the_same_comes_out():
    script = (
        "import torch\nfrom torch import nn\nfrom tests.test_spike_conv import assert_same, both, spikes\n"
        "assert_same(*both(nn.Conv2d(3, 5, 3, 2, 1), spikes(0.2, 4, 3, 4, 4)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1"})
