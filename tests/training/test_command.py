"""`esvae train` as a process: killed, stopped, in two processes, and with settings that cannot run."""

from __future__ import annotations

import csv
import json
import os
import signal
import time

import pytest
import torch
from PIL import Image

from benchmarks.free_port import free_port
from esvae_core.training.state import load_state

from .conftest import settings

EPOCHS = 4


def rows(out):
    with (out / "log.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def same_weights(a, b):
    first, second = (load_state(out / "state.pt").model for out in (a, b))
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def wait_for(condition, process, seconds=200):
    """Until the condition holds; fails if the process ends before."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail(f"the run ended too early: {process.communicate()}")
        time.sleep(0.01)


def lines(path):
    return path.read_text().count("\n") if path.exists() else 0


LONG = ("train.batch_size=32", "train.ema_decay=0.9", f"train.epochs={EPOCHS}", "train.grow_time=[[0.5,1]]")


@pytest.fixture(scope="module")
def straight(command, tmp_path_factory):
    out = tmp_path_factory.mktemp("straight") / "run"
    done = command("train", *settings(*LONG), "--out", out, "--accelerator", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    return out, done


def test_json_gives_a_row_per_epoch_on_stdout_and_then_the_checkpoint(straight):
    *table, last = [json.loads(line) for line in straight[1].stdout.splitlines()]
    assert last == {"checkpoint": str(straight[0] / "model.safetensors")}
    assert [row["epoch"] for row in table] == [1, 2, 3, 4]
    assert [row["time_steps"] for row in table] == [1, 1, 3, 3]


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_weights(command, straight, tmp_path):
    out = tmp_path / "run"
    process = command.start("train", *settings(*LONG), "--out", out, "--accelerator", "cpu")
    wait_for(lambda: lines(out / "log.csv") == 3, process)  # a header and two epochs: the third is under way
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert lines(out / "log.csv") == 3
    done = command("train", "--out", out, "--resume", "--accelerator", "cpu")
    assert done.returncode == 0, done.stderr
    assert same_weights(out, straight[0])
    assert rows(out) == rows(straight[0])


def test_a_terminated_run_saves_exits_130_and_resumes_to_the_same(command, straight, tmp_path):
    out = tmp_path / "run"
    process = command.start("train", *settings(*LONG), "--out", out, "--accelerator", "cpu")
    wait_for(lambda: lines(out / "log.csv") == 2, process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "can be resumed" in err
    assert str(out) in err
    assert "Traceback" not in err
    assert load_state(out / "state.pt").epoch in (1, 2)
    done = command("train", "--out", out, "--resume", "--accelerator", "cpu")
    assert done.returncode == 0, done.stderr
    assert same_weights(out, straight[0])
    assert rows(out) == rows(straight[0])


def test_a_folder_needs_no_preset_and_a_run_is_made_longer(command, tmp_path):
    """From another folder than the one the run was started in, too: the path of the pictures is kept whole."""
    for name, level in (("cats", 20), ("dogs", 200)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for k in range(24):
            Image.new("RGB", (20, 10), (level + k, k, 0)).save(tmp_path / "pets" / name / f"{k}.png")
            (tmp_path / "pets" / name / f"{k}.txt").write_text("a note")
    out, place = tmp_path / "run", os.path.relpath(tmp_path / "pets", command.script.parent)
    small = ["model.channels=[2,4,4]", "model.image_size=16", "model.latent_dim=4", "train.epochs=1"]
    changes = [word for change in small for word in ("--set", change)]
    words = ("train", "--set", f"data.dataset=folder:{place}", *changes, "--set", "train.batch_size=16", "--out", out)
    done = command(*words, "--accelerator", "cpu", "--json", "--verbose")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(".txt: not a known picture format") == 48  # each once, for all splits together
    settings = json.loads((out / "config.json").read_text())
    assert settings["data"]["dataset"] == f"folder:{tmp_path / 'pets'}"
    assert (settings["name"], settings["model"]["image_channels"], settings["model"]["sampler"]) == (
        "pets",
        3,
        "systematic",
    )
    done = command("train", "--out", out, "--resume", "--set", "train.epochs=2", "--accelerator", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line).get("epoch") for line in done.stdout.splitlines()] == [2, None]
    made = command("atlas", out / "model.safetensors", "--dataset", f"folder:{place}", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["images"] == 8  # a sixth of 48


def test_without_preset_and_data_set_it_says_what_is_expected(command):
    done = command("train")
    assert (done.returncode, "--set data.dataset=folder:PATH" in done.stderr) == (2, True)


@pytest.mark.slow
def test_two_processes_train_as_one_does(command, tmp_path, monkeypatch):
    """Same global batch, same noise: only the order of float32 sums differs.

    Five steps of AdamW. Its first steps divide a gradient by its own size, so a rounding error of 1e-7 in a gradient
    that is itself rounding moves a weight by up to lr: biases in front of a tdBN, whose gradient is zero in theory,
    are left out, and so are the running means, which only follow those biases (the validation error needs both). All
    others agree to 1e-4, mostly to 1e-6; a wrong share of the batch would differ by lr = .003 a step.
    """
    if not torch.distributed.is_available():
        pytest.skip("this PyTorch has no distributed package")
    tuning = settings("train.epochs=1", "train.lr=0.003", "train.mmd_weight=0.1")
    command.environment["MASTER_PORT"] = str(free_port())
    try:
        for devices in (1, 2):
            done = command.apart(
                "train",
                *tuning,
                "--out",
                tmp_path / f"run{devices}",
                "--accelerator",
                "cpu",
                "--devices",
                devices,
            )
            assert done.returncode == 0, done.stderr
            epoch, path = done.stdout.splitlines()  # one process speaks for all
            assert epoch.startswith("epoch   1/1")
            assert path == str(tmp_path / f"run{devices}" / "model.safetensors")
            assert "distributed" not in done.stderr
    finally:
        del command.environment["MASTER_PORT"]
    one, two = (load_state(tmp_path / f"run{devices}" / "state.pt").model for devices in (1, 2))
    for name, weight in one.items():
        if not name.endswith(("transform.bias", "running_mean")):
            torch.testing.assert_close(two[name], weight, rtol=1e-3, atol=1e-4, msg=lambda m, name=name: f"{name}: {m}")
    first, second = (rows(tmp_path / f"run{devices}")[0] for devices in (1, 2))
    for name in ("loss", "mse", "mmd", "gradient_norm", "validation_mse"):
        assert float(second[name]) == pytest.approx(float(first[name]), rel=2e-3), name


# ---- runs that cannot run --------------------------------------------------------------------------------------------


def refused(done, *words):
    """Exit code 2, and one line on stderr that says what was wrong."""
    assert done.returncode == 2, (done.returncode, done.stderr)
    message = done.stderr.strip()
    assert len(message.splitlines()) == 1, message
    for word in words:
        assert str(word) in message, message
    assert done.stdout == ""


def test_an_absurd_rate_is_a_clear_error(command, tmp_path):
    out = tmp_path / "run"
    done = command(
        "train", *settings("train.lr=1e30", "train.gradient_clip=null"), "--out", out, "--accelerator", "cpu"
    )
    refused(done, "epoch 1", "lower learning rate")
    assert not (out / "model.safetensors").exists()


def test_a_run_folder_in_use_is_refused(command, straight):
    before = (straight[0] / "state.pt").read_bytes()
    refused(command("train", *settings(*LONG), "--out", straight[0]), straight[0], "--resume")
    assert (straight[0] / "state.pt").read_bytes() == before


def test_resuming_nothing_is_refused(command, tmp_path):
    refused(command("train", "--out", tmp_path / "none", "--resume"), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_batch_that_does_not_divide_is_refused(command, tmp_path):
    done = command(
        "train", *settings("train.batch_size=33"), "--out", tmp_path / "run", "--accelerator", "cpu", "--devices", 2
    )
    refused(done, "batch_size: expected a multiple of 2 processes, got 33")


@pytest.mark.parametrize("accelerator", ["quantum", pytest.param("cuda", marks=pytest.mark.skipif(
    torch.cuda.is_available(), reason="this machine has such a device"))])  # fmt: skip
def test_a_device_that_is_not_there_is_refused(accelerator, command, tmp_path):
    refused(command("train", *settings(), "--out", tmp_path / "run", "--accelerator", accelerator), accelerator)


@pytest.mark.skipif(os.name != "posix", reason="files as folders fail alike only on POSIX")
def test_an_output_that_is_a_file_is_refused(command, tmp_path):
    (tmp_path / "file").write_text("mine")
    refused(
        command("train", *settings("train.epochs=1"), "--out", tmp_path / "file", "--accelerator", "cpu"),
        tmp_path / "file",
    )
    assert (tmp_path / "file").read_text() == "mine"
