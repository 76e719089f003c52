"""The benchmarks run, and say what they measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks import __main__ as command
from benchmarks import start
from benchmarks.inference import decode, encode
from benchmarks.measure import median_ms
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
