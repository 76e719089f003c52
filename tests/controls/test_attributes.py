"""Attributes of drawn shapes whose values are known."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from esvae_core.controls.attributes import COLOURS, SHAPES, STROKES, family_of, table_of, words_of
from esvae_core.controls.measured import Attribute
from esvae_core.data import ImageSet, load

SMOOTH = 8  # shapes are drawn so many times larger, and averaged


def drawn(*strokes, size=32, width=3.0):
    """(1, 1, size, size): white strokes, each a list of points (x, y) in pixels, of that width on black."""
    image = Image.new("L", (size * SMOOTH, size * SMOOTH))
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [(x * SMOOTH, y * SMOOTH) for x, y in stroke]
        pen.line(points, fill=255, width=round(width * SMOOTH), joint="curve")
    pixels = np.asarray(image, np.float64).reshape(size, SMOOTH, size, SMOOTH).mean((1, 3))
    return np.rint(pixels).astype(np.uint8)[None, None]


def read(family, image, name):
    names = [attribute.name for attribute in family.attributes]
    return float(family.measure(image)[0, names.index(name)])


def upright(width):
    return drawn([(16, 5), (16, 27)], width=width)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_a_straight_stroke(width):
    image = upright(width)
    assert read(STROKES, image, "thickness") == pytest.approx(width, abs=0.3)
    assert read(STROKES, image, "width") == pytest.approx(width, abs=0.4)
    assert read(STROKES, image, "height") == pytest.approx(22, abs=1)
    assert read(STROKES, image, "length") == pytest.approx(22 - width, abs=1.5)  # a skeleton ends inside
    assert read(STROKES, image, "area") == pytest.approx(22 * width, rel=0.03)
    assert read(STROKES, image, "slant") == pytest.approx(0, abs=0.1)
    assert read(STROKES, image, "holes") == 0


@pytest.mark.parametrize("degrees", [-30, -10, 20, 40])
def test_slant_is_positive_to_the_right(degrees):
    lean = 9 * np.tan(np.radians(degrees))
    image = drawn([(16 + lean, 7), (16 - lean, 25)])
    assert read(STROKES, image, "slant") == pytest.approx(degrees, abs=1.5)
    # the box leans alike, so that it is as narrow as the stroke is across
    assert read(STROKES, image, "width") == pytest.approx(3 / np.cos(np.radians(degrees)), abs=1)


def test_a_diagonal_skeleton_is_as_long_as_it_is():
    assert read(STROKES, drawn([(6, 6), (26, 26)]), "length") == pytest.approx(20 * np.sqrt(2), abs=3)


def ring(*centres):
    image = Image.new("L", (256, 256))
    for x, y in centres:
        ImageDraw.Draw(image).ellipse([x - 40, y - 40, x + 40, y + 40], outline=255, width=24)
    return np.asarray(image.resize((32, 32), Image.Resampling.BOX))[None, None]


def test_holes_are_counted():
    assert read(STROKES, ring((128, 128)), "holes") == 1
    assert read(STROKES, ring((128, 88), (128, 160)), "holes") == 2


def test_a_thick_stroke_is_measured_alike_dark_or_light_and_at_any_size():
    assert read(STROKES, upright(3) // 2, "thickness") == pytest.approx(read(STROKES, upright(3), "thickness"), abs=0.1)
    large = drawn([(32, 10), (32, 54)], size=64, width=6)
    assert read(STROKES, large, "thickness") == pytest.approx(6, rel=0.1)  # its skeleton reaches into the corners
    small = drawn([(8, 2), (8, 14)], size=16, width=2)
    assert read(STROKES, small, "thickness") == pytest.approx(2, abs=0.4)


@pytest.mark.parametrize("family", [STROKES, SHAPES])
@pytest.mark.parametrize("level", [0, 255])
def test_an_empty_picture_has_no_attributes(family, level):
    image = np.full((1, 1, 32, 32), level, np.uint8)
    assert np.isnan(family.measure(image)).all()
    assert all(attribute.undefined for attribute in family.attributes)


def test_a_thing_in_gray():
    image = np.zeros((1, 1, 32, 32), np.uint8)
    image[..., 6:26, 10:20] = 102
    assert read(SHAPES, image, "area") == 200
    assert read(SHAPES, image, "width") == pytest.approx(10, abs=0.01)
    assert read(SHAPES, image, "height") == pytest.approx(20, abs=0.01)
    assert read(SHAPES, image, "aspect") == pytest.approx(2)
    assert read(SHAPES, image, "brightness") == pytest.approx(0.4)
    assert read(SHAPES, image, "contrast") == pytest.approx(0, abs=1e-4)
    assert read(SHAPES, image, "texture") == pytest.approx(0, abs=1e-6)
    striped = image.copy()
    striped[..., 6:26:2, 10:20] = 204  # rows in turn: neighbours across are alike, those below differ by .4
    assert read(SHAPES, striped, "brightness") == pytest.approx(0.6)
    assert read(SHAPES, striped, "contrast") == pytest.approx(0.2)
    assert read(SHAPES, striped, "texture") == pytest.approx(0.4 * 190 / (190 + 180))


def test_symmetry_compares_left_and_right():
    image = np.zeros((1, 1, 32, 32), np.uint8)
    image[..., 8:24, 8:24] = 200
    assert read(SHAPES, image, "symmetry") == pytest.approx(1)
    image[..., 8:24, 16:24] = 100
    assert read(SHAPES, image, "symmetry") == pytest.approx(1 - 100 / 300)
    image[..., 16:] = 0
    assert read(SHAPES, image, "symmetry") == pytest.approx(0)


@pytest.mark.parametrize(
    ("colour", "hue"),
    [((255, 0, 0), 0), ((0, 255, 0), 120), ((0, 0, 255), 240), ((255, 255, 0), 60), ((255, 0, 255), 300)],
)
def test_hue_goes_around(colour, hue):
    image = np.broadcast_to(np.array(colour, np.uint8)[None, :, None, None], (1, 3, 32, 32))
    assert (read(COLOURS, image, "hue") - hue + 180) % 360 - 180 == pytest.approx(0, abs=0.01)
    assert read(COLOURS, image, "saturation") == pytest.approx(1)


def test_a_colour_picture():
    image = np.full((1, 3, 32, 32), 255, np.uint8)
    assert np.isnan(read(COLOURS, image, "hue"))
    assert read(COLOURS, image, "brightness") == pytest.approx(1)
    assert read(COLOURS, image, "saturation") == 0
    image[..., 8:24, 8:24] = 0
    assert read(COLOURS, image, "brightness") == pytest.approx(0.75)
    assert read(COLOURS, image, "contrast") == pytest.approx(np.sqrt(0.25 * 0.75))
    assert read(COLOURS, image, "foreground") == pytest.approx(0.25)
    assert read(COLOURS, image, "edge density") == pytest.approx(4 * 16 / 31**2, rel=0.1)
    assert read(COLOURS, image[:, :1], "brightness") == pytest.approx(0.75)


def test_which_attributes_a_data_set_has():
    assert family_of("digits", 1) is family_of("mnist", 1) is STROKES
    assert family_of("fashion_mnist", 1) is family_of("folder:scans", 1) is SHAPES
    assert family_of("cifar10", 3) is family_of("emoji:all", 3) is COLOURS
    assert family_of("sprites-rgb", 3) is None


def test_the_table_of_digits():
    data = load("digits", "test", image_size=16)
    table = table_of(data)
    assert [attribute.name for attribute in table.attributes] == [*(a.name for a in STROKES.attributes), "class"]
    assert table.values.shape == (300, 8)
    assert np.array_equal(table.column("class"), data.labels)
    holes = [table.column("holes")[data.labels == digit].mean() for digit in (0, 1)]
    assert holes[0] > 0.6  # of 8 x 8 pixels, many are open
    assert holes[1] < 0.1
    with pytest.raises(KeyError):
        table.column("hue")


def test_sprites_have_what_they_were_made_from():
    data = load("sprites-rgb", "test").take(np.arange(50), "test")
    table = table_of(data)
    assert [attribute.name for attribute in table.attributes] == ["scale", "orientation", "x", "y", "hue", "class"]
    assert np.array_equal(table.values[:, :5], data.factors[:, 1:])
    kinds = {attribute.name: attribute.kind for attribute in table.attributes}
    assert kinds["hue"] == kinds["orientation"] == "circular"
    assert kinds["class"] == "category"


def test_columns_that_came_with_the_images():
    columns = {"age": np.array([1.0, np.nan, 3.0]), "mood": np.array(["glad", "", "sad"]), "area": np.zeros(3)}
    images = np.zeros((3, 1, 8, 8), np.uint8)
    data = ImageSet(images, np.zeros(3, np.int64), ("x",), "folder:x", "test", "", np.arange(3), columns=columns)
    table = table_of(data)
    known = {attribute.name: attribute for attribute in table.attributes}
    assert list(known)[-3:] == ["age", "mood", "given area"]
    assert known["mood"].kind == "category"
    assert known["mood"].categories == ("glad", "sad")
    assert known["age"].undefined
    assert known["mood"].undefined
    assert not known["given area"].undefined
    assert words_of(known["mood"], table.column("mood")) == ["glad", None, "sad"]
    assert np.array_equal(data.take(np.array([2]), "test").columns["mood"], ["sad"])


def test_every_attribute_says_how_it_is_measured():
    for family in (STROKES, SHAPES, COLOURS):
        names = [attribute.name for attribute in family.attributes]
        assert len(set(names)) == len(names)
        for attribute in family.attributes:
            assert isinstance(attribute, Attribute)
            assert attribute.how
            assert set(attribute.parts) <= set(names)
