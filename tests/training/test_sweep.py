"""Sweeps: which runs a file asks for, and running them."""

from __future__ import annotations

import json
import math
import re
import signal
import sys

import pytest

from esvae_core.errors import ConfigError, TrainingError
from esvae_core.settings_file import read_settings
from esvae_core.sweep.launch import run_by_submitit
from esvae_core.sweep.plan import run_name, runs_of

from .test_command import lines, wait_for
from .test_trainer import made

TINY = made().model_dump(mode="json")


def test_a_grid_is_every_combination():
    file = {"config": TINY, "set": {"train.epochs": 1}, "grid": {"model.latent_dim": [4, 6], "train.seed": [0, 1, 2]}}
    runs = runs_of(file, "s")
    assert list(runs)[:4] == [
        "latent_dim-4_seed-0", "latent_dim-4_seed-1", "latent_dim-4_seed-2", "latent_dim-6_seed-0",
    ]  # fmt: skip
    assert len(runs) == 6
    last = runs["latent_dim-6_seed-2"]
    assert (last.model.latent_dim, last.train.seed, last.train.epochs) == (6, 2, 1)
    assert last.train.lr == 0.02


def test_random_draws_lie_in_their_intervals_and_repeat():
    file = {
        "preset": "digits",
        "draws": 40,
        "seed": 3,
        "random": {
            "train.lr": {"low": 0.001, "high": 0.1, "log": True},
            "model.latent_dim": {"low": 4, "high": 9, "whole": True},
            "model.sampler": ["bernoulli", "systematic"],
        },
    }
    runs = list(runs_of(file, "s").values())
    assert runs == list(runs_of(file, "s").values())
    rates = [run.train.lr for run in runs]
    assert 0.001 <= min(rates) < 0.003 < 0.03 < max(rates) <= 0.1
    assert abs(sum(map(math.log10, rates)) / 40 + 2) < 0.3, "the middle of the logarithms is .01"
    assert {run.model.latent_dim for run in runs} <= set(range(4, 10))
    assert {run.model.sampler for run in runs} == {"bernoulli", "systematic"}
    assert runs != list(runs_of({**file, "seed": 4}, "s").values())


def test_names_of_folders_are_plain_and_differ():
    assert run_name({"train.lr": 0.02, "model.sampler": "bernoulli"}) == "lr-0.02_sampler-bernoulli"
    both = [run_name({"model.neuron.leak": 0.5, "model.latent_neuron.leak": x}) for x in (0.5, 0.9)]
    lists = [run_name({"train.grow_time": [[0.5, x]]}) for x in (2, 4)]
    paths = [run_name({"train.start_from": f"../{x}/y"}) for x in "ab"]
    for pair in (both, lists, paths):
        assert pair[0] != pair[1]
        assert all(
            set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-") for name in pair
        )
        assert all(len(name) < 80 for name in pair)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"preset": "digits"}, "expected either preset or config"),
        ({"random": {"train.seed": [1]}}, "expected either grid or random"),
        ({"grid": {"train.seed": []}}, "grid.train.seed"),
        ({"grid": {"train.seed": list(range(200)), "train.lr": list(range(1, 201))}}, "at most 10,000 runs"),
        ({"grid": {"train.sead": [1]}}, "s: train.sead=1: train.sead: unknown setting"),
        ({"grid": {"train.seed.x": [1]}}, "s: train.seed.x: seed holds no settings"),
        ({"grid": {}, "random": {"train.lr": {"low": 2, "high": 1}}}, "low <= high"),
        ({"grid": {}, "random": {"train.lr": {"low": 0, "high": 1, "log": True}}}, "above 0 with log"),
    ],
)
def test_a_wrong_file_is_one_line(change, message):
    with pytest.raises(ConfigError, match=message) as caught:
        runs_of({"config": TINY, "grid": {"train.seed": [0]}} | change, "s")
    assert "\n" not in str(caught.value)


