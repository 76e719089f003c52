"""Events of cameras: files in the published forms, folders of them, their frames, and the moving digits made here."""

from __future__ import annotations

import os
import struct

import numpy as np
import pytest
from sklearn.datasets import load_digits

from esvae_core.data import load, moving_digits, verify
from esvae_core.data.event_files import from_nmnist, read_events, to_nmnist
from esvae_core.data.events import Events, frames_of
from esvae_core.errors import CorruptDataError, DataError, MissingDataError

from .made import event_records, made_events

h5py = pytest.importorskip("h5py")


def same(a: Events, b: Events) -> bool:
    return all(np.array_equal(v, w) for v, w in zip(a, b, strict=True))


# ---- files -----------------------------------------------------------------------------------------------------------


def event(x: int, y: int, p: int, t: int) -> bytes:
    """The 40 bits of one event, as N-MNIST's description puts them."""
    return struct.pack(">Q", x << 32 | y << 24 | p << 23 | t)[3:]


def test_forty_bits_are_column_row_polarity_and_microseconds():
    found = from_nmnist(event(3, 33, 1, 0x123456) + event(255, 0, 0, 2**23 - 1))
    assert same(found, Events([3, 255], [33, 0], [1, 0], [0x123456, 2**23 - 1]))


def test_a_row_of_240_moves_the_clock_on_and_is_no_event():
    found = from_nmnist(event(1, 2, 0, 5) + event(0, 240, 0, 0) + event(0, 240, 1, 0) + event(4, 5, 1, 7))
    assert same(found, Events([1, 4], [2, 5], [0, 1], [5, 7 + 2 * 8192]))


def test_what_is_written_is_read_again(tmp_path):
    events = made_events(300)
    (tmp_path / "a.bin").write_bytes(to_nmnist(events))
    assert same(read_events(tmp_path / "a.bin"), events)
    with pytest.raises(ValueError, match="below 240"):
        to_nmnist(events._replace(y=events.y + 220))


def write_npz(path, events):
    np.savez(path, **events._asdict())


def write_records(path, events):
    np.savez_compressed(path, events=event_records(events))


def write_npy(path, events):
    np.save(path, event_records(events))


def write_h5(path, events):
    with h5py.File(path, "w") as file:
        for name, values in events._asdict().items():
            file.create_dataset(name, data=values, compression="gzip")


def write_h5_records(path, events):
    with h5py.File(path, "w") as file:
        file["events"] = event_records(events)


def write_h5_group(path, events):
    with h5py.File(path, "w") as file:
        for name, values in events._asdict().items():
            file[f"events/{name}"] = values


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.npz", write_npz),
        ("b.npz", write_records),
        ("a.npy", write_npy),
        ("a.h5", write_h5),
        ("b.hdf5", write_h5_records),
        ("c.h5", write_h5_group),
    ],
)
def test_arrays_and_structured_arrays_of_events_are_read(name, write, tmp_path):
    events = made_events(50)
    write(tmp_path / name, events)
    assert same(read_events(tmp_path / name), events)


def test_polarities_may_be_signs_and_times_seconds(tmp_path):
    events = made_events(50)
    write_npz(tmp_path / "a.npz", events._replace(p=2 * events.p - 1, t=events.t / 1e6))
    found = read_events(tmp_path / "a.npz")
    assert found.p.tolist() == events.p.tolist()
    assert np.array_equal(frames_of(found, 8, 34, (34, 34)), frames_of(events, 8, 34, (34, 34)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.array([-1, 5, 5])}, "x: expected 0 to 1279, found -1 to 5"),
        ({"y": np.array([5, 1280, 5])}, "y: expected 0 to 1279, found 5 to 1280"),
        ({"p": np.array([0, 1, 2])}, "p: expected 0 and 1, or -1 and 1, found 0 to 2"),
        ({"t": np.array([0, np.nan, 1])}, "t: expected finite times"),
        ({"t": np.array([0, 1])}, r"t: expected 3 numbers, found shape \(2,\) of int64"),
        ({"x": np.array([0.5, 1, 2])}, r"x: expected 3 whole numbers, found shape \(3,\) of float64"),
        (dict.fromkeys("xypt", np.zeros(0, np.int64)), "0 events, expected 1 to 20,000,000"),
    ],
)
def test_arrays_that_are_no_events_are_refused_in_one_line(change, message, tmp_path):
    three = Events(*(np.array([0, 1, 1]) for _ in "xypt"))
    write_npz(tmp_path / "a.npz", three._replace(**change))
    with pytest.raises(CorruptDataError, match=message) as caught:
        read_events(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


def outside(path):
    with h5py.File(path, "w") as file:
        for name in "xyp":
            file[name] = np.zeros(3, int)
        file["t"] = h5py.ExternalLink("other.h5", "t")


def stored_elsewhere(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (3,), np.int64, external=[(str(path.with_name("secret")), 0, 24)])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.bin", bytes(7), "7 bytes, which is no multiple of 5"),
        ("a.bin", b"", "0 events"),
        ("a.npz", b"PK", "not a zip file"),
        ("a.npz", lambda path: np.savez(path, x=np.zeros(3)), "expected arrays x, y, p and t, or one called events"),
        ("a.npz", lambda path: np.savez(path, events=np.zeros(3)), "found none called x"),
        ("a.npy", lambda path: np.save(path, np.zeros((3, 4))), "expected an array with fields x, y, p and t"),
        ("a.npy", lambda path: np.save(path, np.array([{}])), "allow_pickle is off"),
        ("a.npy", b"\x93NUMPY\x01\x00", "expected numbers or text with a type"),
        ("a.h5", b"nothing", "expected a recording of events"),
        ("a.h5", outside, "found no t"),
        ("a.h5", stored_elsewhere, "x: expected an array in the file itself"),
        ("a.bin", os.mkfifo, "not a regular file"),
    ],
)
def test_other_files_are_refused_in_one_line(name, content, message, tmp_path):
    path = tmp_path / name
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    with pytest.raises(CorruptDataError, match=message) as caught:
        read_events(path)
    assert "\n" not in str(caught.value)


