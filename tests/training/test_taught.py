"""What latent neurons are taught, as rates: known factors and measured attributes; batches of pairs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from esvae_core.config import RunConfig
from esvae_core.controls import looks, strokes
from esvae_core.data import load
from esvae_core.data.imageset import ImageSet
from esvae_core.data.sprites import draw
from esvae_core.errors import TrainingError
from esvae_core.loss import factor_error
from esvae_core.training.taught import LEVELS, pairs, taught


def images(factors):
    n = len(factors)
    zeros = np.zeros(n, np.int64)
    names = tuple("abcdefg"[: factors.shape[1]])
    blank = np.zeros((n, 1, 8, 8), np.uint8)
    return ImageSet(blank, zeros, ("one",), "made", "train", "", zeros, factors=factors, factor_names=names)


def run(latent_dim=8, *, data=None, **train):
    settings = {"name": "made", "model": {"latent_dim": latent_dim}, "data": data or {}}
    return RunConfig.model_validate(settings | {"train": {"factor_weight": 1.0} | train})


@pytest.fixture(scope="module")
def digits():
    return load("digits", "train", image_size=32, channels=1)


def test_each_factor_goes_from_none_to_all_by_itself():
    found = taught(run(3), images(np.array([[10.0, -1.0, 0], [20.0, 0.0, 3], [12.5, 1.0, 1]])))
    np.testing.assert_allclose(found.rates, [[0, 0, 0], [1, 0.5, 1], [0.25, 1, 1 / 3]], rtol=1e-6)
    assert found.rates.dtype == torch.float32
    assert found.levels()[0] == tuple(np.linspace(10, 20, LEVELS))


def test_a_factor_that_never_changes_teaches_silence():
    assert taught(run(2), images(np.full((3, 2), 7.0))).rates.tolist() == [[0, 0]] * 3


def test_nothing_is_taught_without_a_weight():
    assert taught(run(factor_weight=0.0), images(np.zeros((2, 3)))) is None


def test_an_attribute_fires_as_its_quantile(digits):
    found = taught(run(factor_names=("slant", "thickness")), digits)
    assert found.names == ("slant", "thickness")
    measured = strokes.measure(digits.images)[:, [1, 0]]
    ranks = measured.argsort(0).argsort(0) / (len(measured) - 1)
    assert np.abs(found.rates.numpy() - ranks).max() < 0.01
    for level, value in zip(np.linspace(0, 1, LEVELS), found.levels()[0], strict=True):
        assert (measured[:, 0] <= value + 1e-4).mean() == pytest.approx(level, abs=0.01)
    inside = measured.clip(found.scale[0], found.scale[-1])  # the rarest ends are all 0, or all 1
    np.testing.assert_allclose(found.values_of(found.rates.numpy().astype(float)), inside, atol=0.4)


def test_equal_values_fire_at_the_middle_of_their_ranks(digits):
    found = taught(run(factor_names=("holes",)), digits)
    holes = found.values[:, 0]
    for value in np.unique(holes):
        below, equal = (holes < value).mean(), (holes == value).mean()
        assert found.rates[holes == value, 0].numpy() == pytest.approx(below + equal / 2, abs=0.01)


def test_what_is_undefined_teaches_nothing():
    rates = torch.tensor([[0.5, 0.25], [0.0, 1.0]], requires_grad=True)
    error = factor_error(rates, torch.tensor([[float("nan")], [1.0]]))
    error.backward()
    assert error.item() == 0.5
    assert rates.grad.tolist() == [[0.0, 0.0], [-1.0, 0.0]]


@pytest.mark.parametrize(
    ("latent_dim", "train", "line"),
    [
        (2, {}, "factor_weight: expected a latent neuron for each of 3 factors, got model.latent_dim 2"),
        (8, {"factor_pairs": True}, "factor_pairs: images of made cannot be drawn again with other values of a, b, c"),
        (8, {"factor_names": ["slnt"]}, "factor_names: expected some of area, .*texture, a, b, c, got 'slnt'"),
        (8, {"factor_names": ["area"]}, "factor_names: area is undefined for all images of made"),
    ],
)
def test_what_cannot_be_taught_is_refused(latent_dim, train, line):
    with pytest.raises(TrainingError, match=rf"train\.{line}"):
        taught(run(latent_dim, **train), images(np.arange(6.0).reshape(2, 3)))


@pytest.mark.parametrize("name", ["factor_swap", "factor_names", "factor_pairs"])
def test_a_setting_of_teaching_needs_a_weight(name):
    value = {"factor_swap": 0.5, "factor_names": ["slant"], "factor_pairs": True}[name]
    with pytest.raises(ValueError, match=rf"{name} needs a factor_weight above 0"):
        run(factor_weight=0.0, **{name: value})


def test_every_second_image_is_the_one_before_with_other_strokes(digits):
    found = taught(run(factor_names=("thickness", "slant"), factor_pairs=True), digits)
    rows, asked = np.arange(100, 141), np.random.default_rng(0).random((20, 2))
    drawn, rates = pairs(found, digits.images[rows], rows, asked)
    assert np.array_equal(drawn[::2], digits.images[rows[::2]])
    assert torch.equal(rates[::2], found.rates[rows[::2]])
    measured = strokes.measure(drawn[1::2])[:, :2]
    np.testing.assert_allclose(rates[1::2], found.rates_of(measured))
    wanted = found.values_of(asked)
    assert np.abs(measured[:, 1] - wanted[:, 1]).mean() < 3  # degrees; digits of 8 x 8 pixels are blurred
    assert np.corrcoef(measured[:, 0], wanted[:, 0])[0, 1] > 0.9
    overlap = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(drawn[:-1:2], drawn[1::2], strict=True)]
    assert np.median(overlap) > 0.6  # the same digit


def test_sprites_are_drawn_again_as_asked():
    data = load("sprites", "train", image_size=32, channels=1)
    found = taught(run(data={"dataset": "sprites"}, factor_pairs=True), data)
    asked = np.random.default_rng(1).random((4, 5))
    drawn, rates = pairs(found, data.images[:8], np.arange(8), asked)
    np.testing.assert_allclose(rates[1::2, 1:], asked[:, 1:], atol=1e-6)
    values = found.values_of(asked)
    values[:, 0] = values[:, 0].round()  # the kind of shape
    np.testing.assert_allclose(rates[1::2, 0], values[:, 0] / 3, atol=1e-6)
    again = draw(values)
    np.testing.assert_allclose(drawn[1::2, 0] / 255, again, atol=0.5 / 255 + 1e-9)


def test_things_are_stretched_and_lit():
    from esvae_core.training.redraw import redraw_things

    thing = np.zeros((1, 1, 32, 32), np.uint8)
    thing[:, :, 10:20, 12:20] = 100
    (width, height, brightness) = 11.0, 14.0, 0.7
    drawn = redraw_things(thing, np.array([[width, height, brightness]]))
    named = dict(zip(looks.SHAPE_NAMES, looks.measure_shapes(drawn)[0], strict=True))
    assert named["width"] == pytest.approx(width, abs=1.5)
    assert named["height"] == pytest.approx(height, abs=1.5)
    assert named["brightness"] == pytest.approx(brightness, abs=0.02)
    np.testing.assert_array_equal(redraw_things(thing, np.full((1, 3), np.nan)), thing)


def test_a_blank_image_stays_as_it_is():
    from esvae_core.training.redraw import redraw_strokes, redraw_things

    for level in (0, 255):
        blank = np.full((1, 1, 32, 32), level, np.uint8)
        assert np.array_equal(redraw_strokes(blank, np.array([[3.0, 10.0, 12.0]])), blank)
    blank = np.zeros((1, 1, 32, 32), np.uint8)
    assert np.array_equal(redraw_things(blank, np.array([[3.0, 10.0, 0.5]])), blank)
