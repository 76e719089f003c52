"""Charts of the Models page: what they hold is what the headers say."""

from __future__ import annotations

import pytest

from app import catalogue, charts


@pytest.fixture(scope="module")
def entries():
    return catalogue.find([catalogue.SHIPPED])


def test_training_is_the_curve_of_the_header_and_others_of_the_data_set_are_beside_it(entries):
    training = charts.about(entries, "mnist-plus", "#123456")[0]
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
    assert all(line.text[-1] == name for name, line in lines.items() if name != "in training")
    assert f"{curve[-1]['validation_mse']:.3f}" in training.words


def test_error_and_samples_holds_every_model_that_has_both_by_its_own_sampler(entries):
    _, chart = charts.about(entries, "mnist-plus", "#123456")
    (points,) = chart.figure.data
    found = dict(zip(points.text, zip(points.x, points.y, strict=True), strict=True))
    for name, sampler in {"mnist": "bernoulli", "mnist-plus": "systematic", "ae-mnist": ""}.items():
        metrics = catalogue.named(name).header.metrics
        error = next(m.value for m in metrics if m.name == "mse" and sampler in m.protocol)
        distance = next(m.value for m in metrics if m.name == "fad")
        assert found[name] == (error, distance)
        assert f"{name}: error {error:.4f}, FAD {distance:.1f}" in chart.words
    colours = dict(zip(points.text, points.marker.color, strict=True))
    assert [name for name, colour in colours.items() if colour == "#123456"] == ["mnist-plus"]


def test_what_is_not_there_is_not_drawn(entries):
    assert charts.about(entries, "nobody", "#123456") == []
    assert [chart.title for chart in charts.about(entries, "digits", "#123456")] == ["Training"]
