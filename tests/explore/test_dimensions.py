import numpy as np
import pytest

from esvae_core.errors import InputError
from esvae_core.explore import dimensions as dims
from esvae_core.explore.interpolate import interpolate


def test_usage_by_hand():
    counts = np.array([[0, 4, 0], [0, 4, 4], [0, 4, 2], [0, 4, 2]])
    found = dims.usage(counts, 4)
    assert found.histogram.tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0.25, 0, 0.5, 0, 0.25]]
    assert found.states == ("dead", "saturated", "active")
    assert found.bits.tolist() == [0, 0, 1.5]
    assert found.mean.tolist() == [0, 1, 0.5]
    assert found.deviation[2] == pytest.approx(np.sqrt(0.125))


def test_a_dimension_is_dead_from_ninety_nine_percent_on():
    counts = np.zeros((200, 2), np.uint8)
    counts[:2, 0] = 3
    counts[:3, 1] = 3
    assert dims.usage(counts, 4).states == ("dead", "active")
    assert dims.usage(4 - counts, 4).states == ("saturated", "active")


@pytest.mark.parametrize("counts", [np.zeros((0, 3), int), np.zeros(3, int), np.array([[5]]), np.array([[-1]])])
def test_what_are_no_counts_is_refused(counts):
    with pytest.raises(InputError, match=r"counts: expected shape \(N, d\) of numbers from 0 to 4"):
        dims.usage(counts, 4)


def test_quantiles_pass_as_many_images_each():
    column = np.array([0, 0, 0, 0.25, 1.0])
    assert dims.quantile_values(column, 5).tolist() == [0, 0, 0, 0.25, 1]
    assert dims.quantile_values(column, 2).tolist() == [0, 1]


def test_geodesic_steps_are_those_of_the_interpolation():
    import torch

    path = interpolate(torch.zeros(1), torch.ones(1), 9, "arcsine")[:, 0].numpy()
    assert np.allclose(dims.geodesic_values(9), path, atol=1e-6)
    steps = np.diff(np.arcsin(np.sqrt(dims.geodesic_values(9))))
    assert np.allclose(steps, steps[0])


def test_a_traversal_moves_one_dimension():
    rates = dims.traversal(np.array([0.5, 0.25, 0.75]), 1, np.array([0.0, 1.0]))
    assert rates.tolist() == [[0.5, 0, 0.75], [0.5, 1, 0.75]]
    assert rates.dtype == np.float32
    with pytest.raises(InputError, match="dimension: expected 0 to 2, got 3"):
        dims.traversal(np.zeros(3), 3, np.zeros(2))
    with pytest.raises(InputError, match="expected 2 or more"):
        dims.geodesic_values(1)


def test_sensitivity_is_where_the_picture_changes():
    low = np.full((3, 4, 4, 1), 100, np.uint8)
    high = low.copy()
    high[:, 1, 2] = [[0], [100], [151]]  # -100, 0, +51: mean change -49 / 3
    found = dims.sensitivity(low, high)
    assert found[1, 2] == pytest.approx(49 / 3 / 127.5)
    assert found.sum() == found[1, 2]


def test_contrast_by_hand():
    low = np.array([10, 12], np.uint8).reshape(2, 1, 1, 1, 1)
    high = np.array([20, 23], np.uint8).reshape(2, 1, 1, 1, 1)
    moved, redrawn = dims.contrast(low, high)
    assert moved[0] == pytest.approx((13 + 8) / 2 / 127.5)  # |10 - 23| and |12 - 20|
    assert redrawn[0] == pytest.approx((2 + 3) / 2 / 127.5)


def test_only_what_rises_above_the_noise_is_an_effect():
    rng = np.random.default_rng(0)
    moved, redrawn = [], []
    for _ in range(8):
        noise = rng.normal(128, 20, (2, 4, 3, 16, 16, 1))  # both ends, four draws, three dimensions
        noise[1, :, 1] += 10  # half of the noise, everywhere
        noise[1, :, 2] = noise[0, :, 2]  # frozen: nothing happens at all
        both = dims.contrast(*noise.round().astype(np.uint8))
        moved.append(both[0])
        redrawn.append(both[1])
    found = dims.judged(np.stack(moved), np.stack(redrawn))
    assert found.clear.tolist() == [False, True, False]
    assert found.moved.shape == found.redrawn.shape == (3,)
    assert found.moved[1] > found.redrawn[1]


def test_one_starting_point_or_one_draw_says_nothing():
    with pytest.raises(InputError, match="R >= 2"):
        dims.judged(np.zeros((1, 3)), np.zeros((1, 3)))
    with pytest.raises(InputError, match="K >= 2"):
        dims.contrast(np.zeros((1, 3, 4, 4, 1), np.uint8), np.zeros((1, 3, 4, 4, 1), np.uint8))


RATES = np.array([[0.0, 0.5, 0.1], [0.0, 0.5, 0.3], [1.0, 0.5, 0.1], [1.0, 0.5, 0.3]], np.float32)
LABELS = np.array([0, 0, 2, 2])


def test_means_by_class():
    means = dims.class_means(RATES, LABELS, 3)
    assert np.allclose(means[[0, 2]], [[0, 0.5, 0.2], [1, 0.5, 0.2]])
    assert np.isnan(means[1]).all()


def test_correlation_with_classes():
    found = dims.class_correlation(RATES, LABELS, 3)
    assert np.allclose(found, [[-1, 0, 0], [0, 0, 0], [1, 0, 0]])
    rng = np.random.default_rng(0)
    rates, labels = rng.random((50, 2)), rng.integers(0, 3, 50)
    expected = np.corrcoef(rates[:, 1], labels == 2)[0, 1]
    assert dims.class_correlation(rates, labels, 3)[2, 1] == pytest.approx(expected)


def test_share_that_the_class_explains():
    assert np.allclose(dims.class_share(RATES, LABELS), [1, 0, 0], atol=1e-7)
    mixed = np.array([[0.0], [1.0], [1.0], [2.0]])
    assert dims.class_share(mixed, LABELS)[0] == pytest.approx(0.5)


def test_heights_that_hardly_vary_are_dead():
    rng = np.random.default_rng(0)
    heights = 0.5 + rng.normal(0, 1, (500, 3)) * np.array([1 / 8, 0.11 / 8, 0.09 / 8])
    found = dims.usage_of_normalized(heights, 8)
    assert found.states == ("active", "active", "dead")
    assert found.histogram.shape == (3, 17)
    assert found.histogram.sum(1) == pytest.approx(1)
    assert found.deviation == pytest.approx(heights.std(0))
    assert found.bits[0] > found.bits[2]
