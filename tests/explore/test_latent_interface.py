"""Models without spikes in the explorer's own terms: heights, atlas, pictures, recipes that replay."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from esvae_core import checkpoint
from esvae_core.config import AutoencoderConfig, ModelConfig
from esvae_core.engine import ann
from esvae_core.errors import InputError, KindError, RecipeError
from esvae_core.explore import atlas, recipe_files
from esvae_core.explore.decode_rates import decode_codes, decode_rates, decode_with_spikes, to_normalized
from esvae_core.explore.fixed_point import GRID
from esvae_core.explore.latent_interface import LEVELS, bundle_of, folded, hash_of, latent_of, load_explorable
from esvae_core.explore.recipe import recipe_of
from esvae_core.explore.replay import replay
from esvae_core.model_kinds import build
from esvae_core.pictures import to_uint8
from tests.engine.networks import rival

CONFIG = AutoencoderConfig(image_size=16, channels=(4, 8), latent_dim=5, components=2)


@pytest.fixture(scope="module")
def plainly():
    return rival(CONFIG)


@pytest.fixture
def saved(plainly, tmp_path):
    path = tmp_path / "ae.safetensors"
    checkpoint.save(path, plainly.state_dict(), checkpoint.Header(name="ae", model=CONFIG))
    return path


def test_an_atlas_holds_the_heights_of_the_codes(plainly, images, tmp_path):
    made = atlas.build(plainly, images, count=50, seed=1)
    rows = made.indices - 1000
    with torch.no_grad():
        codes = plainly.features(images.tensor(rows)).numpy()
    plan = ann.ann_plan_of(plainly)
    assert made.time_steps == LEVELS
    assert made.counts.dtype == np.uint8
    assert np.abs(made.rates - plan.heights(codes)).max() < 0.51 / LEVELS
    assert made.contrast is None, "there is no noise to stand beside"
    assert made.effect.shape == (5,)
    assert made.effect.min() > 0
    atlas.save(tmp_path / "a.npz", made)
    assert np.array_equal(atlas.load(tmp_path / "a.npz").counts, made.counts)
    assert made.checkpoint_sha256 == atlas.weights_hash(plainly.state_dict())


def test_its_errors_are_those_of_the_reconstruction(plainly, images):
    made = atlas.build(plainly, images, count=20)
    truth = images.tensor(made.indices - 1000)
    with torch.no_grad():
        mse = (plainly.reconstruct(truth) - truth).square().mean((1, 2, 3)).numpy()
    codes = ann.encode(ann.ann_plan_of(plainly), truth.numpy())
    inside = ((codes > 0) & (codes < 1)).all(1)
    assert inside.any()
    assert made.errors[inside] == pytest.approx(mse[inside], abs=0.02)


def test_a_picture_is_the_models_own_whatever_the_noise(plainly):
    codes = np.random.default_rng(0).normal(0, 0.5, (3, 5))
    units = to_normalized(plainly, codes)
    pixels = decode_codes(plainly, codes)
    assert np.array_equal(pixels, decode_rates(plainly, units, [1, 2, 3], sampler="systematic", steps=9))
    drawn = decode_with_spikes(plainly, (units / GRID).astype(np.float32), seed=5, sampler="bernoulli", steps=16)
    assert np.array_equal(drawn.pixels, pixels)
    assert drawn.spikes.shape == (0, 3, 5)
    with torch.no_grad():
        expected = to_uint8(plainly.decode(torch.from_numpy(codes).float()))
    assert np.abs(pixels.astype(int) - expected).max() <= 1
    assert np.ptp(pixels) > 20


def test_spikes_that_are_not_there_cannot_be_turned(plainly):
    with pytest.raises(InputError, match="without spikes"):
        decode_rates(plainly, np.zeros((1, 5), np.uint16), [1], sampler="bernoulli", steps=1, flips=[(0, 0, 0)])


def test_few_digits_of_a_code_name_the_same_picture(plainly):
    """As Python writes codes: to a quarter of the grid."""
    units = np.random.default_rng(1).integers(0, GRID + 1, (200, 5)).astype(np.uint16)
    about = latent_of(folded(plainly))
    low, high = np.array(about["low"]), np.array(about["high"])
    digits = int(np.ceil(-np.log10((high - low).min() / GRID / 4)))
    codes = (low + units / GRID * (high - low)).round(digits)
    assert np.array_equal(to_normalized(plainly, codes), units)


def test_what_a_height_means_is_said(plainly, model):
    about = latent_of(folded(plainly))
    assert about["name"] == "code value"
    assert about["span"] == 8
    assert len(about["low"]) == 5
    assert np.all(np.array(about["low"]) < about["high"])
    assert latent_of(folded(model)) is None


def test_a_recipe_replays_to_the_pixel(plainly, saved, tmp_path):
    units = to_normalized(plainly, np.random.default_rng(0).normal(0, 0.5, (4, 5)))
    made = recipe_of(plainly, "ae", units, [7], kind="grid", sampler="bernoulli", steps=1)
    out = tmp_path / "grid.png"
    recipe_files.write(out, made, decode_rates(plainly, units, [7], sampler="bernoulli", steps=1))
    done = replay(out, [saved])
    assert done.identical
    assert not done.spiking
    assert done.checkpoint == saved
    with torch.no_grad():
        for buffer in (other := rival(CONFIG, 1)).parameters():
            buffer.mul_(1.01)
    assert hash_of(other) != hash_of(plainly)
    checkpoint.save(tmp_path / "other.safetensors", other.state_dict(), checkpoint.Header(name="o", model=CONFIG))
    with pytest.raises(RecipeError, match="not found"):
        replay(out, [tmp_path / "other.safetensors"])


def test_recordings_are_refused(tmp_path, saved):
    assert bundle_of(load_explorable(saved).model)[:8] == b"ESVAEENG"
    config = ModelConfig(image_size=8, channels=(4,), latent_dim=3, time_steps=2, frames=True)
    path = tmp_path / "frames.safetensors"
    checkpoint.save(path, build(config).state_dict(), checkpoint.Header(name="f", model=config))
    with pytest.raises(KindError, match=r"frames\.safetensors: holds a model of recordings of 2 frames"):
        load_explorable(path)