# ---- frames ----------------------------------------------------------------------------------------------------------


def test_windows_are_equal_and_channels_are_polarities():
    events = Events(*np.array([[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 1, 1], [100, 149, 150, 300]]))
    frames = frames_of(events, 4, 4, (4, 4))  # windows of 50 from 100 to 300
    assert frames.dtype == np.uint8
    assert np.argwhere(frames).tolist() == [[0, 0, 2, 1], [0, 1, 3, 0], [1, 1, 1, 2], [3, 1, 0, 3]]
    assert set(frames[frames > 0]) == {255}


def test_brightness_follows_the_counts():
    counts = np.repeat([0, 1, 2, 3], [1, 2, 3, 4])  # pixel k has k + 1 events
    events = Events(counts, 0 * counts, 0 * counts, np.linspace(0, 1, 10))
    assert frames_of(events, 1, 4, (4, 4))[0, 0, 0].tolist() == pytest.approx([64, 128, 191, 255], abs=2)


def test_a_larger_sensor_is_averaged_over_its_centre_square():
    x, y = (v.ravel() for v in np.meshgrid(np.arange(12), np.arange(6)))
    everywhere = Events(x, y, 0 * x, np.zeros(72))
    assert (frames_of(everywhere, 1, 3, (6, 12))[0, 0] == 255).all()
    beside = Events(*(v[x < 3] for v in everywhere))
    assert not frames_of(beside, 1, 3, (6, 12)).any()
    one = frames_of(Events(*np.array([[3, 6], [0, 5], [0, 0], [0, 0]])), 1, 4, (6, 12))  # pixels of 1.5
    assert np.argwhere(one).tolist() == [[0, 0, 0, 0], [0, 0, 3, 2]]


# ---- folders ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def nmnist(tmp_path):
    """A small folder in N-MNIST's layout: 2 digits, 3 recordings for training and one for the test of each."""
    for part, count in (("Train", 3), ("Test", 1)):
        for digit in range(2):
            folder = tmp_path / "NMNIST" / part / str(digit)
            folder.mkdir(parents=True)
            for k in range(count):
                (folder / f"{k:05}.bin").write_bytes(to_nmnist(made_events(400, seed=10 * digit + k)))
    return tmp_path / "NMNIST"


def test_nmnists_folders_are_its_splits_and_classes(nmnist):
    sets = {s: load(f"events:{nmnist}", s, image_size=32, frames=5, validation_fraction=1 / 3) for s in SPLITS}
    assert [len(sets[s]) for s in SPLITS] == [4, 2, 2]
    for found in sets.values():
        assert found.images.shape[1:] == (5, 2, 32, 32)
        assert (found.name, found.class_names) == ("events:NMNIST", ("0", "1"))
    assert sets["test"].labels.tolist() == [0, 1]
    expected = frames_of(made_events(400, seed=10), 5, 32, (34, 34))
    assert np.array_equal(sets["test"].images[1], expected)
    assert sets["test"].tensor().shape == (2, 5, 2, 32, 32)
    assert (float(sets["test"].tensor().min()), float(sets["test"].tensor().max())) == (-1, 1)


SPLITS = ("train", "validation", "test")


