"""Maps that are drawn in the background: asked for, followed, given up, kept."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from app import catalogue, maps
from esvae_core.errors import OutputError
from esvae_core.explore.map import MapSettings

from .test_routes import Answer

RATES = np.random.default_rng(0).random((40, 6)).astype(np.float32)
DRAW = """
import io, sys, time
import numpy as np
rates = np.load(io.BytesIO(sys.stdin.buffer.read()))
print("0.5", flush=True)
time.sleep(float(sys.argv[1]))
places = [np.full((len(rates), axes), axes, np.uint16) for axes in (2, 3)]
trusts = [np.full(len(rates), 200, np.uint8)] * 2
made = io.BytesIO()
np.savez(made, map2=places[0], map3=places[1], trust2=trusts[0], trust3=trusts[1], trust=np.array([0.8, 0.9]))
print("map", len(made.getvalue()), flush=True)
sys.stdout.buffer.write(made.getvalue())
"""


@pytest.fixture(autouse=True)
def drawing(monkeypatch, tmp_path):
    """A quick stand-in for the process; how long it takes and what it runs can be set."""
    how = {"seconds": "0", "code": DRAW, "begun": 0}

    def spawn(job):
        how["begun"] += 1
        command = [sys.executable, "-c", how["code"], how["seconds"]]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(maps, "_spawn", spawn)
    monkeypatch.setattr(maps, "cache_dir", lambda: tmp_path)
    monkeypatch.setattr(maps, "_jobs", {})
    return how


def wait(key, seconds=120):
    end = time.monotonic() + seconds
    while maps.status(key)["state"] == "running" and time.monotonic() < end:
        time.sleep(0.02)
    return maps.status(key)


def test_a_map_is_drawn_once_and_kept(drawing):
    key = maps.start(RATES, MapSettings(neighbors=5))
    assert wait(key) == {"key": key, "state": "done", "progress": 0.5}
    assert maps.start(RATES, MapSettings(neighbors=5)) == key
    maps._jobs.clear()  # the server starts anew
    assert maps.start(RATES, MapSettings(neighbors=5)) == key
    assert maps.status(key)["state"] == "done"
    assert drawing["begun"] == 1
    assert maps.start(RATES, MapSettings(neighbors=6)) != key
    assert maps.start(RATES[:30], MapSettings(neighbors=5)) != key


def test_one_that_is_given_up_stops_and_can_be_asked_for_again(drawing):
    drawing["seconds"] = "60"
    key = maps.start(RATES, MapSettings())
    process = maps._jobs[key].process
    maps.cancel(key)
    assert maps.status(key)["state"] == "cancelled"
    assert process.wait(10) != 0
    drawing["seconds"] = "0"
    assert maps.start(RATES, MapSettings()) == key
    assert wait(key)["state"] == "done"


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(3)",
        "print('hello')",
        "print('map 2', 'no', sep='\\n')",
        "print('map -1')",
        "print('map', 10**12)",
        DRAW.replace("0.8, 0.9", "0.8, np.nan"),
        f"{DRAW}\nraise SystemExit(3)",
    ],
)
def test_a_process_that_fails_is_said_so(drawing, code):
    drawing["code"] = code
    key = maps.start(RATES, MapSettings())
    assert wait(key)["state"] == "failed"
    assert maps.finished(key) is None


def test_rubbish_on_the_disk_is_drawn_again(drawing):
    key = maps.start(RATES, MapSettings())
    wait(key)
    path = maps._jobs[key].path
    for rubbish in (b"", b"hello", path.read_bytes()[:200]):
        path.write_bytes(rubbish)
        maps._jobs.clear()
        maps.start(RATES, MapSettings())
        assert wait(key)["state"] == "done"
    assert drawing["begun"] == 4


def test_a_map_outlives_its_file(drawing):
    """The disk is for the next start alone: what was drawn is answered, whatever becomes of its file."""
    key = maps.start(RATES, MapSettings())
    wait(key)
    path = maps._jobs[key].path
    path.write_bytes(path.read_bytes()[:200])
    assert maps.start(RATES, MapSettings()) == key
    assert maps.finished(key).flat.trust == 0.8
    path.unlink()
    assert maps.start(RATES, MapSettings()) == key
    assert maps.finished(key).solid.trust == 0.9
    assert drawing["begun"] == 1


@pytest.mark.parametrize("where", ["a file", "a full disk"])
def test_a_cache_that_cannot_be_written_costs_one_drawing(drawing, tmp_path, monkeypatch, where):
    if where == "a file":
        (tmp_path / "maps").write_text("no folder")
    else:
        monkeypatch.setattr(maps, "write_atomically", full)
    for _ in range(3):
        key = maps.start(RATES, MapSettings())
        assert wait(key)["state"] == "done"
        assert maps.finished(key).flat.trust == 0.8
    assert drawing["begun"] == 1


def full(path, content):
    raise OutputError(f"{path}: cannot be written: No space left on device")


def test_one_that_takes_too_long_is_given_up(drawing, monkeypatch):
    monkeypatch.setattr(maps, "MAX_SECONDS", 0.5)
    drawing["seconds"] = "60"
    assert wait(maps.start(RATES, MapSettings()))["state"] == "failed"


def test_not_too_many_at_once(drawing):
    drawing["seconds"] = "60"
    keys = [maps.start(RATES, MapSettings(neighbors=n)) for n in range(2, 2 + maps.MAX_JOBS)]
    with pytest.raises(maps.BusyError, match="other maps are being drawn"):
        maps.start(RATES, MapSettings(neighbors=90))
    for key in keys:
        maps.cancel(key)


def test_the_routes(monkeypatch, shelf_dir):
    monkeypatch.setattr(catalogue, "folders", lambda: [shelf_dir])
    digest = catalogue.named("aaa").digest
    begun = Answer(f"/esvae/map/{digest}", "neighbors=5&min_dist=0.5&metric=cosine", method="POST").json
    key = begun["key"]
    wait(key)
    assert Answer(f"/esvae/map-state/{key}").json["state"] == "done"
    done = Answer(f"/esvae/map-data/{key}")
    assert done.status == 200
    assert b'"neighbors":5,"min_dist":0.5,"metric":"cosine","trust2":0.8' in done.body
    assert Answer(f"/esvae/map-state/{key}", method="DELETE").json["state"] == "done"
    assert Answer(f"/esvae/map/{digest}", "neighbors=5").status == 405
    for wrong, words in (
        ("neighbors=1", "neighbors: expected 2"),
        ("neighbors=x", "expected numbers"),
        ("neighbors=" + "9" * 5000, "expected numbers"),
        ("min_dist=nan", "min_dist: expected 0 to 1"),
        ("min_dist=-1e999", "min_dist: expected 0 to 1"),
        ("metric=z%0Az", "metric"),
    ):
        refused = Answer(f"/esvae/map/{digest}", wrong, method="POST")
        assert refused.status == 400
        assert words in refused.json["error"]
        assert "\n" not in refused.json["error"]
    monkeypatch.setattr(maps, "MAX_JOBS", 0)
    refused = Answer(f"/esvae/map/{digest}", "neighbors=99", method="POST")
    assert refused.status == 429
    assert "try again" in refused.json["error"]
    for path in (f"map/{'0' * 64}", f"map/{catalogue.named('bare').digest}"):
        assert Answer(f"/esvae/{path}", "", method="POST").status == 404
    for path in ("map-state/none", "map-data/none", "map-data/..%2f..%2fetc"):
        assert Answer(f"/esvae/{path}").status == 404


@pytest.mark.slow
def test_the_process_itself(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(maps, "cache_dir", lambda: tmp_path)
    key = maps.start(RATES, MapSettings(neighbors=7, seed=3))
    assert wait(key, 300)["state"] == "done"
    assert maps.status(key)["progress"] == 1
    assert maps.finished(key).flat.positions.shape == (40, 2)
