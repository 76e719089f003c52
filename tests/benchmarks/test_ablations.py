"""The ablation script: every row can run, results resume, and its table goes where it belongs."""

from __future__ import annotations

import json

import pytest

from benchmarks import ablations
from benchmarks.marks import put_table
from esvae_core.training.schedule import time_steps

PAIR = ["published, right output bias (base)", "plus, T grown 2, 4, 8"]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(ablations, "NETWORK", ablations.NETWORK | {"image_size": 8, "channels": (2,), "latent_dim": 3})
    monkeypatch.setattr(ablations, "HELD_OUT", 0.1)


def test_every_row_is_a_run_of_its_own():
    sizes = [ablations.settings(name, "digits", 8, 0) for name in ablations.LATENT_SIZES]
    assert len({run.model_dump_json() for run in sizes}) == len(sizes) == 12
    runs = [ablations.settings(name, "digits", 8, 0) for name in ablations.ROWS]
    assert len({run.model_dump_json() for run in runs}) == len(runs)
    assert all(run.train.epochs * run.train.batches_per_epoch == 8 for run in runs)
    grown = runs[list(ablations.ROWS).index(PAIR[1])]
    assert [time_steps(grown.model, grown.train, epoch) for epoch in range(4)] == [2, 4, 8, 8]


@pytest.mark.slow
def test_results_resume_and_become_a_table(small, tmp_path):
    path, said = tmp_path / "results.json", []
    first = ablations.run_all(PAIR[:1], "digits", 4, 2, path, None, said.append)
    assert len(said) == len(first) == 2
    kept = json.loads(path.read_text())
    again = ablations.run_all(PAIR, "digits", 4, 2, path, None, said.append)
    assert len(said) == len(again) == 4
    assert {key: again[key] for key in kept} == kept
    for row in again.values():
        assert 0 < row["mse"] < 4
        assert 0 <= row["spread"] <= 3.17  # log2 of nine rates
    assert [r["mse"] for r in first.values()] != [again[f"digits/{PAIR[1]}/4/{s}"]["mse"] for s in (0, 1)]
    lines = ablations.table(again, "digits", 4).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {name}" for name in PAIR]
    mean = sum(r["mse"] for r in first.values()) / 2
    assert f"| {mean:.4f} ± " in lines[2]
    assert lines[2].endswith("| 2 |")
    assert len(ablations.table(again, "digits", 5).splitlines()) == 2


def test_the_table_replaces_only_itself():
    text = "a\n<!-- table: x -->old<!-- end: x -->\nb <!-- table: y -->kept<!-- end: y -->"
    new = put_table(text, "x", "new")
    assert new == "a\n<!-- table: x -->\n\nnew\n\n<!-- end: x -->\nb <!-- table: y -->kept<!-- end: y -->"
    assert put_table(new, "x", "new") == new
    with pytest.raises(SystemExit, match="has no"):
        put_table(text, "z", "new")
