"""Charts of the Models page: what they hold is what the headers say."""

from __future__ import annotations

import numpy as np
import pytest

from app import catalogue, chart_labels, charts

INK = "#010203"


@pytest.fixture(scope="module")
def entries():
    return catalogue.find([catalogue.SHIPPED])


def test_training_is_the_curve_of_the_header_and_others_of_the_data_set_are_beside_it(entries):
    training = charts.about(entries, "mnist-plus", "#123456", INK)[0]
    curve = catalogue.named("mnist-plus").header.training.curve
    lines = {line.name: line for line in training.figure.data}
    mine = lines["mnist-plus"]
    assert list(mine.y) == [row["validation_mse"] for row in curve]
    assert list(mine.x) == [row["epoch"] for row in curve]
    assert mine.customdata[-1] == ", T = 16"
    assert mine.line.color == "#123456"
    assert list(lines["in training"].y) == [row["mse"] for row in curve]
    assert {"mnist", "annvae-mnist", "fsvae-mnist"} <= set(lines)
    assert not {"fashion-plus", "digits"} & set(lines)
    named = {note.text for note in training.figure.layout.annotations}
    assert "mnist-plus" in named, "its own name is always there"
    assert named <= set(lines) - {"in training"}
    assert f"{curve[-1]['validation_mse']:.3f}" in training.words


def test_error_and_samples_holds_every_model_that_has_both_by_its_own_sampler(entries):
    _, chart = charts.about(entries, "mnist-plus", "#123456", INK)
    (points,) = chart.figure.data
    found = dict(zip(points.customdata, zip(points.x, points.y, strict=True), strict=True))
    for name, sampler in {"mnist": "bernoulli", "mnist-plus": "systematic", "ae-mnist": ""}.items():
        metrics = catalogue.named(name).header.metrics
        error = next(m.value for m in metrics if m.name == "mse" and sampler in m.protocol)
        distance = next(m.value for m in metrics if m.name == "fad")
        assert found[name] == (error, distance)
        assert f"{name}: error {error:.4f}, FAD {distance:.1f}" in chart.words
    colours = dict(zip(points.customdata, points.marker.color, strict=True))
    assert [name for name, colour in colours.items() if colour == "#123456"] == ["mnist-plus"]


def test_what_is_not_there_is_not_drawn(entries):
    assert charts.about(entries, "nobody", "#123456", INK) == []
    assert [chart.title for chart in charts.about(entries, "digits", "#123456", INK)] == ["Training"]


def test_texts_are_in_the_theme_s_ink(entries):
    for chart in charts.about(entries, "mnist-plus", "#123456", INK):
        layout = chart.figure.layout
        for axis in (layout.xaxis, layout.yaxis):
            assert axis.tickfont.color == axis.title.font.color == layout.font.color == INK


def covers(named, width, x, y) -> bool:
    """Whether a figure's name, in a plot of this width, lies over places that have the axes' own numbers."""
    figure, note = named
    low, high = figure.layout.xaxis.range
    down, up = figure.layout.yaxis.range
    point = ((note.x - low) / (high - low), (up - note.y) / (up - down) * charts.PLOT)
    left, top, right, bottom = chart_labels.Place(0, note.ax, note.ay).box(point, note.text, width)
    at, deep = (x - low) / (high - low) * width, (up - y) / (up - down) * charts.PLOT
    return bool(((at > left) & (at < right) & (deep > top) & (deep < bottom)).any())


@pytest.mark.parametrize("name", ["mnist-taught", "mnist-plus", "mnist-poisson", "annvae-mnist"])
def test_no_name_lies_on_a_curve_or_a_dot(entries, name):
    """On a phone and in a wide window."""
    training, error = charts.about(entries, name, "#123456", INK)
    (dots,) = error.figure.data
    for width in (290, 600):
        for note in training.figure.layout.annotations:
            for line in training.figure.data:
                x = np.linspace(line.x[0], line.x[-1], 2000)
                y = np.interp(x, line.x, np.log10(line.y))
                assert not covers((training.figure, note), width, x, y), (note.text, line.name)
        for note in error.figure.layout.annotations:
            assert not covers((error.figure, note), width, np.log10(dots.x), np.log10(dots.y)), note.text
    for chart, names in (
        (training, {line.name for line in training.figure.data} - {"in training"}),
        (error, set(dots.customdata)),
    ):
        shown = {note.text for note in chart.figure.layout.annotations}
        assert name in shown
        assert all(each in chart.words for each in names - shown), "who has no name there is named below"
        assert len(names - shown) <= 3


def test_names_lie_over_no_other_name_and_no_point():
    dots = [(0.17, 50.0), (0.21, 60.0), (0.5, 50.0), (0.54, 60.0), (0.57, 44.0), (0.98, 50.0)]
    texts = ["first", "second", "third", "fourth", "fifth", "at the edge"]
    widths = (300.0, 700.0)
    found = chart_labels.places([[dot] for dot in dots], texts, [], dots, widths, 240)
    assert all(found)
    assert found[-1].across < 0, "it would leave the plot to the right"
    for width in widths:
        boxes = [place.box(dot, text, width) for place, dot, text in zip(found, dots, texts, strict=True)]
        for i, one in enumerate(boxes):
            assert not any(chart_labels._over(one, other) for other in boxes[:i])
    crowded = chart_labels.places([[(0.5, 20.0)]] * 40, ["a long name"] * 40, [], [(0.5, 20.0)], widths, 60)
    assert crowded[0] is not None
    assert None in crowded, "for whom there is no room is named by the pointer alone"


def test_names_are_beside_curves_not_on_them():
    curve = [(0.1 * k, 100.0 + 10 * (k % 2)) for k in range(11)]
    (place,) = chart_labels.places([curve], ["a curve"], [curve], [], (300.0,), 240)
    left, top, right, bottom = place.box(curve[place.point], "a curve", 300)
    assert 0 <= left < right <= 300
    assert bottom < 100 or top > 110
    hostile = [(0.0, 10.0), (float("nan"), 20.0), (1.0, float("inf"))]
    assert len(chart_labels.places([hostile], ["name"], [hostile], [], (300.0,), 240)) == 1
