"""Statistics of batch normalisation, taken anew."""

from __future__ import annotations

import numpy as np
import torch

from esvae_core.checkpoint import load as load_checkpoint
from esvae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from esvae_core.data import load
from esvae_core.esvae import ESVAE
from esvae_core.layers import SpikingLayer
from esvae_core.seeds import generator
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


def test_each_layers_statistics_are_those_of_what_it_is_fed(monkeypatch):
    data, model = load("digits", "train", image_size=8, channels=1).take(np.arange(120), "train"), network()
    monkeypatch.setattr(calibration, "BATCH", 50)
    calibrate(model, data, 120, seed=3)
    fed = {}
    for name, layer in model.named_modules():
        if isinstance(layer, SpikingLayer):
            layer.register_forward_hook(lambda layer, inputs, spikes, name=name: fed.update({name: (layer, inputs[0])}))
    model.encode(data.tensor())
    source = generator(3, "calibration")
    rows = np.array_split(torch.randperm(120, generator=source).numpy(), 3)
    trains = [model.sample_spikes(model.encode(data.tensor(some)).rates, source) for some in rows]
    model.encode(data.tensor())
    model.decode(torch.cat(trains, 1))
    assert len(fed) == 6
    for layer, x in fed.values():
        drive = layer.transform(x)
        over = [0, *range(2, drive.dim())]
        assert torch.allclose(layer.norm.running_mean, drive.mean(over), atol=1e-5)
        assert torch.allclose(layer.norm.running_var, drive.var(over, correction=0), rtol=5e-3)


def test_several_batches_count_as_one(monkeypatch):
    data, whole, parts = load("digits", "train", image_size=8, channels=1), network(), network()
    monkeypatch.setattr(calibration, "BATCH", 400)
    calibrate(whole, data, 400, seed=1)
    monkeypatch.setattr(calibration, "BATCH", 100)
    told = []
    calibrate(parts, data, 400, seed=1, report=lambda done, total: told.append((done, total)))
    assert told == [(400 * k, 2400) for k in range(1, 7)]
    for one, other in zip(statistics(parts)[:3], statistics(whole)[:3], strict=True):  # before there is noise
        assert torch.allclose(one[0], other[0], atol=1e-5)
        assert torch.allclose(one[1], other[1], rtol=1e-4)
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


def test_larger_pictures_come_in_smaller_batches(monkeypatch):
    data, seen = load("digits", "train", image_size=64, channels=1), []
    torch.manual_seed(0)
    model = ESVAE(ModelConfig(image_size=64, channels=(2, 4), latent_dim=4, time_steps=2))
    encode = model.encode
    monkeypatch.setattr(model, "encode", lambda images, **given: seen.append(len(images)) or encode(images, **given))
    assert calibrate(model, data, 125, seed=0) == 125
    assert set(seen) == {62, 63}
