"""Correlations of attributes with latents, values of an atlas' images, and their place in the file of controls."""

import dataclasses
import json
import sys

import numpy as np
import pytest

from esvae_core.cli import main
from esvae_core.controls.attributes import AttributeTable
from esvae_core.controls.correlation import correlations
from esvae_core.controls.directions import Field
from esvae_core.controls.file import beside, read_controls, write_controls
from esvae_core.controls.measured import Attribute, Measured
from esvae_core.errors import CorruptDataError

from .test_directions import DIMS, made

WHERE = {"dataset": "digits", "dataset_sha256": "d", "checkpoint_sha256": "abc"}


def attribute(name, kind="number", **more):
    return Attribute(name, "px" if kind == "number" else "", kind, "as told", **more)


def test_one_regressor_gives_pearsons_correlation_with_its_sign():
    rng = np.random.default_rng(0)
    numbers, words = rng.normal(size=200), rng.integers(0, 2, 200).astype(np.float64)
    heights = np.stack([numbers + rng.normal(size=200), -words + rng.normal(size=200) / 2, np.full(200, 0.5)], axis=1)
    numbers[:20] = np.nan  # undefined there
    table = AttributeTable(
        (attribute("size"), attribute("hat", "category", categories=("no", "yes"))), np.stack([numbers, words], axis=1)
    )
    found = correlations(heights, table)
    assert found[0, 0] == pytest.approx(np.corrcoef(numbers[20:], heights[20:, 0])[0, 1])
    assert found[1, 1] == pytest.approx(np.corrcoef(words, heights[:, 1])[0, 1])
    assert found[1, 1] < -0.5
    assert np.array_equal(found[:, 2], [0, 0]), "what never changes goes with nothing"


def test_angles_and_several_words_give_a_multiple_correlation():
    rng = np.random.default_rng(1)
    angle, words = rng.uniform(0, 180, 500), rng.integers(0, 3, 500)
    turned = np.cos(2 * np.pi * angle / 180 + 1)
    means = np.array([0.1, 0.9, 0.2])[words] + rng.normal(0, 0.1, 500)
    table = AttributeTable(
        (attribute("tilt", "circular", period=180.0), attribute("kind", "category", categories=("a", "b", "c"))),
        np.stack([angle, words.astype(np.float64)], axis=1),
    )
    found = correlations(np.stack([turned, means], axis=1), table)
    assert found[0, 0] == pytest.approx(1)
    between = sum((words == k).mean() * (means[words == k].mean() - means.mean()) ** 2 for k in range(3))
    assert found[1, 1] == pytest.approx(np.sqrt(between) / means.std()), "the correlation ratio"
    assert 0 <= found[0, 1] < 0.2


@pytest.fixture
def table():
    rng = np.random.default_rng(2)
    values = np.stack([rng.normal(1e5, 40, 30), rng.uniform(0, 180, 30), rng.integers(0, 3, 30)], axis=1)
    values[3, 0] = values[4, 2] = np.nan
    attributes = (
        attribute("income", parts=("a", "b"), from_pixels=False),
        attribute("tilt", "circular", period=180.0, undefined="round ones"),
        attribute("kind", "category", categories=("a", "b", "c")),
    )
    return Measured(attributes, rng.uniform(-1, 1, (3, DIMS)), 777, rng.permutation(5000)[:30], values)


@pytest.fixture
def checkpoint(tmp_path, table):
    path = tmp_path / "m.safetensors"
    write_controls(beside(path), (made(),), measured=table, **WHERE)
    return path


def test_a_file_brings_the_table_back(checkpoint, table):
    controls = read_controls(checkpoint, "abc", DIMS)
    found = controls.measured
    assert (controls.dataset, controls.dataset_sha256) == ("digits", "d")
    assert found.attributes == table.attributes
    assert found.train_images == 777
    assert np.array_equal(found.images, table.images)
    assert np.abs(found.correlation - table.correlation).max() < 1e-3
    span = np.nanmax(table.values, 0) - np.nanmin(table.values, 0)
    assert np.array_equal(np.isnan(found.values), np.isnan(table.values))
    assert np.nanmax(np.abs(found.values - table.values) / span) < 1e-4
    assert np.array_equal(found.values[:, 2], table.values[:, 2], equal_nan=True)


def test_without_a_table_the_file_is_one_that_earlier_versions_read(tmp_path):
    path = tmp_path / "m.safetensors"
    write_controls(beside(path), (made(),), **WHERE)
    with np.load(beside(path)) as file:
        assert json.loads(file["about"].tobytes())["format_version"] == 1
    assert read_controls(path, "abc", DIMS).measured is None


