"""Charts of the Models page: what they hold is what the headers say."""

from __future__ import annotations

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
    labels = {line.text[-1] for name, line in lines.items() if name != "in training"}
    assert "mnist-plus" in labels, "its own name is always there"
    assert labels <= {"", *lines}
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


def test_names_lie_over_no_other_name_and_no_point():
    points = [(50.0, 50.0), (62.0, 60.0), (150.0, 50.0), (162.0, 60.0), (170.0, 44.0), (295.0, 50.0)]
    texts = ["first", "second", "third", "fourth", "fifth", "at the edge"]
    found = chart_labels.sides(points, texts, (300, 240))
    assert found[0] is not None, "who comes first has first choice"
    assert found[-1] == "top left", "it would leave the plot to the right"
    boxes = [chart_labels._box(*at, text, side) for at, text, side in zip(points, texts, found, strict=True) if side]
    assert len(boxes) > 3
    for i, one in enumerate(boxes):
        assert not any(chart_labels._over(one, other) for other in boxes[:i])
    crowded = chart_labels.sides([(100.0, 100.0)] * 6, ["a name"] * 6, (300, 240))
    assert crowded == ["top left", *[None] * 5], "points that cover each other are named by the pointer alone"
