import numpy as np
import pytest

from esvae_core.data import load, make_sprites
from esvae_core.data.sprites import FACTORS, SHAPES, draw, redrawn


def test_the_first_sprites_of_a_seed_stay_the_same():
    few, many, other = make_sprites(7, 5), make_sprites(700, 5), make_sprites(7, 6)
    assert np.array_equal(few.images, many.images[:7])
    assert np.array_equal(few.factors, many.factors[:7])
    assert not np.array_equal(few.factors, other.factors)


def test_factors_fill_their_ranges():
    factors = make_sprites(4000, 0, colour=True).factors
    low, high = np.array(list(FACTORS.values())).T
    high[0] -= 1
    assert (factors >= low).all()
    assert (factors <= high).all()
    span = factors.max(axis=0) - factors.min(axis=0)
    assert (span > 0.99 * (high - low)).all()


def test_sprites_lie_where_their_factors_say():
    sprites = make_sprites(200, 1)
    cover = sprites.images[:, 0] / 255
    axis = np.arange(32) + 0.5
    mass = cover.sum(axis=(1, 2))
    x = (cover.sum(axis=1) * axis).sum(axis=1) / mass
    y = (cover.sum(axis=2) * axis).sum(axis=1) / mass
    symmetric = sprites.factors[:, 0] < 2  # rectangle and ellipse: the centre of mass is the centre
    assert np.abs(x - sprites.factors[:, 3])[symmetric].max() < 0.1
    assert np.abs(y - sprites.factors[:, 4])[symmetric].max() < 0.1
    assert np.abs(x - sprites.factors[:, 3]).max() < 4
    border = np.concatenate([cover[:, 0], cover[:, -1], cover[:, :, 0], cover[:, :, -1]])
    assert border.max() == 0


@pytest.mark.parametrize(("shape", "area"), [(0, 8 / 5), (1, np.pi / 2), (2, 1.08), (3, (4 + np.pi) * 0.75**2 / 2)])
def test_areas_are_those_of_the_shapes(shape, area):
    factors = np.array([[shape, 9, angle, 16.3, 15.8] for angle in (0, 0.4, 1.2)])
    assert draw(factors).sum(axis=(1, 2)) == pytest.approx(area * 81, rel=0.02)


def test_edges_are_antialiased():
    half_covered = draw(np.array([[0, np.sqrt(5) * 4, 0, 16, 16.5]]))  # a rectangle from x 8 to 24, y 12.5 to 20.5
    assert half_covered[0, 12, 10:20] == pytest.approx(0.5)
    assert half_covered[0, 13:20, 10:20] == pytest.approx(1)
    assert half_covered[0, 20, 10:20] == pytest.approx(0.5)


def test_orientation_turns_counterclockwise():
    (picture,) = draw(np.array([[0, 9, np.pi / 4, 16, 16]]))
    assert picture[11, 20] == 1  # up and right of the centre
    assert picture[11, 11] == 0


def test_a_triangle_points_up_and_a_heart_down():
    triangle, heart = draw(np.array([[2, 9, 0, 16, 16], [3, 9, 0, 16, 16]]))
    assert triangle[9].sum() < triangle[21].sum()
    assert heart[11].sum() > heart[22].sum()


def test_colour_changes_colour_only():
    white, coloured = make_sprites(300, 2), make_sprites(300, 2, colour=True)
    assert coloured.images.shape == (300, 3, 32, 32)
    assert coloured.factor_names == ("shape", "scale", "orientation", "x", "y", "hue")
    assert np.array_equal(coloured.factors[:, :5], white.factors)
    assert np.array_equal(coloured.images.max(axis=1), white.images[:, 0])  # the strongest primary is full
    assert (coloured.images.min(axis=1) == 0).all()  # and the weakest dark: saturated
    red, green, blue = (coloured.images[:, c].max(axis=(1, 2)).astype(int) for c in range(3))
    hue = coloured.factors[:, 5]
    assert (red[(hue < 1 / 6) | (hue > 5 / 6)] == 255).all()
    assert (green[(hue > 1 / 6) & (hue < 3 / 6)] == 255).all()
    assert (blue[(hue > 3 / 6) & (hue < 5 / 6)] == 255).all()


def test_load_gives_factors_with_the_images():
    test, validation = load("sprites", "test"), load("sprites", "validation")
    assert test.images.shape == (2000, 1, 32, 32)
    assert test.class_names == SHAPES
    assert load("sprites-rgb", "test").images.shape == (2000, 3, 32, 32)
    assert np.array_equal(test.labels, test.factors[:, 0])
    source = make_sprites(10_000, 0)
    assert np.array_equal(validation.images, source.images[validation.indices])
    assert np.array_equal(validation.factors, source.factors[validation.indices])


@pytest.mark.parametrize(("name", "size", "channels"), [("sprites", 32, 1), ("sprites-rgb", 16, 3)])
def test_sprites_are_drawn_again_from_other_factors(name, size, channels):
    found = load(name, "test", image_size=size, channels=channels).take(np.arange(5), "test")
    assert np.array_equal(redrawn(found, found.factors).images, found.images)
    turned = found.factors[[1, 2, 3, 4, 0]]
    again = redrawn(found, turned)
    assert np.array_equal(again.images, found.images[[1, 2, 3, 4, 0]])
    assert again.factors is turned


def test_a_factors_share_is_its_place_in_its_range():
    found = load("sprites-rgb", "test", image_size=32, channels=3)
    low, high = np.array(list(FACTORS.values())).T
    high[0] = len(SHAPES) - 1
    shares = found.factor_shares()
    np.testing.assert_allclose(shares, (found.factors - low) / (high - low), atol=2e-3)
    assert (shares.min(0) == 0).all()
    assert (shares.max(0) == 1).all()
    with pytest.raises(ValueError, match="not known"):
        load("digits", "test", image_size=32, channels=1).factor_shares()
