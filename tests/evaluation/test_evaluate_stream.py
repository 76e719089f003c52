"""Figures of images that come piece by piece: those of all of them, by one process or two, in flat memory."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from esvae_core.checkpoint import Header, read_header, save
from esvae_core.errors import InputError
from esvae_core.evaluation import evaluate_stream as module
from esvae_core.evaluation.evaluate_stream import evaluate_stream
from esvae_core.seeds import generator

from ..data.made import picture_bytes, save_hub_data

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 1, 8, 8), dtype=np.uint8)


@torch.no_grad()
@pytest.mark.parametrize("fabric", [None, Fabric(accelerator="cpu", devices=1)], ids=["alone", "Fabric"])
def test_figures_are_those_of_all_images(tiny, fabric):
    report = evaluate_stream(tiny, "made", [PIXELS[:20], PIXELS[20:]], seed=3, fabric=fabric)
    noise, errors, fired = generator(3, "evaluate", "stream", 0), [], []
    for part in (PIXELS[:20], PIXELS[20:]):
        images = torch.from_numpy(part.astype(np.float32)) / 127.5 - 1
        spikes = tiny.sample_spikes(tiny.encode(images).rates, noise)
        errors.append((tiny.decode(spikes) - images).square().flatten(1).mean(1).double())
        fired.append(spikes)
    each = torch.cat(errors)
    assert report.mse == pytest.approx(float(each.mean()), rel=1e-6)
    assert report.mse_standard_error == pytest.approx(float(each.std()) / 30**0.5, rel=1e-5)
    assert report.latent_rate == pytest.approx(float(torch.cat(fired, 1).mean()), rel=1e-6)
    assert report.images == 30
    fired = {}
    tiny.decode(spikes, firing=fired)
    tiny.encode(images, firing=fired)
    assert set(report.firing_rates) == set(fired)
    assert "30 streamed images of made" in report.protocol


def test_rates_that_are_kept_are_bounded(tiny, monkeypatch):
    monkeypatch.setattr(module, "MOST_RATES", 12)
    report = evaluate_stream(tiny, "made", [PIXELS[:10]] * 5)
    assert (report.images, report.mmd_block) == (50, 12)


def test_no_image_is_refused(tiny):
    with pytest.raises(InputError, match="at least one image, got none of made"):
        evaluate_stream(tiny, "made", [])


@pytest.mark.parametrize("devices", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_command_measures_a_folder_of_a_hub_data_set(tmp_path, warm_model, devices):
    path = tmp_path / "tiny.safetensors"
    save(path, warm_model.state_dict(), Header(name="tiny", model=warm_model.config))
    save_hub_data(tmp_path / "hub", [*[picture_bytes(pixels[0]) for pixels in PIXELS[:29]], b"none"], [0, 1] * 15)
    words = ["evaluate", path, "--stream", "--dataset", f"huggingface:{tmp_path / 'hub'}", "--record", "--json"]
    command = [sys.executable, "-m", "esvae_core", *map(str, words), "--devices", str(devices)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["images"], found["dataset"]) == (29, "huggingface:hub"), "and no path of this machine"
    metrics = {metric.name: metric for metric in read_header(path).metrics}
    assert metrics["mse"].value == found["mse"]
    assert str(tmp_path) not in metrics["mse"].protocol


def test_what_cannot_be_streamed_is_one_line(esvae, tmp_path, warm_model):
    path = tmp_path / "tiny.safetensors"
    save(path, warm_model.state_dict(), Header(name="tiny", model=warm_model.config))
    for more, line in (
        (("--stream",), "--stream: expected folder:PATH, huggingface:PATH or tar:PATH, found ''"),
        (("--stream", "--dataset", "digits"), "found 'digits'"),
        (("--stream", "--suite", "quick"), "--stream: is for the figures without --suite"),
    ):
        done = esvae("evaluate", path, *more)
        assert (done.code, done.err.count("\n")) == (2, 1), done.err
        assert line in done.err