WANTED = {"preset": "digits", "grid": {"train.seed": [0, 1]}, "set": {"train.grow_time": [[0.5, 2]]}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps(WANTED)),
        ("a.yaml", "preset: digits\ngrid: {train.seed: [0, 1]}\nset:\n  train.grow_time: [[0.5, 2]]\n"),
        ("a.YML", "\ufeffpreset: digits\ngrid: {train.seed: [0, 1]}\nset: {train.grow_time: [[0.5, 2]]}"),
        ("a.toml", 'preset = "digits"\n[grid]\n"train.seed" = [0, 1]\n[set]\n"train.grow_time" = [[0.5, 2]]\n'),
    ],
)
def test_files_of_settings_in_three_languages(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_settings(tmp_path / name) == WANTED


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "a: &x [1]\nb: *x", "expected YAML: without aliases"),
        ("a.yaml", "a: !!python/object/apply:os.getcwd []", "expected YAML: could not determine a constructor"),
        ("a.yaml", "- 1", "expected a YAML object, found list"),
        ("a.yaml", "1: 2", "with other names than text"),
        ("a.yaml", "[" * 600 + "]" * 600, "not so deeply nested"),
        ("a.toml", "a = ", "expected TOML"),
        ("a.json", "{", "expected JSON"),
        ("a.json", "[" * 100_000, "not so deeply nested"),
    ],
)
def test_bad_files_of_settings_are_one_line(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_settings(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / name))


@pytest.fixture
def tiny_sweep(tmp_path):
    path = tmp_path / "sizes.json"
    changes = {"train.batches_per_epoch": 2, "train.epochs": 2}
    path.write_text(json.dumps({"config": TINY, "set": changes, "grid": {"model.latent_dim": [4, 5]}}))
    return path


def test_the_command_trains_all_and_leaves_what_is_done(command, tiny_sweep):
    out = tiny_sweep.parent / "runs"
    broken = out / "latent_dim-5"
    broken.mkdir(parents=True)
    (broken / "model.safetensors").mkdir()  # the run cannot write its checkpoint
    first = command("sweep", tiny_sweep, "--out", out, "--jobs", 2)
    assert first.returncode == 2
    assert re.search(r"^latent_dim-5: .*model\.safetensors", first.stdout, re.M), "the last line of its log"
    assert "1 of 2 runs failed" in first.stderr
    (broken / "model.safetensors").rmdir()
    written = (out / "latent_dim-4" / "model.safetensors").stat().st_mtime_ns
    second = command("sweep", tiny_sweep, "--out", out)
    assert second.returncode == 0, second.stderr
    assert "2 runs" in second.stdout
    assert (out / "latent_dim-4" / "model.safetensors").stat().st_mtime_ns == written
    assert lines(broken / "log.csv") == 3

    file = json.loads(tiny_sweep.read_text())
    tiny_sweep.write_text(json.dumps({**file, "set": {**file["set"], "train.lr": 0.5}}))
    other = command("sweep", tiny_sweep, "--out", out)
    assert other.returncode == 2
    assert "holds a run with other settings; choose another --out" in other.stderr


@pytest.mark.slow
def test_ctrl_c_saves_the_runs_and_a_second_call_goes_on(command, tiny_sweep):
    out = tiny_sweep.parent / "runs"
    file = json.loads(tiny_sweep.read_text())
    tiny_sweep.write_text(json.dumps({**file, "set": {"train.epochs": 60}, "grid": {"train.seed": [1]}}))
    process = command.start("sweep", tiny_sweep, "--out", out)
    log = out / "seed-1" / "log.csv"
    wait_for(lambda: lines(log) > 1, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 130
    done = lines(log) - 1
    assert 1 <= done < 60
    assert "can be resumed" in (out / "seed-1" / "train.log").read_text()
    again = command("sweep", tiny_sweep, "--out", out)
    assert again.returncode == 0, again.stderr
    assert lines(log) == 61


def test_a_dry_run_names_the_runs_and_makes_nothing(command, tiny_sweep):
    said = command("sweep", tiny_sweep, "--out", tiny_sweep.parent / "runs", "--dry-run")
    assert said.stdout.split() == ["latent_dim-4", "latent_dim-5"]
    assert not (tiny_sweep.parent / "runs").exists()


def test_submitit_does_the_same(command, tiny_sweep):
    pytest.importorskip("submitit")
    out = tiny_sweep.parent / "runs"
    said = command("sweep", tiny_sweep, "--out", out, "--launcher", "submitit", "--job", "timeout_min=5")
    assert said.returncode == 0, said.stderr
    assert lines(out / "latent_dim-5" / "log.csv") == 3


def test_without_submitit_the_extra_that_brings_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(TrainingError, match=re.escape("pip install 'esvae[sweep]'")):
        run_by_submitit([], {}, tmp_path, print)


def test_an_interval_whose_width_is_no_number_is_refused(command, tiny_sweep):
    file = json.loads(tiny_sweep.read_text())
    wide = {"low": -1.7e308, "high": 1.7e308, "whole": True}
    tiny_sweep.write_text(json.dumps({**file, "grid": {}, "draws": 1, "random": {"train.seed": wide}}))
    done = command("sweep", tiny_sweep, "--dry-run")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected a narrower interval" in done.stderr
