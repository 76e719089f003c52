"""The report against figures computed another way."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from esvae_core.checkpoint import Header, save
from esvae_core.data import ImageSet
from esvae_core.data.streamed import Share
from esvae_core.errors import InputError
from esvae_core.evaluation.cost import costs
from esvae_core.evaluation.evaluate import _measured, evaluate
from esvae_core.latent import mmd
from esvae_core.seeds import generator


def made(count, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 1, 8, 8), dtype=np.uint8)
    labels = np.zeros(count, np.int64)
    return ImageSet(pixels, labels, ("a",), "made", "test", "0" * 64, np.arange(count))


@pytest.fixture(scope="module")
def data():
    return made(37)


def test_error_and_its_standard_error_are_those_of_the_images(tiny, data):
    drawn = []
    decode = tiny.decode

    def keep(spikes, **more):
        drawn.append((spikes, decode(spikes, **more)))
        return drawn[-1][1]

    tiny.decode = keep
    report = evaluate(tiny, data, batch_size=10)
    pictures = torch.cat([image for _, image in drawn]).numpy().astype(np.float64)
    targets = data.images.astype(np.float64) / 127.5 - 1
    errors = ((pictures - targets) ** 2).mean((1, 2, 3))
    assert report.mse == pytest.approx(errors.mean(), rel=1e-5)
    assert report.mse_standard_error == pytest.approx(errors.std(ddof=1) / math.sqrt(37), rel=1e-5)
    spikes = torch.cat([spikes for spikes, _ in drawn], 1)
    assert report.latent_rate == pytest.approx(spikes.mean().item(), rel=1e-6)


@pytest.mark.parametrize("batch_size", [1, 5, 36, 100])
def test_figures_do_not_depend_on_the_batch_size(batch_size, tiny, data):
    whole, parts = (evaluate(tiny, data, batch_size=size).model_dump() for size in (37, batch_size))
    for name in ("mse", "mse_standard_error", "mmd_biased", "mmd_unbiased", "latent_rate"):
        assert parts[name] == pytest.approx(whole[name], rel=1e-5, abs=1e-8), name
    assert parts["firing_rates"] == pytest.approx(whole["firing_rates"], rel=1e-6)


def test_a_seed_repeats_and_another_differs(tiny, data):
    assert evaluate(tiny, data, seed=1) == evaluate(tiny, data, seed=1)
    assert evaluate(tiny, data, seed=1).mse != evaluate(tiny, data, seed=2).mse


def test_firing_rates_are_those_of_the_trace(tiny, data):
    report = evaluate(tiny, data)
    encoder = tiny.trace_encode(data.tensor())
    assert list(report.firing_rates) == ["encoder.0", "encoder.1", "to_latent", "from_latent", "decoder.0", "decoder.1"]
    for name, run in encoder.layers.items():
        assert report.firing_rates[name] == pytest.approx(run.spikes.mean().item(), rel=1e-5)
    assert all(rate > 0.01 for rate in report.firing_rates.values())
    assert report.costs == costs(tiny.config, 4, report.firing_rates, report.latent_rate)


def test_decoder_rates_are_those_of_the_trace_too(tiny, data):
    kept, decode = [], tiny.decode
    tiny.decode = lambda spikes, **more: (kept.append(spikes), decode(spikes, **more))[1]
    report = evaluate(tiny, data)
    for name, run in tiny.trace_decode(kept[0]).layers.items():
        assert report.firing_rates[name] == pytest.approx(run.spikes.mean().item(), rel=1e-3), name


def test_steps_and_sampler_are_the_models_unless_given(tiny, data):
    report = evaluate(tiny, data)
    assert (report.time_steps, report.sampler) == (4, "bernoulli")
    report = evaluate(tiny, data, steps=7, sampler="systematic", seed=3)
    assert (report.time_steps, report.sampler, report.seed) == (7, "systematic", 3)
    assert report.protocol == "37 test images of made, T = 7, systematic sampling, seed 3"
    assert {metric.protocol for metric in report.metrics()} == {report.protocol}
    assert {metric.name: metric.value for metric in report.metrics()}["mse"] == report.mse


def test_systematic_sampling_reconstructs_from_the_same_mean_rates(tiny, data):
    report = evaluate(tiny, data, sampler="systematic")
    rates = tiny.encode(data.tensor()).rates.mean().item()
    assert report.latent_rate == pytest.approx(rates, rel=1e-5)  # counts are exact on the grid


def test_mmd_is_that_of_posterior_and_prior(tiny, data):
    drawn, prior = [], tiny.prior_rates
    tiny.prior_rates = lambda *a, **k: (drawn.append(prior(*a, **k)), drawn[-1])[1]
    report = evaluate(tiny, data)
    rates = tiny.encode(data.tensor()).rates
    assert report.mmd_biased == pytest.approx(mmd(rates, drawn[0]).item(), rel=1e-4)
    assert report.mmd_unbiased == pytest.approx(mmd(rates, drawn[0], unbiased=True).item(), rel=1e-4, abs=1e-6)
    assert report.mmd_block == 37


def test_parameters_are_counted(tiny, data):
    # encoder 1-4-8: 9*4+4 + 9*4*8+8; norms 2 each; 32-6: 192+6; prior 42; 6-32: 192+32; decoder 8-4-4; readout 4-1
    wanted = (36 + 4 + 8) + (288 + 8 + 16) + (192 + 6 + 12) + 42 + (192 + 32 + 64) + (288 + 4 + 8) + (144 + 4 + 8) + 37
    assert evaluate(tiny, data).parameters == wanted


def test_progress_is_reported_to_the_end(tiny, data):
    seen = []
    evaluate(tiny, data, batch_size=20, report=lambda done, total: seen.append((done, total)))
    assert seen == [(20, 37), (37, 37)]


def test_measuring_changes_nothing(tiny, data):
    state = {name: tensor.clone() for name, tensor in tiny.state_dict().items()}
    before = torch.random.get_rng_state()
    evaluate(tiny, data)
    assert all(torch.equal(state[name], tensor) for name, tensor in tiny.state_dict().items())
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_single_image_gives_finite_figures(tiny):
    report = evaluate(tiny, made(1))
    assert report.mse_standard_error == 0
    assert all(math.isfinite(metric.value) for metric in report.metrics()), report.metrics()


def test_a_model_in_training_mode_is_refused(tiny, data):
    with pytest.raises(InputError, match=r"model\.eval\(\)"):
        evaluate(tiny.train(), data)


def test_no_image_is_refused(tiny):
    with pytest.raises(InputError, match="image"):
        evaluate(tiny, made(0))


def test_images_of_another_size_are_refused(tiny):
    pixels = np.zeros((2, 1, 16, 16), np.uint8)
    other = ImageSet(pixels, np.zeros(2, np.int64), ("a",), "made", "test", "0" * 64, np.arange(2))
    with pytest.raises(InputError, match=r"\(2, 1, 16, 16\)"):
        evaluate(tiny, other)


@pytest.mark.slow
def test_processes_share_the_images_and_find_the_same(tmp_path, warm_model):
    """By the command, on the 300 digits that come along: a batch for each of two processes."""
    path = tmp_path / "tiny.safetensors"
    save(path, warm_model.state_dict(), Header(name="tiny", model=warm_model.config))
    found = []
    for devices in (1, 2):
        words = ["evaluate", path, "--dataset", "digits", "--steps", 16, "--devices", devices, "--json"]
        command = [sys.executable, "-m", "esvae_core", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    one, two = found
    # processes share the cores, and sums of floats depend on the number of threads
    near = ("mse", "mse_standard_error", "mmd_biased", "mmd_unbiased", "latent_rate", "firing_rates", "costs")
    assert all(one.pop(name) == pytest.approx(two.pop(name), rel=1e-5) for name in near)
    assert one == two
    assert one["images"] == 300


@pytest.mark.parametrize("images", [1, 5, 9])
def test_shares_add_up(tiny, images):
    """Also where a process has no image at all."""
    data = made(images)
    whole, parts = evaluate(tiny, data, batch_size=2), []
    for rank in range(3):
        source = generator(0, "evaluate", "noise")
        steps, sampler = tiny.config.time_steps, tiny.config.sampler
        with torch.no_grad():
            parts.append(_measured(tiny, data, steps, sampler, 2, source, lambda *_: None, Share(rank, 3)))
    errors = sum(part.errors for part in parts)
    assert float(errors.mean()) == whole.mse
    assert sum(part.latent_rate for part in parts) == pytest.approx(whole.latent_rate, rel=1e-12)