def test_bad_recordings_are_left_out_and_said(nmnist, caplog):
    (nmnist / "Train" / "0" / "00000.bin").write_bytes(b"bad")
    (nmnist / "Train" / "0" / "notes.txt").write_text("no recording")
    found = load(f"events:{nmnist}", "train", frames=2)
    assert found.skipped == (
        "Train/0/00000.bin: expected a recording of events: 3 bytes, which is no multiple of 5",
        "Train/0/notes.txt: expected a file of events (.bin, .npz, .npy, .h5, .hdf5)",
    )
    assert "2 files skipped: Train/0/00000.bin" in caplog.text


def test_other_folders_are_classes_of_which_a_sixth_is_the_test(tmp_path):
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        for k in range(6):
            write_npz(tmp_path / name / f"{k}.npz", made_events(20, seed=k))
    found = load(f"events:{tmp_path}", "test", image_size=16, frames=3)
    assert (len(found), found.class_names, sorted(found.labels)) == (2, ("left", "right"), [0, 1])


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("events:nowhere", {}, MissingDataError, "events:nowhere: no such folder"),
        ("events:.", {}, DataError, r"expected files of events \(.bin, .npz, .npy, .h5, .hdf5\), found none"),
        ("moving_digits", {"channels": 1}, DataError, "frames have 2 channels, not 1"),
        ("moving_digits", {"frames": 1000}, DataError, "frames 1000: expected 1 to 256"),
        ("digits", {"frames": 4}, DataError, "holds pictures; frames are made of event recordings: moving_digits, ev"),
        ("digits", {"channels": 2}, DataError, "channels 2: expected 1 or 3"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_line(name, options, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        load(name, "train", **options)


def test_frames_that_would_fill_the_memory_are_refused(nmnist, monkeypatch):
    monkeypatch.setattr("esvae_core.data.event_folder._MAX_BYTES", 10_000)
    with pytest.raises(DataError, match="frames of 8 recordings would take 163,840 bytes, expected at most 10,000"):
        load(f"events:{nmnist}", "train", image_size=32, frames=10)


# ---- moving digits ---------------------------------------------------------------------------------------------------

DIGITS = np.round(load_digits().images[:2] * (255 / 16)).astype(np.uint8)


def test_digits_are_recorded_the_same_every_time():
    once, again = (list(moving_digits.record(DIGITS, np.array([0, 1]))) for _ in range(2))
    assert all(map(same, once, again))
    (alone,) = moving_digits.record(DIGITS[1:], np.array([1]))
    assert same(once[1], alone)
    for events in once:
        assert 1000 < len(events.x) < 20_000
        assert (np.diff(events.t) >= 0).all()
        assert 0 <= events.t[0] < events.t[-1] < 300_000


def test_an_edge_that_brightens_leads_and_one_that_darkens_follows():
    dot = np.zeros((1, 8, 8), np.uint8)
    dot[:, 3:5, 3:5] = 255
    for turn, sign in ((0, -1), (1, 1)):
        (events,) = moving_digits.record(dot, np.array([turn]))
        last = events.t > 200_000  # the last saccade is along a row, leftwards if clockwise
        columns = [events.x[last & (events.p == p)].mean() for p in (0, 1)]
        assert sign * (columns[1] - columns[0]) > 2
    rows = [events.y[events.t > 200_000][events.p[events.t > 200_000] == p].mean() for p in (0, 1)]
    assert rows[0] == pytest.approx(rows[1], abs=0.5)


def test_brightness_comes_back_so_events_of_both_signs_balance():
    """The digit ends where it began: at each pixel as many thresholds were crossed upwards as downwards, to one."""
    (events,) = moving_digits.record(DIGITS[:1], np.array([0]))
    balance = np.zeros((32, 32), int)
    np.add.at(balance, (events.y, events.x), 2 * events.p - 1)
    assert np.abs(balance).max() <= 1


@pytest.mark.parametrize("part", ["train", "test"])
def test_the_set_is_that_of_the_digits(part, monkeypatch):
    small = load_digits()
    small.images, small.target = small.images[:60], small.target[:60]
    monkeypatch.setattr("sklearn.datasets.load_digits", lambda: small)
    still = load("digits", part, validation_fraction=0.5)
    moving = load("moving_digits", part, image_size=16, frames=6, validation_fraction=0.5)
    assert moving.images.shape[1:] == (6, 2, 16, 16)
    assert (moving.labels.tolist(), moving.indices.tolist()) == (still.labels.tolist(), still.indices.tolist())
    assert moving.factor_names == ("turn",)
    assert set(moving.factors.ravel()) == {0, 1}


def test_a_folder_of_recordings_is_verified_by_reading_it(nmnist):
    (state,) = verify(f"events:{nmnist}")
    assert (state.name, state.path, state.state) == ("events:NMNIST", nmnist, "ok")
