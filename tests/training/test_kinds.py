"""Every kind of model goes through the one trainer: it learns, is kept, goes on bit for bit."""

from __future__ import annotations

import csv
import os
import signal

import pytest
import torch

from esvae_core import checkpoint
from esvae_core.config import KINDS, RunConfig, TrainConfig, parse
from esvae_core.errors import ConfigError, TrainingError
from esvae_core.model_kinds import MODELS, OBJECTIVES, build
from esvae_core.training.state import load_state
from esvae_core.training.trainer import Hardware, Interrupted, train

CPU = Hardware("cpu")
EXTRA = {
    "esvae": {"time_steps": 3},
    "fsvae": {"time_steps": 3, "candidates": 3},
    "annvae": {},
    "pvae": {"max_events": 8},
    "ae": {"components": 3},
}
TERMS = {
    "esvae": ["mse", "mmd"],
    "fsvae": ["mse", "psp"],
    "annvae": ["mse", "kl"],
    "pvae": ["mse", "kl"],
    "ae": ["mse"],
}


def made(kind, **changes) -> RunConfig:
    settings = {"epochs": 2, "batch_size": 256, "lr": 0.01, "ema_decay": 0.5, "mean_image_bias": True} | changes
    model = {"kind": kind, "image_size": 8, "channels": (2, 4), "latent_dim": 4} | EXTRA[kind]
    data = {"dataset": "digits", "validation_fraction": 0.1}
    return parse(RunConfig, {"name": kind, "model": model, "data": data, "train": settings}, "test")


@pytest.fixture(scope="module", params=EXTRA)
def straight(request, tmp_path_factory):
    """One run of each kind, and what it reported."""
    out, seen = tmp_path_factory.mktemp(request.param) / "run", []
    train(made(request.param), out, hardware=CPU, report=seen.append)
    return request.param, out, seen


def test_every_kind_has_settings_a_class_and_an_objective():
    assert set(KINDS) == set(MODELS) == set(OBJECTIVES) == set(EXTRA)
    for kind in KINDS:
        assert KINDS[kind]().kind == kind
        assert build(made(kind).model).config.kind == kind


def test_a_run_of_each_kind_is_kept_and_loads_as_its_class(straight):
    kind, out, seen = straight
    loaded = checkpoint.load(out / "model.safetensors")
    assert type(loaded.model) is MODELS[kind]
    assert loaded.header.model == made(kind).model
    assert [*seen[0].terms] == TERMS[kind]
    with (out / "log.csv").open() as file:
        table = list(csv.DictReader(file))
    assert float(table[1]["validation_mse"]) < 1
    assert float(table[1]["mse"]) < float(table[0]["mse"])
    assert ("time_steps" in table[0]) == ("time_steps" in EXTRA[kind])
    images = torch.rand(3, 1, 8, 8) * 2 - 1
    again = [loaded.model.reconstruct(images, torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(*again)
    assert again[0].shape == images.shape
    assert loaded.model.sample(5, torch.Generator().manual_seed(1)).images.shape == (5, 1, 8, 8)
    assert loaded.model.features(images, torch.Generator().manual_seed(1)).shape == (3, 4)
    assert loaded.model.feature_name


def test_each_kind_goes_on_bit_for_bit(straight, tmp_path):
    kind, wanted, _ = straight
    out, done = tmp_path / "run", []

    def stop(progress):
        done.append(progress)
        if len(done) == 7:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        train(made(kind), out, hardware=CPU, report=stop)
    train(made(kind), out, hardware=CPU, resume=True)
    a, b = (load_state(folder / "state.pt") for folder in (out, wanted))
    for x, y in ((a.model, b.model), (a.average, b.average)):
        assert all(torch.equal(x[name], y[name]) for name in y)
    kept = [checkpoint.load(folder / "model.safetensors").model.state_dict() for folder in (out, wanted)]
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[1])


def test_a_state_from_before_there_were_kinds_goes_on(tmp_path):
    """Settings that came later have their defaults in the states of earlier runs."""
    config, out = made("esvae", epochs=1), tmp_path / "run"
    train(config, out, hardware=CPU)
    state = torch.load(out / "state.pt", weights_only=True)
    earlier = RunConfig.model_validate_json(state["config"]).model_dump()
    del earlier["model"]["kind"], earlier["train"]["kl_weight"]
    state["config"] = RunConfig.model_construct(**earlier).model_dump_json(warnings=False)
    assert "kind" not in state["config"]
    torch.save(state, out / "state.pt")
    train(config, out, hardware=CPU, resume=True)


def test_a_checkpoint_of_another_kind_is_no_start(tmp_path):
    train(made("ae", epochs=1), tmp_path / "run", hardware=CPU)
    start = str(tmp_path / "run" / "model.safetensors")
    with pytest.raises(TrainingError, match="another shape"):
        train(made("annvae", start_from=start), tmp_path / "other", hardware=CPU)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("annvae", "mmd_weight", 1.0),
        ("ae", "grow_time", [[0.5, 1]]),
        ("esvae", "kl_weight", 1.0),
        ("esvae", "latent_loss", "kl"),
    ],
)
def test_a_setting_of_another_kind_is_refused(kind, name, value):
    with pytest.raises(ConfigError, match=rf"train\.{name} is for models of kind .*, not {kind}"):
        made(kind, **{name: value})
    made(kind, **{name: TrainConfig.model_fields[name].default})
