"""What a control does to latents, and the file that keeps it."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from esvae_core.checkpoint import Header, load, save, weights_hash
from esvae_core.controls.directions import (
    KNOTS,
    Control,
    Controls,
    Evidence,
    Field,
    Response,
    by_hand,
    straight,
    to_coordinates,
)
from esvae_core.controls.file import beside, read_controls, write_controls
from esvae_core.errors import CorruptDataError, InputError

DIMS = 6


def field(rng, rank):
    """A field of random numbers that a file holds exactly."""
    sides = (rng.normal(0, 0.3, shape).astype(np.float16) for shape in ((DIMS, rank), (rank, DIMS)))
    shift = rng.normal(0, 0.1, DIMS).astype(np.float32)
    return Field(*(part.astype(np.float64) for part in (shift, *sides)))


def made(name="thickness", coordinates="plain", rank=2, seed=0, two_sides=False, **more):
    rng = np.random.default_rng(seed)
    exact = {"middle": rng.random(DIMS).astype(np.float32).astype(np.float64), "gain": 2 * np.array(KNOTS)}
    exact["up"] = more.pop("field", None) or field(rng, rank)
    exact["down"] = field(rng, rank + 1) if two_sides else exact["up"]
    response = Response(1.0, 0.9, 0.3, "width", -0.2, 0.95, 1.1)
    words = {
        "name": name,
        "source": "attribute",
        "attribute": name,
        "unit": "px",
        "size": 0.7,
        "steerable": True,
        "why": "",
        "reach": (-2.0, 2.5),
        "evidence": (Evidence("validation", 50, 0.8, None, (response,)),),
        "coordinates": coordinates,
    }
    return Control(**words | exact | more)


def test_a_straight_control_moves_by_its_gain():
    control = made(field=straight(np.full(DIMS, 0.05)))
    start = np.full((3, DIMS), 0.5, np.float32)
    assert np.allclose(control.apply(start, 1.0), 0.6)
    assert np.allclose(control.apply(start, -0.25), 0.475)
    assert np.allclose(control.apply(start, 100.0), 0.8)  # as 3
    assert control.apply(start, 1.0).dtype == np.float32


def test_a_field_depends_on_where_it_starts():
    """Four steps by hand, to either side along the field of that side."""
    control = made(two_sides=True)
    place = np.random.default_rng(1).random((5, DIMS))
    for amount, (shift, left, right) in ((1.5, control.up), (-1.5, control.down)):
        moved = place
        for _ in range(4):
            step = shift + (moved - control.middle) @ (left @ right)
            moved = np.clip(moved + 2 * amount / 4 * step, 0, 1)
        assert np.allclose(control.apply(place, amount), moved)
        assert not np.allclose(moved - place, (moved - place)[0])
    assert np.allclose(control.step, (control.up.shift + control.down.shift) / 2)
    assert not np.allclose(control.up.shift, control.down.shift)


def test_arcsine_coordinates():
    control = made(coordinates="arcsine", field=straight(np.full(DIMS, 0.1)))
    rates = np.array([[0, 0.1, 0.25, 0.5, 0.9, 1.0]])
    expected = np.sin(np.minimum(np.arcsin(np.sqrt(rates)) + 0.2, np.pi / 2)) ** 2
    assert np.allclose(control.apply(rates, 1.0), expected)
    assert control.apply(rates, 3.0).max() <= 1
    assert control.apply(rates, -3.0).min() >= 0


@pytest.mark.parametrize("coordinates", ["plain", "arcsine"])
def test_nothing_asked_changes_nothing(coordinates):
    rates = np.random.default_rng(0).random((4, DIMS)).astype(np.float32)
    moved = made(coordinates=coordinates).apply(rates, 0.0)
    assert np.array_equal(moved, rates)
    assert moved is not rates


def test_tensors_stay_tensors():
    rates = torch.rand(4, DIMS, generator=torch.Generator().manual_seed(0))
    moved = made().apply(rates, 1.0)
    assert isinstance(moved, torch.Tensor)
    assert moved.dtype == rates.dtype
    assert np.allclose(moved.numpy(), made().apply(rates.numpy(), 1.0))
    assert made().apply(rates[0], 1.0).shape == (DIMS,)


@pytest.mark.parametrize(
    ("heights", "amount", "words"),
    [
        (np.full((2, DIMS + 1), 0.5), 1.0, "expected heights of shape"),
        (np.full((1, 1, DIMS), 0.5), 1.0, "expected heights of shape"),
        (np.full((2, DIMS), 1.5), 1.0, "in [0, 1]"),
        (np.full((2, DIMS), np.nan), 1.0, "in [0, 1]"),
        (np.full((2, DIMS), 0.5), np.nan, "finite amount"),
        (np.full((2, DIMS), 0.5), np.inf, "finite amount"),
    ],
)
def test_what_cannot_be_moved(heights, amount, words):
    with pytest.raises(InputError) as caught:
        made().apply(heights, amount)
    assert words in str(caught.value)


def test_a_control_by_hand_goes_from_one_mean_to_the_other():
    rng = np.random.default_rng(0)
    toward, away = rng.random((7, DIMS)) / 4 + 0.5, rng.random((5, DIMS)) / 4 + 0.25
    control = by_hand("mine", toward, away)
    start, end = (to_coordinates(part, "arcsine").mean(0) for part in (away, toward))
    assert np.allclose(control.apply(np.sin(start) ** 2, 1.0), np.sin(end) ** 2)
    two = by_hand("two pictures", toward[:1], away[:1], "plain")
    assert np.allclose(two.apply(away[:1], 1.0), toward[:1])
    with pytest.raises(InputError, match="expected heights"):
        by_hand("mine", toward, away[:, :3])
    with pytest.raises(InputError, match="expected heights"):
        by_hand("mine", toward[:0], away)
    with pytest.raises(InputError, match="in \\[0, 1\\]"):
        by_hand("mine", toward * 3, away)


def test_unknown_names_list_the_known():
    with pytest.raises(InputError, match=r"m\.safetensors: no control 'hue'; there are thickness, slant"):
        Controls((made(), made("slant")), "m.safetensors")["hue"]
    with pytest.raises(InputError, match="esvae controls"):
        Controls()["hue"]
    assert "hue" not in Controls((made(),))


# ---- the file --------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path):
    checkpoint = tmp_path / "m.safetensors"
    lost = made("slant", rank=1, seed=1, evidence=(), steerable=False, why="cannot be read")
    controls = made(), lost, made("width", two_sides=True, seed=2), made("height", two_sides=True, rank=0, seed=3)
    where = {"dataset": "digits", "dataset_sha256": "", "checkpoint_sha256": "abc"}
    write_controls(beside(checkpoint), controls, **where)
    return checkpoint, controls


def test_a_file_brings_everything_back(written):
    checkpoint, controls = written
    found = read_controls(checkpoint, "abc", DIMS)
    assert list(found) == ["thickness", "slant", "width", "height"]
    assert [control.two_sides for control in found.values()] == [False, False, True, True]
    rates = np.random.default_rng(3).random((4, DIMS))
    for before in controls:
        after = found[before.name]
        for each in dataclasses.fields(Control):
            if each.name not in ("middle", "up", "down", "gain"):
                assert getattr(after, each.name) == getattr(before, each.name), each.name
        other = dataclasses.replace(before, middle=after.middle)  # one for all controls of a file
        for amount in (1.3, -1.3):
            assert np.allclose(after.apply(rates, amount), other.apply(rates, amount), atol=1e-6)


def test_no_file_is_no_controls(tmp_path):
    assert len(read_controls(tmp_path / "m.safetensors", "abc", DIMS)) == 0


def test_other_weights_are_refused(written):
    with pytest.raises(CorruptDataError, match="belongs to other weights"):
        read_controls(written[0], "abd", DIMS)
    with pytest.raises(CorruptDataError, match="middle: expected"):
        read_controls(written[0], "abc", DIMS + 1)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 and no more"])
def test_other_files_are_refused(written, content):
    beside(written[0]).write_bytes(content)
    with pytest.raises(CorruptDataError, match="expected controls written by esvae") as caught:
        read_controls(written[0], "abc", DIMS)
    assert "\n" not in str(caught.value)


def test_a_later_version_is_refused(written):
    _rewritten(beside(written[0]), _with(lambda about, parts: about.update(format_version=4)))
    with pytest.raises(CorruptDataError, match="version 1 to 3, found 4"):
        read_controls(written[0], "abc", DIMS)


def test_a_file_may_not_unpack_to_more_than_controls_need(written, monkeypatch):
    monkeypatch.setattr("esvae_core.npz.most_bytes", lambda _: 1000)
    with pytest.raises(CorruptDataError, match="expected at most 1,000"):
        read_controls(written[0], "abc", DIMS)


def _rewritten(path, change):
    with np.load(path) as file:
        parts = dict(file)
    about, parts = change(json.loads(parts.pop("about").tobytes()), parts)
    np.savez_compressed(path, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **parts)


def _with(change):
    def changed(about, parts):
        text = json.loads(json.dumps(about))
        change(text, parts)
        return text, parts

    return changed


def _put(key, value):
    return _with(lambda about, parts: about["controls"][0].update({key: value}))


def _part(name, value):
    return _with(lambda about, parts: parts.update({name: value}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_put("name", "a\nb"), "name"),
        (_put("name", "a=b"), "name"),
        (_put("name", ""), "name"),
        (_put("name", "slant"), "different names"),
        (_put("size", float("nan")), "size"),
        (_put("reach", [0]), "reach"),
        (_put("source", "guess"), "source"),
        (_put("surprise", 1), "surprise"),
        (_put("evidence", [{"split": "test"}]), "evidence"),
        (_with(lambda about, parts: about.update(controls={})), "controls"),
        (_with(lambda about, parts: about.update(knots=[1, 2])), "knots"),
        (_with(lambda about, parts: about.update(coordinates="polar")), "coordinates"),
        (_with(lambda about, parts: about["controls"].pop()), "gain: expected numbers of shape (3, 11)"),
        (_part("shift", np.zeros((4, DIMS, 1), np.float32)), "shift"),
        (_part("shift", np.zeros((4, DIMS), np.int64)), "shift"),
        (_part("shift", np.full((4, DIMS), np.nan, np.float32)), "shift: expected finite"),
        (_part("gain", np.full((4, len(KNOTS)), np.inf, np.float32)), "gain: expected finite"),
        (_part("left", np.zeros((4, DIMS, 999), np.float16)), "left: expected numbers of shape (4, 6, 64)"),
        (_part("left", np.zeros(3, np.float16)), "left: expected numbers of shape (4, 6, 0)"),
        (_part("shift_down", np.zeros((1, DIMS), np.float32)), "shift_down: expected numbers of shape (2, 6)"),
        (_part("left_down", np.full((2, DIMS, 3), np.nan, np.float16)), "left_down: expected finite"),
        (_with(lambda about, parts: parts.pop("right_down")), "expected middle"),
        (_put("two_sides", True), "shift_down: expected numbers of shape (3, 6)"),
        (_put("two_sides", 7), "two_sides"),
        (_part("more", np.zeros(3, np.float16)), "expected middle"),
        (_with(lambda about, parts: parts.pop("right")), "expected middle"),
    ],
)
def test_parts_that_do_not_fit_are_one_line(written, change, words):
    path = beside(written[0])
    _rewritten(path, change)
    with pytest.raises(CorruptDataError) as caught:
        read_controls(written[0], "abc", DIMS)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_words_that_are_no_table(written):
    _rewritten(beside(written[0]), lambda about, parts: ([1, 2], parts))
    with pytest.raises(CorruptDataError, match="expected controls"):
        read_controls(written[0], "abc", DIMS)


def test_a_checkpoint_brings_its_controls(tiny, tmp_path):
    path = tmp_path / "tiny.safetensors"
    save(path, tiny.state_dict(), Header(name="tiny", model=tiny.config))
    assert len(load(path).controls) == 0
    where = {"dataset": "digits", "dataset_sha256": ""}
    write_controls(beside(path), (made(),), checkpoint_sha256=weights_hash(tiny.state_dict()), **where)
    rates = load(path).model.features(torch.zeros(2, 1, 8, 8))
    assert load(path).controls["thickness"].apply(rates, 1.0).shape == rates.shape
    beside(path).write_bytes(b"rubbish")
    known = load(path)  # the model opens all the same
    with pytest.raises(CorruptDataError, match="expected controls"):
        _ = known.controls
