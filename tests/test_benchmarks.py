"""The benchmarks run, and say what they measured."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from benchmarks import __main__ as command
from benchmarks import compare, sessions, start
from benchmarks.inference import decode, encode
from benchmarks.measure import Result, median_ms
from benchmarks.page import started
from benchmarks.training import fresh


def test_decode_and_encode_compare_with_the_published_layout():
    rows = decode((1,)) + encode((1,))  # decode asserts that both paint the same
    assert [row.work for row in rows] == ["decode 1", "encode 1", "encode 256, noise"]
    assert all(row.ms > 0 and row.beside_ms > 0 for row in rows)


def test_a_training_step_is_measured_in_a_process_of_its_own():
    found = fresh("bounded", 2, 1)
    assert found["ms"] > 0
    assert found["peak_mb"] > 100


def test_the_median_is_over_all_calls():
    calls = []
    assert median_ms(lambda: calls.append(1), seconds=0, least=5) < 100
    assert len(calls) == 6  # one to warm up


def test_the_command_prints_json(monkeypatch, capsys):
    monkeypatch.setattr(command, "PARTS", {"one": lambda: [command.Result("one", "some work", 2.0, 6.0, "a rival")]})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "one", "--json"])
    command.main()
    out = json.loads(capsys.readouterr().out)
    assert out["results"][0]["work"] == "some work"
    assert out["machine"]["matmul_gflops"] > 0
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    command.main()
    assert "3.00" in capsys.readouterr().out


def test_an_unknown_part_is_refused():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "nothing"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "nothing: no such part" in done.stderr


def test_requests_are_told_apart_and_memory_is_read():
    asked = start.Requests(
        of={
            "1": "http://127.0.0.1:8501/",
            "2": "http://127.0.0.1:8501/lab/esvae/models",
            "3": "http://127.0.0.1:8501/esvae/web/0/mount.js",
            "4": "blob:http://127.0.0.1:8501/esvae/x",
        },
        size={"1": 1000, "2": 2_000_000, "3": 3_000_000},
    )
    assert asked.sums(ours=True) == (2, 5.0)
    assert asked.sums(ours=False) == (1, 0.001)
    if sys.platform == "linux":
        assert 50 < start.resident_mb(os.getpid()) < 100_000
    assert start.resident_mb(-1) == 0


def test_commands_are_timed(monkeypatch):
    monkeypatch.setattr(start, "COMMANDS", {"esvae presets": ["presets"]})
    (row,) = start.commands(1)
    assert row.work == "esvae presets"
    assert 10 < row.ms < 120_000


@pytest.mark.slow
def test_visitors_use_the_app_and_leave():
    with started() as (address, process):
        visits = sessions.run(int(address.rpartition(":")[2]), process, 2, 8, pause=0.3, forget=0)
        with ThreadPoolExecutor(1) as thread:  # Playwright may keep a loop of its own in this one
            found = thread.submit(asyncio.run, visits).result()
    assert len(found.first) == 2
    assert found.views
    assert all(0 < ms < 60_000 for ms in found.first + found.views + found.models)
    rows = sessions.results(found, 2, 8)
    assert [row.work.rpartition(": ")[2] for row in rows][::3] == ["first run of the script", "server"]
    if sys.platform == "linux":
        assert 50 < found.alone_mb < 2000
        assert rows[-1].peak_mb == found.crowd_mb >= 50


def test_visits_are_bounded(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sessions", "--visitors", "1000"])
    with pytest.raises(SystemExit) as stop:
        sessions.main()
    assert stop.value.code == 2
    assert "--visitors: expected more than 0 and at most 200, found 1000" in capsys.readouterr().err


def test_what_became_worse_is_told(monkeypatch, tmp_path, capsys):
    one = Result("a", "memory", None, peak_mb=145.0)
    two = Result("a", "visit", 100.0, p95_ms=200.0, requests=11, fetched_mb=2.4)
    rows = [Result("a", f"work {n}", 10.0) for n in range(2)] + [
        Result("a", "beside", 10.0, 100.0, "a rival"),
        one,
        two,
    ]
    before = compare.Run(rows, reference_ms=50)
    # a machine of half the speed, on which work 1 takes four times as long; beside its rival nothing changed
    after = [Result("a", "work 0", 20.0), Result("a", "work 1", 40.0), Result("a", "beside", 30.0, 300.0, "a rival")]
    after += [Result("a", "new", 1.0), replace(one, peak_mb=900.0)]
    after += [replace(two, ms=200.0, p95_ms=1200.0, requests=400, fetched_mb=2.5)]
    found = compare.changes(before, compare.Run(after, reference_ms=100))
    worse = [
        "worse: visit: 400 requests, before 11; 36.36 times as much",
        "worse: memory: 900 MB of memory, before 145; 6.21 times as much",
        "worse: visit: 1,200 ms in the 95th percentile, before 200; 3.00 times as much on a machine as fast",
        "worse: work 1: 40 ms, before 10; 2.00 times as much on a machine as fast",
    ]
    assert compare.told(found) == worse
    assert [(c.work, round(c.ratio, 3)) for c in found[4:]] == [
        ("visit", 1.042),
        ("work 0", 1.0),
        ("beside", 1.0),
        ("visit", 1.0),
    ]
    assert compare.told(found[4:]) == ["none of 4 figures is worse by more than 25%"]
    # one row alone that is ten times slower
    alone = compare.changes(before, compare.Run([Result("a", "work 0", 100.0)], reference_ms=50))
    assert [round(c.ratio, 3) for c in alone] == [10.0]

    monkeypatch.setattr(command, "PARTS", {"a": lambda: after})
    about = command.machine()  # once: whether this machine is as fast as itself in two minutes is not asked here
    monkeypatch.setattr(command, "machine", lambda: about)
    for argv in (["--json"], ["--json", "--against", "last.json"]):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *argv])
        monkeypatch.chdir(tmp_path)
        if len(argv) == 1:
            command.main()
            (tmp_path / "last.json").write_text(capsys.readouterr().out)
        else:
            with pytest.raises(SystemExit) as stop:
                command.main()
            assert stop.value.code == 0  # as fast as itself
    (tmp_path / "none.json").write_text("[]")
    with pytest.raises(ValueError, match=r"none\.json: no results of `python -m benchmarks --json`"):
        compare.read(tmp_path / "none.json")
