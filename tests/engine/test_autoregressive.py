"""FSVAE's latent spikes, step by step: those of the model, and the same bits in the page."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from esvae_core import ModelConfig
from esvae_core.baselines.fsvae import FSVAE
from esvae_core.config import FSVAEConfig, NeuronConfig
from esvae_core.engine import autoregressive, from_bundle, plan_of, reference, to_bundle
from esvae_core.engine.damage import Damage
from esvae_core.engine.prior import prior
from esvae_core.errors import KindError
from esvae_core.explore.decode_rates import render
from esvae_core.explore.fixed_point import to_fixed_point
from esvae_core.explore.latent_interface import bundle_of, counts_of, sampler_of
from esvae_core.explore.recipe import Layout, recipe_of
from tests.engine.networks import network

STEPS, SEEDS = 7, (0, 5, 2**32 - 1)


def awake(**settings) -> FSVAE:
    """A network with running statistics, whose latent neurons spike at some steps and rest at others."""
    torch.manual_seed(1)
    model = FSVAE(FSVAEConfig(image_size=16, channels=(6, 8), latent_dim=9, candidates=3, time_steps=6, **settings))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
            elif name.endswith("norm.bias"):
                parameter.uniform_(0, 0.3)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_(0, 0.1)
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 1.5)
    return model.eval()


@pytest.fixture(scope="module", params=["hard", "soft"])
def model(request):
    return awake(neuron=NeuronConfig(reset=request.param, leak=0.6))


@pytest.fixture(scope="module")
def images():
    return torch.rand((4, 1, 16, 16), generator=torch.Generator().manual_seed(1)) * 2 - 1


def stacked(*trains):
    return np.stack(trains, 1)


def test_generated_spikes_are_those_of_the_model(model):
    plan = plan_of(model)
    found = stacked(*(autoregressive.generated(plan, seed, STEPS) for seed in range(20)))
    chosen = stacked(*(autoregressive.choices(seed, STEPS, 9, 3) for seed in range(20)))
    with torch.inference_mode():
        wanted = model.prior.generate(torch.from_numpy(chosen)).numpy()
    assert (found == wanted).mean() > 0.999  # but where a membrane lies within rounding of its threshold
    assert 0.05 < found.mean() < 0.95
    assert len({train.tobytes() for train in found.transpose(1, 0, 2)}) > 10


def test_drawn_spikes_are_those_of_the_posterior(model, images):
    plan = plan_of(model)
    with torch.inference_mode():
        encoded = model.encode(images, steps=STEPS, engine="events").spikes
        chosen = stacked(*[autoregressive.choices(3, STEPS, 9, 3)] * len(images))
        wanted = model.posterior(encoded, torch.from_numpy(chosen))[0].numpy()
    found = stacked(
        *(autoregressive.drawn(plan, encoded[:, i].numpy().astype(np.uint8), 3) for i in range(len(images)))
    )
    assert (found == wanted).mean() > 0.99
    assert 0.05 < found.mean() < 0.95


def test_choices_are_even():
    found = np.bincount(autoregressive.choices(3, 100, 100, 20).ravel(), minlength=20)
    assert len(found) == 20
    assert found.min() > 500 - 5 * np.sqrt(500)
    assert found.max() < 500 + 5 * np.sqrt(500)


def test_the_plan_comes_back_from_its_bundle(model):
    plan = plan_of(model)
    again = from_bundle(to_bundle(plan))
    assert again.config == plan.config
    assert all(np.array_equal(again.tensors[name], tensor) for name, tensor in plan.tensors.items())


def test_only_an_fsvae_goes_step_by_step():
    with pytest.raises(KindError, match="expected a model of kind fsvae, found esvae"):
        autoregressive.generated(plan_of(network(ModelConfig(image_size=16, channels=(4,), latent_dim=3))), 0)


def test_events_run_it_when_asked(model, images):
    """And only then: its published figures are those of the dense layers."""
    plan = plan_of(model)
    with torch.inference_mode():
        spikes = model.encode(images, engine="events").spikes.numpy()
        pictures = model.decode(torch.from_numpy(spikes), engine="events").numpy()
        dense = model.decode(torch.from_numpy(spikes)).numpy()
    for i, image in enumerate(images.numpy()):
        assert np.array_equal(spikes[:, i], reference.encode(plan, image).spikes)
        np.testing.assert_allclose(pictures[i], reference.decode(plan, spikes[:, i]), rtol=0, atol=2e-7)
    assert np.abs(pictures - dense).mean() < 1e-4


def test_the_page_draws_and_decodes_to_the_same_bits_from_the_same_recipe(model, images, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    plan = plan_of(model)
    units = to_fixed_point(np.stack([prior(plan, seed) for seed in SEEDS]))
    recipe = recipe_of(
        model,
        "f",
        units,
        SEEDS,
        kind="grid",
        sampler="systematic",
        steps=6,
        flips=((0, 1, 2), (2, 5, 8)),
        damage=Damage(kind="flip", amount=4),
        layout=Layout(columns=3),
    )
    case = {
        "bundle": base64.b64encode(bundle_of(model)).decode(),
        "recipe": recipe.text,
        "seeds": SEEDS,
        "steps": STEPS,
        "images": images.reshape(len(images), -1).tolist(),
    }
    path = tmp_path / "case.json"
    path.write_text(json.dumps(case))
    run = subprocess.run(
        [node, Path(__file__).with_name("autoregressive.mjs")],
        env=os.environ | {"ESVAE_CASE": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["generated"] == [autoregressive.generated(plan, seed, STEPS).ravel().tolist() for seed in SEEDS]
    assert np.array_equal(np.array(found["priorRates"], np.float32), np.stack([prior(plan, seed) for seed in SEEDS]))
    encoded = [reference.encode(plan, image, STEPS).spikes for image in images.numpy()]
    drawn = [autoregressive.drawn(plan, each, 0) for each in encoded]
    assert found["encoded"] == [each.ravel().tolist() for each in drawn]
    assert np.array_equal(counts_of(model, images, STEPS), np.stack([each.sum(0) for each in drawn]))
    pixels = render(recipe, model)
    assert np.array_equal(np.array(found["pixels"], np.uint8).reshape(pixels.shape), pixels)
    assert found["sampler"] == sampler_of(model.config)
