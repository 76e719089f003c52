"""The engine of models without spikes: held against the models themselves, and exact."""

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

from esvae_core.config import ANNVAEConfig, AutoencoderConfig
from esvae_core.engine import ann, to_bundle
from esvae_core.engine.bundle import content_hash
from esvae_core.errors import InputError
from esvae_core.model_kinds import build
from tests.engine.networks import rival
from tests.engine.test_browser import _packed as packed

CONFIGS = {
    "annvae": ANNVAEConfig(image_size=16, channels=(4, 8), latent_dim=5),
    "ae": AutoencoderConfig(image_size=16, channels=(8,), latent_dim=7, image_channels=3, components=3),
}


@pytest.fixture(params=CONFIGS)
def model(request):
    return rival(CONFIGS[request.param])


def images_of(model, count=6):
    generator = torch.Generator().manual_seed(1)
    return torch.rand((count, *model.config.image_shape), generator=generator) * 2 - 1


def test_it_encodes_as_the_model_does(model):
    plan, images = ann.ann_plan_of(model), images_of(model)
    with torch.no_grad():
        codes = model.features(images).numpy()
    heights = ann.encode(plan, images.numpy())
    assert heights.shape == codes.shape
    inside = (codes > plan.low) & (codes < plan.high)
    assert inside.mean() > 0.5
    assert plan.codes(heights)[inside] == pytest.approx(codes[inside], abs=2e-5)
    assert set(heights[~inside].tolist()) <= {0.0, 1.0}


def test_it_decodes_as_the_model_does(model):
    plan = ann.ann_plan_of(model)
    heights = np.random.default_rng(0).random((5, model.config.latent_dim), np.float32)
    with torch.no_grad():
        expected = model.decode(torch.from_numpy(plan.codes(heights)).float()).numpy()
    found = ann.decode(plan, heights)
    assert np.ptp(found) > 0.1
    assert found == pytest.approx(expected, abs=2e-5)


def test_a_picture_is_the_same_alone_and_in_a_batch(model):
    plan = ann.ann_plan_of(model)
    heights = np.random.default_rng(0).random((9, model.config.latent_dim), np.float32)
    alone = np.concatenate([ann.decode(plan, row[None]) for row in heights])
    assert alone == pytest.approx(ann.decode(plan, heights), abs=1e-7)


def test_the_range_is_that_of_the_prior(model):
    plan = ann.ann_plan_of(model)
    with torch.no_grad():
        drawn = model.sample(20_000, torch.Generator().manual_seed(0)).codes.double().numpy()
    middle, deviation = (plan.low + plan.high) / 2, (plan.high - plan.low) / 2 / ann.SPAN
    assert np.abs(middle - drawn.mean(0)).max() < 0.05 * deviation.max()
    assert deviation == pytest.approx(drawn.std(0), rel=0.05)


def test_new_codes_come_from_the_prior_seed_by_seed(model):
    plan = ann.ann_plan_of(model)
    drawn = np.stack([ann.prior(plan, seed) for seed in range(3000)])
    assert np.array_equal(drawn[7], ann.prior(plan, 7))
    assert drawn.mean(0) == pytest.approx(0.5, abs=0.01)
    assert drawn.std(0) == pytest.approx(1 / (2 * ann.SPAN), rel=0.1)
    means = plan.heights(plan.tensors["prior.means"])
    cold = ann.prior(plan, 7, 0)
    assert np.abs(means - cold).max(1).min() < 1e-6, "at temperature 0 it is the mean of a Gaussian"
    with pytest.raises(InputError, match="temperature"):
        ann.prior(plan, 7, -1)


def test_the_bundle_names_the_content(model):
    raw = to_bundle(ann.ann_plan_of(model))
    assert raw == to_bundle(ann.ann_plan_of(model))
    other = build(model.config).eval()
    assert content_hash(raw) != content_hash(to_bundle(ann.ann_plan_of(other)))


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 4)), np.zeros(5), np.zeros((0, 5)), np.full((1, 5), 1.5), np.full((1, 5), np.nan)]
)
def test_heights_that_do_not_fit_are_refused(wrong):
    plan = ann.ann_plan_of(rival(CONFIGS["annvae"]))
    with pytest.raises(InputError, match="latent: expected"):
        ann.decode(plan, wrong)
    with pytest.raises(InputError, match="images"):
        ann.encode(plan, np.zeros((1, 1, 8, 8)))


def test_the_page_computes_the_same(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    cases, plans, made = {}, {}, {}
    for name, config in CONFIGS.items():
        model = rival(config)
        plans[name] = plan = ann.ann_plan_of(model)
        made[name] = images_of(model, 1).numpy(), np.random.default_rng(1).random(config.latent_dim, np.float32)
        bundle = base64.b64encode(to_bundle(plan)).decode()
        cases[name] = {"bundle": bundle, "image": packed(made[name][0]), "heights": packed(made[name][1])}
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(cases))
    env = os.environ | {"ESVAE_CASES": str(path)}
    run = subprocess.run(
        [node, Path(__file__).with_name("ann.mjs")], env=env, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    for name, found in json.loads(run.stdout).items():
        plan, (image, heights) = plans[name], made[name]
        assert found["hash"] == content_hash(to_bundle(plan))
        assert found["encoded"] == pytest.approx(ann.encode(plan, image)[0], abs=1e-7)
        assert found["decoded"] == found["again"]
        assert found["decoded"] == pytest.approx(ann.decode(plan, heights[None]).ravel(), abs=2e-7)
        for seed, drawn in zip((0, 7, 2**32 - 1), found["prior"], strict=True):
            assert drawn == pytest.approx(ann.prior(plan, seed, 0.5), abs=1e-7)
        assert [text.split(":")[0] for text in found["refused"]] == ["latent", "latent", "image", "temperature"]
