"""Poisson counts under frozen noise: their distribution, and the same bits in Python and in the page."""

from __future__ import annotations

import base64
import json
import math
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from esvae_core.baselines.pvae import PVAE
from esvae_core.config import PVAEConfig
from esvae_core.engine import ann, poisson
from esvae_core.engine.damage import Damage
from esvae_core.errors import InputError
from esvae_core.explore.decode_rates import decode_rates, render
from esvae_core.explore.fixed_point import to_fixed_point
from esvae_core.explore.latent_interface import bundle_of
from esvae_core.explore.recipe import Layout, recipe_of
from tests.engine.networks import rival

CONFIG = PVAEConfig(image_size=16, channels=(4, 8), latent_dim=9, residual_bound=3.0)


@pytest.fixture
def model():
    made = rival(CONFIG)
    assert isinstance(made, PVAE)
    with torch.no_grad():
        made.log_prior_rates.copy_(torch.linspace(-2, 2, 9))
        made.from_latent.weight.div_(3)
    return made


def test_the_exponential_is_that_of_the_library():
    x = np.concatenate([np.linspace(-700, 700, 1001), np.linspace(-1, 1, 101)])
    assert poisson.exp(x) == pytest.approx(np.exp(x), rel=1e-13)


@pytest.mark.parametrize("rate", [0.05, 1.0, 7.5, 60.0])
def test_counts_have_the_poisson_distribution(rate):
    drawn = np.concatenate([poisson.counts(np.full(500, math.log(rate)), seed) for seed in range(20)])
    assert drawn.mean() == pytest.approx(rate, abs=4 * math.sqrt(rate / len(drawn)))
    assert drawn.var() == pytest.approx(rate, rel=0.1)
    for k in {0, round(rate)}:
        chance = math.exp(k * math.log(rate) - rate - math.lgamma(k + 1))
        assert (drawn == k).mean() == pytest.approx(chance, abs=4 * math.sqrt(chance / len(drawn)) + 1e-9)


def test_a_rate_that_rises_keeps_its_spikes():
    before = poisson.counts(np.full(200, 0.5), 3)
    after = poisson.counts(np.full(200, 1.5), 3)
    assert (after >= before).all()
    assert after.sum() > before.sum()


def test_counts_are_spread_evenly_and_none_is_lost():
    found = np.concatenate([poisson.counts(np.full(100, 1.0), seed)[None] for seed in range(50)])
    total = np.zeros(8)
    for seed, row in enumerate(found):
        spikes = poisson.spread(row, seed, 8)
        assert np.array_equal(spikes.sum(0), row)
        assert np.array_equal(poisson.spread(row, seed, 5).sum(0), row), "T changes no count"
        total += spikes.sum(1)
    assert total == pytest.approx(found.sum() / 8, abs=4.5 * math.sqrt(found.sum() / 8))


def test_what_no_rate_can_be_is_bounded():
    found = poisson.counts(np.array([-1e9, 1e9]), 0)
    assert found.tolist() == [0, poisson.MAX_COUNT]


def test_the_engine_encodes_and_decodes_as_the_model_does(model):
    plan = ann.ann_plan_of(model)
    images = torch.rand((5, *CONFIG.image_shape), generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        wanted = model.features(images).numpy()
        heights = ann.encode(plan, images.numpy())
        assert plan.codes(heights) == pytest.approx(wanted, abs=2e-5)
        fed = plan.inputs(heights, range(5))
        assert np.array_equal(fed, np.round(fed))
        assert not np.array_equal(fed, plan.inputs(heights, range(5, 10))), "another seed draws other counts"
        pictures = model.decode(torch.from_numpy(fed).float()).numpy()
    assert ann.decode(plan, heights, range(5)) == pytest.approx(pictures, abs=2e-5)
    assert ann.prior(plan, 3) == pytest.approx(0.5)


def assert_damage_is_the_pages(model, units, seeds, found, plain):
    """Of pictures that the page has decoded with a third of the spikes deleted."""
    damage = Damage(kind="delete", amount=33)
    recipe = recipe_of(model, "p", units, seeds, kind="grid", sampler="bernoulli", steps=7, damage=damage)
    pixels = render(recipe, model)
    assert np.array_equal(np.array(found, np.uint8).reshape(pixels.shape), pixels)
    assert not np.array_equal(pixels, plain)
    with pytest.raises(InputError, match="damage: expected flip or delete, since its decoder hears counts"):
        decode_rates(model, units, seeds, sampler="bernoulli", steps=7, damage=Damage(kind="jitter", amount=33))


def test_the_page_decodes_to_the_same_bits_from_the_same_recipe(model, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    units = to_fixed_point(np.random.default_rng(0).random((12, 9), np.float32))
    seeds = [*range(11), 2**32 - 1]
    layout = Layout(columns=4, gap=2, scale=1)
    recipe = recipe_of(model, "p", units, seeds, kind="grid", sampler="bernoulli", steps=7, layout=layout)
    path = tmp_path / "case.json"
    path.write_text(json.dumps({"bundle": base64.b64encode(bundle_of(model)).decode(), "recipe": recipe.text}))
    run = subprocess.run(
        [node, Path(__file__).with_name("poisson.mjs")],
        env=os.environ | {"ESVAE_CASE": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    pixels = render(recipe, model)
    assert np.array_equal(np.array(found["pixels"], np.uint8).reshape(pixels.shape), pixels)
    assert len({row.tobytes() for row in pixels}) == len(pixels)
    assert np.array_equal(pixels, decode_rates(model, units, seeds, sampler="systematic", steps=3))
    assert_damage_is_the_pages(model, units, seeds, found["damaged"], pixels)
    plan = ann.ann_plan_of(model)
    logs = plan.codes((units / 46080).astype(np.float32))
    for i, seed in enumerate(seeds):
        drawn = poisson.counts(logs[i], seed)
        assert found["spikes"][i] == poisson.spread(drawn, seed, 7).ravel().tolist()
