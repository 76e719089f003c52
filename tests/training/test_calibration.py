"""Statistics of batch normalisation, taken anew."""

from __future__ import annotations

import numpy as np
import torch

from esvae_core.checkpoint import load as load_checkpoint
from esvae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from esvae_core.data import load
from esvae_core.esvae import ESVAE
from esvae_core.tdbn import TdBatchNorm
from esvae_core.training import calibration
from esvae_core.training.calibration import calibrate
from esvae_core.training.trainer import Hardware, train

CONFIG = ModelConfig(image_size=8, channels=(2, 4), latent_dim=4, time_steps=3)


def network():
    torch.manual_seed(0)
    return ESVAE(CONFIG)


def statistics(model):
    return [(norm.running_mean, norm.running_var) for norm in model.modules() if isinstance(norm, TdBatchNorm)]


def test_they_are_those_of_the_images_and_nothing_else_changes():
    data, model = load("digits", "train", image_size=8, channels=1), network()
    weights = {name: value.clone() for name, value in model.named_parameters()}
    for norm in (module for module in model.modules() if isinstance(module, TdBatchNorm)):
        norm.running_mean.fill_(7)
        norm.running_var.fill_(70)
    assert calibrate(model, data, 300, seed=3) == 300
    assert not model.training
    assert all(torch.equal(value, weights[name]) for name, value in model.named_parameters())
    first = next(module for module in model.modules() if isinstance(module, TdBatchNorm))
    assert first.momentum == 0.1
    drive = model.encoder[0].transform(data.tensor())  # of all images, of which 300 are some
    assert torch.allclose(first.running_mean, drive.mean((0, 2, 3)), atol=0.02)
    assert torch.allclose(first.running_var, drive.var((0, 2, 3)), rtol=0.1)


def test_several_batches_count_alike(monkeypatch):
    data, whole, parts = load("digits", "train", image_size=8, channels=1), network(), network()
    calibrate(whole, data, 400, seed=1)
    monkeypatch.setattr(calibration, "BATCH", 100)
    told = []
    calibrate(parts, data, 400, seed=1, report=lambda done, total: told.append((done, total)))
    assert told == [(100, 400), (200, 400), (300, 400), (400, 400)]
    assert torch.allclose(statistics(parts)[0][0], statistics(whole)[0][0], atol=1e-6)
    assert not torch.allclose(statistics(parts)[0][1], statistics(whole)[0][1], rtol=1e-6), "within batches"
    again = network()
    calibrate(again, data, 400, seed=1)
    calibrate(parts, data, 400, seed=1)
    assert torch.equal(statistics(parts)[0][1], statistics(again)[0][1]), "nothing of the first time is left"


def test_all_images_are_taken_where_there_are_fewer():
    data = load("digits", "train", image_size=8, channels=1).take(np.arange(30), "train")
    assert calibrate(network(), data, 10_000, seed=0) == 30


def test_the_trainer_keeps_calibrated_weights(tmp_path):
    run = RunConfig(
        name="tiny",
        model=CONFIG,
        data=DataConfig(dataset="digits", validation_fraction=0.1),
        train=TrainConfig(epochs=1, batch_size=64, lr=0.02, ema_decay=0.9, calibration_images=500),
    )
    train(run, tmp_path / "out", hardware=Hardware("cpu"))
    kept = load_checkpoint(tmp_path / "out" / "model.safetensors").model
    found = [tuple(value.clone() for value in pair) for pair in statistics(kept)]
    data = load("digits", "train", image_size=8, channels=1, validation_fraction=0.1)
    calibrate(kept, data, 500, seed=run.train.seed)
    for pair, anew in zip(found, statistics(kept), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(pair, anew, strict=True))


def test_larger_pictures_come_in_smaller_batches():
    data, told = load("digits", "train", image_size=64, channels=1), []
    torch.manual_seed(0)
    model = ESVAE(ModelConfig(image_size=64, channels=(2, 4), latent_dim=4, time_steps=2))
    assert calibrate(model, data, 500, seed=0, report=lambda done, total: told.append(done)) == 500
    assert told == [125, 250, 375, 500]