def _about(change):
    def changed(parts):
        about = json.loads(parts["about"].tobytes())
        change(about["measured"])
        parts["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)

    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda parts: parts.pop("values"), "expected middle"),
        (lambda parts: parts.update(values=parts["values"][:5]), "values: expected"),
        (lambda parts: parts.update(values=parts["values"].astype(np.uint8)), "values: expected uint16"),
        (lambda parts: parts.update(images=parts["images"].astype(np.float32)), "images: expected"),
        (lambda parts: parts.update(images=parts["images"].astype(np.uint64)), "images: found uint64"),
        (lambda parts: parts.update(correlation=parts["correlation"] * 3), "correlation: expected"),
        (lambda parts: parts.update(correlation=parts["correlation"] * np.nan), "correlation: expected"),
        (_about(lambda measured: measured["attributes"].pop()), "correlation"),
        (_about(lambda measured: measured.update(attributes=[])), "attributes"),
        (_about(lambda measured: measured["attributes"][0].update(name="tilt")), "different names"),
        (_about(lambda measured: measured["attributes"][0].update(low=1e6)), "income: expected a range"),
        (_about(lambda measured: measured["attributes"][0].update(high=1e300)), "income: expected a range"),
        (_about(lambda measured: measured["attributes"][1].update(period=0)), "tilt: expected a range"),
        (_about(lambda measured: measured["attributes"][2].update(high=7)), "kind: expected a range"),
        (_about(lambda measured: measured["attributes"][2].update(kind="colour")), "kind"),
        (_about(lambda measured: measured.update(train_images=-1)), "train_images"),
    ],
)
def test_tables_that_do_not_fit_are_one_line(checkpoint, change, words):
    path = beside(checkpoint)
    with np.load(path) as file:
        parts = dict(file)
    change(parts)
    np.savez_compressed(path, **parts)
    with pytest.raises(CorruptDataError) as caught:
        read_controls(checkpoint, "abc", DIMS)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def digits(tmp_path):
    """A small checkpoint of digits with an atlas of 30 images."""
    from esvae_core.data import load as load_data
    from esvae_core.explore import atlas
    from tests.app.made import shelve, small_model

    model = small_model(latent_dim=DIMS)
    path = shelve(tmp_path, "small", model, with_atlas=False)
    test = load_data("digits", "test", image_size=16, channels=1)
    atlas.save(atlas.beside(path), atlas.build(model, test, 30))
    return path


@pytest.fixture
def ran(monkeypatch):
    """Run the command in this process; its exit code."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["esvae", *words])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code or 0

    return run


def test_measuring_leaves_the_controls_as_they_are(digits, ran, capsys):
    from esvae_core.checkpoint import load, weights_hash
    from esvae_core.controls.attributes import table_of
    from esvae_core.data import load as load_data
    from esvae_core.explore import atlas

    command = ["controls", str(digits), "--measure", "--dataset", "digits"]
    assert ran(*command) == 2
    assert "no controls beside it" in capsys.readouterr().err
    train = load_data("digits", "train", image_size=16, channels=1)
    weights = weights_hash(load(digits).model.state_dict())
    where = {"dataset": train.name, "dataset_sha256": train.sha256, "checkpoint_sha256": weights}
    write_controls(beside(digits), (made(), made("slant", rank=1, seed=1)), **where)
    before = load(digits).controls
    assert ran(*command) == 0
    after = load(digits).controls
    assert list(after) == list(before)
    for name in after:
        for field in dataclasses.fields(after[name]):
            now, then = (getattr(control, field.name) for control in (after[name], before[name]))
            parts = zip(now, then, strict=True) if isinstance(now, Field) else [(now, then)]
            assert all(np.array_equal(a, b) for a, b in parts), field.name
    found = after.measured
    assert sorted(found.images) == sorted(atlas.load(atlas.beside(digits)).indices)
    test = load_data("digits", "test", image_size=16, channels=1)
    expected = table_of(test.take(found.images, "test")).column("slant")
    column = [each.name for each in found.attributes].index("slant")
    assert np.allclose(found.values[:, column], expected, atol=0.01, equal_nan=True)
    heights = load(digits).model.features(train.tensor()).numpy()
    lively = heights.std(0) > 0
    slant = table_of(train).column("slant")
    pearson = [np.corrcoef(rate, slant)[0, 1] for rate in heights.T[lively]]
    assert lively.any()
    assert np.allclose(found.correlation[column][lively], pearson, atol=2e-3)
    assert not found.correlation[column][~lively].any()
    write_controls(beside(digits), (made(),), **where | {"dataset_sha256": "other"})
    assert ran(*command) == 2
    assert "made with other images" in capsys.readouterr().err
