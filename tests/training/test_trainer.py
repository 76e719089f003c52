"""The trainer inside this process: what it does to a model, what it writes, how it stops and goes on."""

from __future__ import annotations

import csv
import itertools
import json
import math
import os
import re
import shutil
import signal
import sys

import numpy as np
import pytest
import torch
from lightning_fabric.loggers import CSVLogger
from PIL import Image

from esvae_core import checkpoint
from esvae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from esvae_core.data import ImageSet, load
from esvae_core.errors import NonFiniteError, TrainingError
from esvae_core.esvae import ESVAE
from esvae_core.fitted_prior import fit_prior
from esvae_core.loss import esvae_loss
from esvae_core.training import objectives, trainer
from esvae_core.training.state import load_state
from esvae_core.training.trainer import Hardware, Interrupted, train
from esvae_core.training.training_data import training_data

from .conftest import settings

CPU = Hardware("cpu")
MODEL = {"image_size": 8, "channels": (2, 4), "latent_dim": 4, "time_steps": 3}


def made(*, model=None, data=None, **changes) -> RunConfig:
    settings = {"epochs": 2, "batch_size": 256, "lr": 0.02} | changes
    return RunConfig(
        name="tiny",
        model=ModelConfig(**MODEL | (model or {})),
        data=DataConfig(**{"dataset": "digits", "validation_fraction": 0.1} | (data or {})),
        train=TrainConfig(**settings),
    )


def weights(out):
    return load_state(out / "state.pt").model


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def rows(out):
    with (out / "log.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def interrupt_at(step):
    """A report that presses Ctrl-C once `step` optimiser steps are done."""
    done = []

    def report(progress):
        done.append(progress)
        if len(done) == step:
            os.kill(os.getpid(), signal.SIGINT)

    return report


@pytest.fixture(autouse=True)
def no_circles(monkeypatch):
    """A run that enters an epoch again without having ended it would go on for ever: fail instead."""
    epoch = trainer._Run._epoch

    def watched(self, report, stop):
        before = self.state.epoch
        epoch(self, report, stop)
        assert self.state.epoch == before + 1, f"epoch {before + 1} came back without having ended"

    monkeypatch.setattr(trainer._Run, "_epoch", watched)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Three epochs without interruption, with all that carries state: average, schedule, clipping, growing T."""
    out = tmp_path_factory.mktemp("straight") / "run"
    train(eventful(), out, hardware=CPU)
    return out


def eventful():
    return made(
        epochs=3, schedule="cosine", warmup_steps=3, gradient_clip=1.0, ema_decay=0.9, mean_image_bias=True,
        grow_time=((1 / 3, 1), (2 / 3, 2)), data={"mirror": True},
    )  # fmt: skip


# ---- what a run writes -----------------------------------------------------------------------------------------------


def test_a_run_writes_what_it_promises(straight):
    assert {p.name for p in straight.iterdir()} == {
        "config.json", "log.csv", "tensorboard", "samples", "state.pt", "model.safetensors"
    }  # fmt: skip
    assert RunConfig(**json.loads((straight / "config.json").read_text())) == eventful()
    assert sorted(p.name for p in (straight / "samples").iterdir()) == [f"epoch-00{i}.png" for i in (1, 2, 3)]
    with Image.open(straight / "samples" / "epoch-003.png") as picture:
        assert picture.size == (2 * (16 * 10 - 2), 2 * (6 * 10 - 2))  # rows of 16, gaps of 2, twice as large
    assert list((straight / "tensorboard").iterdir())


def test_the_log_has_a_row_per_epoch_and_finite_figures(straight):
    with (straight / "log.csv").open() as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == [
        "epoch", "step", "time_steps", "lr", "loss", "mse", "mmd", "mean_rate", "gradient_norm",
        "validation_mse", "validation_mmd", "validation_silent", "validation_saturated", "seconds",
    ]  # fmt: skip
    assert [row["epoch"] for row in table] == ["1", "2", "3"]
    assert [row["time_steps"] for row in table] == ["1", "2", "3"]
    assert [row["step"] for row in table] == ["5", "10", "15"]  # 1,347 training images in batches of 256
    assert all(math.isfinite(float(value)) for row in table for value in row.values())
    assert float(table[-1]["mse"]) < float(table[0]["mse"])


def test_the_checkpoint_says_how_it_was_trained(straight):
    header = checkpoint.load(straight / "model.safetensors").header
    assert header.model == eventful().model
    assert header.train == eventful().train
    assert header.dataset.name == "digits"
    assert len(header.dataset.sha256) == 64
    assert len(header.dataset.class_names) == 10
    assert header.training.epochs == 3
    assert header.training.steps == 15
    assert len(header.training.curve) == 3


def test_the_checkpoint_holds_the_averaged_weights(straight):
    state = load_state(straight / "state.pt")
    kept = checkpoint.load(straight / "model.safetensors").model.state_dict()
    assert same(kept, state.average)
    assert not same(kept, state.model)


def test_a_seed_repeats_a_run_and_another_differs(straight, tmp_path):
    train(eventful(), tmp_path / "again", hardware=CPU)
    assert same(weights(tmp_path / "again"), weights(straight))
    assert rows(tmp_path / "again") == rows(straight)
    other = eventful().model_copy(update={"train": eventful().train.model_copy(update={"seed": 1, "epochs": 1})})
    train(other, tmp_path / "other", hardware=CPU)
    assert rows(tmp_path / "other")[0]["mse"] != rows(straight)[0]["mse"]


def test_the_best_epoch_is_kept(tmp_path, monkeypatch):
    errors = iter([0.5, 0.3, 0.4])
    monkeypatch.setattr(trainer._Run, "_validate", lambda self, model: {"mse": next(errors), "mmd": 0.0})
    train(made(epochs=3), tmp_path / "run", hardware=CPU)
    assert checkpoint.load(tmp_path / "run" / "model.safetensors").header.training.epochs == 2


def test_an_epoch_at_another_t_never_counts_as_best(tmp_path, monkeypatch):
    errors = iter([0.1, 0.5, 0.6])
    monkeypatch.setattr(trainer._Run, "_validate", lambda self, model: {"mse": next(errors), "mmd": 0.0})
    train(made(epochs=3, grow_time=((1 / 3, 1),)), tmp_path / "run", hardware=CPU)
    assert checkpoint.load(tmp_path / "run" / "model.safetensors").header.training.epochs == 2


def test_training_changes_no_global_random_state(tmp_path):
    before = torch.random.get_rng_state()
    train(made(epochs=1), tmp_path / "run", hardware=CPU)
    assert torch.equal(before, torch.random.get_rng_state())


# ---- stopping and going on -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 3, 5, 8, 14])
def test_an_interrupted_run_goes_on_as_if_nothing_had_been(step, straight, tmp_path):
    """Wherever Ctrl-C falls, between two batches or at an epoch's end, the weights end bit for bit the same."""
    out = tmp_path / "run"
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted, match="can be resumed"):
        train(eventful(), out, hardware=CPU, report=interrupt_at(step))
    assert signal.getsignal(signal.SIGINT) is before
    train(eventful(), out, hardware=CPU, resume=True)
    state, wanted = load_state(out / "state.pt"), load_state(straight / "state.pt")
    assert same(state.model, wanted.model)
    assert same(state.average, wanted.average)
    assert rows(out) == rows(straight)
    kept = [checkpoint.load(folder / "model.safetensors").model.state_dict() for folder in (out, straight)]
    assert same(*kept)


def test_a_stop_at_the_last_batch_of_an_epoch_can_be_resumed(straight, tmp_path, monkeypatch):
    """A signal that is seen right after an epoch's last batch: the epoch's end must not be lost, nor the run hang."""
    out, steps = tmp_path / "run", trainer._Run._step

    def step(self, chosen):
        values = steps(self, chosen)
        if self.state.step == 5:  # the last of the first epoch
            os.kill(os.getpid(), signal.SIGINT)
        return values

    monkeypatch.setattr(trainer._Run, "_step", step)
    with pytest.raises(Interrupted):
        train(eventful(), out, hardware=CPU)
    monkeypatch.setattr(trainer._Run, "_step", steps)
    train(eventful(), out, hardware=CPU, resume=True)
    assert same(weights(out), weights(straight))
    assert rows(out) == rows(straight)


def test_a_state_saved_within_an_epoch_goes_on_the_same(straight, tmp_path, monkeypatch):
    """The state is saved every so often; a crash right after any of those must lose nothing that it held."""
    out, saves, save = tmp_path / "run", [], trainer._Run._save

    class Crash(Exception):
        pass

    def crashing(self):
        save(self)
        saves.append(self.state.batch)
        if len(saves) == 5:  # right after the last batch of the first epoch, before its end
            raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "SAVE_EVERY", -1.0)
        patch.setattr(trainer._Run, "_save", crashing)
        with pytest.raises(Crash):
            train(eventful(), out, hardware=CPU)
    train(eventful(), out, hardware=CPU, resume=True)
    assert same(weights(out), weights(straight))


def test_the_checkpoint_says_what_both_clocks_say(tmp_path, monkeypatch):
    readings = ((10.0 * i, 1.0 * i) for i in itertools.count())
    monkeypatch.setattr(trainer, "_clocks", lambda: next(readings))
    train(made(), tmp_path / "run", hardware=CPU)
    training = checkpoint.load(tmp_path / "run" / "model.safetensors").header.training
    assert training.cpu_seconds >= training.epochs
    assert training.seconds == 10 * training.cpu_seconds


def test_a_finished_run_resumes_to_nothing(straight):
    before = (straight / "model.safetensors").read_bytes()
    assert train(eventful(), straight, hardware=CPU, resume=True) == straight / "model.safetensors"
    assert (straight / "model.safetensors").read_bytes() == before


def test_a_folder_in_use_is_refused(straight):
    with pytest.raises(TrainingError, match="--resume") as caught:
        train(eventful(), straight, hardware=CPU)
    assert str(straight) in str(caught.value)


def test_resuming_nothing_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="nothing to resume"):
        train(made(), tmp_path / "run", hardware=CPU, resume=True)
    assert not (tmp_path / "run").exists()


def test_resuming_with_other_settings_is_refused_and_changes_nothing(straight):
    before = {p: p.read_bytes() for p in straight.rglob("*") if p.is_file()}
    with pytest.raises(TrainingError, match="other settings"):
        train(made(epochs=9), straight, hardware=CPU, resume=True)
    assert before == {p: p.read_bytes() for p in straight.rglob("*") if p.is_file()}


def test_a_run_is_extended_and_keeps_its_phases(straight, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(straight, out)
    longer = eventful()
    longer = longer.model_copy(update={"train": longer.train.model_copy(update={"epochs": 5})})
    train(longer, out, hardware=CPU, resume=True)
    table = rows(out)
    assert table[:3] == rows(straight)
    assert [row["time_steps"] for row in table] == ["1", "2", "3", "3", "3"]  # T does not fall again
    kept = RunConfig(**json.loads((out / "config.json").read_text()))
    assert kept.train.epochs == 5
    assert [(round(share, 9), steps) for share, steps in kept.train.grow_time] == [(0.2, 1), (0.4, 2)]
    train(kept, out, hardware=CPU, resume=True)  # what it wrote resumes itself
    with pytest.raises(TrainingError, match="expected 5 or more, which the run has begun, got 4"):
        train(longer.model_copy(update={"train": kept.train.model_copy(update={"epochs": 4})}), out, resume=True)


def test_a_damaged_state_is_refused(straight, tmp_path):
    whole = (straight / "state.pt").read_bytes()
    for content in (b"", b"nonsense", whole[:100], whole[: len(whole) // 2], whole[:-1]):
        (tmp_path / "state.pt").write_bytes(content)
        with pytest.raises(TrainingError, match="state of a training run"):
            train(eventful(), tmp_path, hardware=CPU, resume=True)


def test_a_state_of_something_else_is_refused(tmp_path):
    for content in ([1, 2], {"a": 1}, {"config": "{}", "dataset_sha256": "x", "surprise": 1}, torch.zeros(3)):
        torch.save(content, tmp_path / "state.pt")
        with pytest.raises(TrainingError, match="state of a training run"):
            load_state(tmp_path / "state.pt")


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_a_batch_larger_than_the_data_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="5000 is more than the 1347"):
        train(made(batch_size=5000), tmp_path / "run", hardware=CPU)


def test_an_absurd_rate_ends_with_a_clear_error_and_the_last_good_epoch(tmp_path, monkeypatch):
    out, steps = tmp_path / "run", trainer._Run._step

    def step(self, chosen):
        if self.state.epoch == 1 and self.state.batch == 2:
            with torch.no_grad():
                self.model.readout.weight.fill_(float("nan"))
        return steps(self, chosen)

    monkeypatch.setattr(trainer._Run, "_step", step)
    with pytest.raises(NonFiniteError) as caught:
        train(made(epochs=3), out, hardware=CPU)
    assert "epoch 2, step 8" in str(caught.value)
    assert str(out) in str(caught.value)
    assert "learning rate" in str(caught.value)
    state = load_state(out / "state.pt")
    assert state.epoch == 1
    assert all(bool(t.isfinite().all()) for t in state.model.values())
    assert checkpoint.load(out / "model.safetensors").header.training.epochs == 1


# ---- what training does ----------------------------------------------------------------------------------------------


class Ready(trainer._Run):
    """A run set up and not started."""

    def __init__(self, config, out):
        from lightning_fabric import Fabric

        data = training_data(config, None, processes=1)
        super().__init__(Fabric(accelerator="cpu", devices=1), config, out, data, None)


def test_a_prior_is_fitted_after_training_not_before(tmp_path):
    with pytest.raises(TrainingError, match="fits a prior after the training"):
        train(made(model={"prior_components": 3}), tmp_path, hardware=CPU)


def test_a_run_starts_from_a_checkpoint_without_its_fitted_prior(tmp_path):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(9)
        known = ESVAE(made().model)
    model = known.with_prior(fit_prior(torch.rand(50, 4), 2, 3, torch.Generator()))
    path = tmp_path / "start.safetensors"
    checkpoint.save(path, model.state_dict(), checkpoint.Header(name="start", model=model.config))
    run = Ready(made(start_from=str(path)), tmp_path / "run")
    run.close()
    assert same(run.model.state_dict(), known.state_dict())


def test_a_checkpoint_tells_of_all_runs_that_led_to_it(tmp_path):
    train(made(epochs=2), tmp_path / "one", hardware=CPU)
    first = checkpoint.read_header(tmp_path / "one/model.safetensors").training
    second = made(epochs=3, start_from=str(tmp_path / "one/model.safetensors"))
    with pytest.raises(Interrupted):
        train(second, tmp_path / "two", hardware=CPU, report=interrupt_at(1))
    (tmp_path / "one/model.safetensors").unlink()  # what it told is in the state by now
    train(second, tmp_path / "two", hardware=CPU, resume=True)
    header = checkpoint.read_header(tmp_path / "two/model.safetensors")
    whole = header.training
    assert [row["epoch"] for row in whole.curve] == [float(k + 1) for k in range(first.epochs + whole.epochs - 2)]
    assert whole.curve[: first.epochs] == first.curve[: first.epochs]
    assert whole.epochs == len(whole.curve)
    assert whole.steps == whole.curve[-1]["step"]
    assert whole.seconds >= first.seconds
    assert header.train.start_from == "model.safetensors"


def test_a_run_may_go_on_with_other_neurons_and_sampling_but_not_with_another_shape(tmp_path):
    known = ESVAE(made().model)
    path = tmp_path / "start.safetensors"
    checkpoint.save(path, known.state_dict(), checkpoint.Header(name="start", model=known.config))
    other = {"neuron": {"surrogate_center": 0.2, "reset": "soft"}, "sampler": "systematic"}
    run = Ready(made(start_from=str(path), model=other), tmp_path / "run")
    run.close()
    assert same(run.model.state_dict(), known.state_dict())
    assert run.model.config.neuron.reset == "soft"
    for shape, message in (
        ({"latent_dim": 3}, "has 4 latent neurons, the run 3"),
        ({"time_steps": 7}, "another shape"),
    ):
        with pytest.raises(TrainingError, match=message):
            Ready(made(start_from=str(path), model=shape), tmp_path / "other")


def test_a_run_with_more_latent_neurons_decodes_as_the_checkpoint_it_starts_from(tmp_path):
    known = ESVAE(made().model)
    path = tmp_path / "start.safetensors"
    checkpoint.save(path, known.state_dict(), checkpoint.Header(name="start", model=known.config))
    run = Ready(made(start_from=str(path), model={"latent_dim": 7}), tmp_path / "run")
    run.close()
    wide, narrow = run.model.eval(), known.eval()
    spikes = (torch.rand(wide.config.time_steps, 3, 7) > 0.5).float()
    torch.testing.assert_close(wide.decode(spikes), narrow.decode(spikes[:, :, :4].contiguous()))
    images = torch.rand(3, 1, 8, 8) * 2 - 1
    torch.testing.assert_close(wide.encode(images).rates[:, :4], narrow.encode(images).rates)
    assert bool(wide.to_latent.transform.weight[4:].any())  # the new neurons are not silent for good
    assert wide.prior.linear.weight.shape == (7, 7)
    before = wide.from_latent.transform.weight[:, 4:].clone()
    run.model.train()
    run._step(torch.arange(256))
    assert bool((run.model.from_latent.transform.weight[:, 4:] != before).all(0).any())


LEARNED = {
    "neuron": {"learned_leak": True},
    "latent_neuron": {"learned_leak": True, "leak": 0.9},
    "learned_readout": True,
}


def test_leaks_are_learned_from_those_of_the_settings_on(tmp_path):
    known = ESVAE(made().model)
    path = tmp_path / "start.safetensors"
    checkpoint.save(path, known.state_dict(), checkpoint.Header(name="start", model=known.config))
    run = Ready(made(model=LEARNED, start_from=str(path), lr=0.01, leak_lr_factor=3.0), tmp_path / "run")
    run.close()
    leaks = {name: x.clone() for name, x in run.model.state_dict().items() if name.endswith("leak_logit")}
    assert same({name: x for name, x in run.model.state_dict().items() if name not in leaks}, known.state_dict())
    starts = {"to_latent": 0.9, "readout_leak": 0.8}
    for name, logits in leaks.items():
        wanted = starts.get(name.removesuffix(".leak_logit"), 0.25)
        torch.testing.assert_close(logits.sigmoid(), torch.full_like(logits, wanted))
    assert len(leaks) == len(run.model.encoder) + len(run.model.decoder) + 3
    run._step(torch.arange(256))
    *_, group = run.optimizer.param_groups
    assert (group["lr"], group["weight_decay"]) == (pytest.approx(3 * 0.01 * 256 / 250), 0)
    for name, before in leaks.items():
        # what the readout keeps at its first step is nothing, whatever its leak
        moved = (run.model.state_dict()[name] != before)[int(name.startswith("readout")) :]
        assert bool(moved.any()), name


def test_a_run_without_learned_leaks_refuses_weights_that_have_them(tmp_path):
    known = ESVAE(made(model=LEARNED).model)
    path = tmp_path / "start.safetensors"
    checkpoint.save(path, known.state_dict(), checkpoint.Header(name="start", model=known.config))
    with pytest.raises(TrainingError, match=r"learned leaks \(encoder.0.leak_logit\)"):
        Ready(made(start_from=str(path)), tmp_path / "run")


def test_the_right_bias_paints_the_mean_image(tmp_path):
    run = Ready(made(mean_image_bias=True), tmp_path)
    run.close()
    mean = float(load("digits", "train", image_size=8, channels=1, validation_fraction=0.1).tensor().mean())
    model = run.model.eval()
    with torch.no_grad():
        for layer in [model.from_latent, *model.decoder]:
            layer.norm.bias.fill_(-100)  # silent
    picture = model.decode(torch.zeros(3, 1, 4))
    torch.testing.assert_close(picture, torch.full_like(picture, mean), rtol=0, atol=1e-4)


def test_without_that_option_the_bias_is_the_initial_one(tmp_path):
    run = Ready(made(), tmp_path)
    run.close()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        assert torch.equal(run.model.readout.bias, ESVAE(run.config.model).readout.bias)


def test_growing_t_keeps_the_picture(tmp_path):
    """A decoder whose last layer fires at every step paints the same picture before and after T grows."""
    run = Ready(made(grow_time=((0.5, 1),), ema_decay=0.5), tmp_path)
    run.close()

    def painted(steps):
        model = run.model.eval()
        with torch.no_grad():
            model.decoder[-1].norm.bias.fill_(100)
            return model.decode(torch.ones(steps, 1, 4))

    before, average = painted(1), run.average.state["readout.weight"].clone()
    run.state.epoch = 1
    run._grow_time()
    torch.testing.assert_close(painted(3), before, rtol=0, atol=1e-5)
    torch.testing.assert_close(run.average.state["readout.weight"], average / (0.64 + 0.8 + 1))
    run._grow_time()  # only once
    torch.testing.assert_close(painted(3), before, rtol=0, atol=1e-5)


def seen_images(tmp_path, **data):
    run = Ready(made(data=data, batch_size=64), tmp_path)
    run.close()
    seen, forward = [], run.forward
    run.forward = lambda images, noise, normal: (seen.append(images.clone()), forward(images, noise, normal))[1]
    rows = torch.arange(64)
    run._step(rows)
    return run.data.images.tensor(rows.numpy()), seen[0]


def test_mirroring_flips_about_every_other_image(tmp_path):
    plain, seen = seen_images(tmp_path, mirror=True)
    kept = (plain == seen).flatten(1).all(1)
    flipped = (plain.flip(3) == seen).flatten(1).all(1)
    assert bool((kept | flipped).all())
    assert 16 < int(flipped.sum()) < 48


def test_shifting_moves_images_by_at_most_so_much_each_way(tmp_path):
    plain, seen = seen_images(tmp_path, shift=1)
    padded = torch.nn.functional.pad(plain, (1, 1, 1, 1), mode="replicate")
    height, width = plain.shape[2:]
    ways = [padded[:, :, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    counts = [int((way == seen).flatten(1).all(1).sum()) for way in ways]
    assert bool(torch.stack([(way == seen).flatten(1).all(1) for way in ways]).any(0).all())
    assert min(counts) >= 1


def test_images_come_as_they_are_unless_asked(tmp_path):
    plain, seen = seen_images(tmp_path)
    assert torch.equal(plain, seen)


def test_an_epoch_can_be_short(tmp_path, monkeypatch):
    chosen, steps = [], trainer._Run._step
    monkeypatch.setattr(trainer._Run, "_step", lambda self, rows: (chosen.append(rows.numpy()), steps(self, rows))[1])
    train(made(epochs=2, batches_per_epoch=2, batch_size=128), tmp_path / "run", hardware=CPU)
    assert [row["step"] for row in rows(tmp_path / "run")] == ["2", "4"]
    assert len(chosen) == 4
    assert set(np.concatenate(chosen[:2])) != set(np.concatenate(chosen[2:]))


def test_the_options_of_the_objective_reach_it(tmp_path, monkeypatch):
    seen = {}

    def loss(*arguments, **options):
        seen.update(options, weight=arguments[4])
        return esvae_loss(*arguments, **options)

    monkeypatch.setattr(objectives.esvae, "esvae_loss", loss)
    run = Ready(
        made(mmd_weight=1.0, mmd_warmup_steps=4, mmd_unbiased=True, mmd_kernel="inverse-multiquadric", rate_weight=0.5),
        tmp_path,
    )
    run.close()
    run._step(torch.arange(64))
    assert seen == {
        "weight": 0.25, "unbiased": True, "kernel": "inverse-multiquadric", "rate_weight": 0.5,
        "factors": None, "factor_weight": 0.0, "terms": {},
    }  # fmt: skip


SPRITES = {"dataset": "sprites", "validation_fraction": 0.9}


def test_neurons_learn_what_they_are_told(tmp_path):
    """Two like runs, of which one is told: its first neurons come to follow the factors, in order."""

    def followed(weight):
        run = made(
            epochs=1, batches_per_epoch=150, batch_size=32, lr=0.1, schedule="cosine", factor_weight=weight,
            data=SPRITES | {"validation_fraction": 0.1},
            model={"latent_dim": 8, "channels": (8, 16), "time_steps": 4, "sampler": "systematic"},
        )  # fmt: skip
        path = train(run, tmp_path / str(weight), hardware=CPU)
        assert ("factor_error" in rows(path.parent)[0]) == bool(weight)
        data = load("sprites", "validation", image_size=8, channels=1, validation_fraction=0.1)
        model = checkpoint.load(path).model
        with torch.no_grad():
            rates = model.encode(data.tensor()).rates.numpy()
        return [np.corrcoef(rates[:, i], data.factors[:, i])[0, 1] for i in (3, 4)]  # x and y

    told, alone = followed(1.0), followed(0.0)

    assert min(told) > 0.7
    assert max(map(abs, alone)) < min(told)


def test_the_factors_are_those_of_the_batch(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        objectives.esvae, "esvae_loss", lambda *a, **o: (seen.append(o["factors"]), esvae_loss(*a, **o))[1]
    )
    run = Ready(made(factor_weight=0.1, model={"latent_dim": 8}, data=SPRITES), tmp_path)
    run.close()
    rows = torch.tensor([5, 3, 700, 2])
    run._step(rows)
    factors = run.data.images.factors
    expected = (factors - factors.min(0)) / (factors.max(0) - factors.min(0))
    np.testing.assert_allclose(seen[0], expected[rows], atol=1e-6)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({}, "it is not known what the images of digits were made from"),
        (SPRITES, "expected a latent neuron for each of 5 factors, got model.latent_dim 4"),
        (SPRITES | {"mirror": True}, "expected neither data.mirror nor data.shift"),
        (SPRITES | {"shift": 1}, "expected neither data.mirror nor data.shift"),
    ],
)
def test_what_cannot_be_taught_is_refused(data, line, tmp_path):
    with pytest.raises(TrainingError, match=re.escape(f"train.factor_weight: {line}")):
        train(made(factor_weight=1.0, data=data), tmp_path / "run", hardware=CPU)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("share", [None, 0.0, 0.75, 1.0])
def test_samplers_are_mixed_by_their_share(share, tmp_path, monkeypatch):
    run = Ready(made(systematic_share=share), tmp_path)
    run.close()
    seen, forward = [], run.forward
    run.forward = lambda *inputs: (seen.append(inputs[3:]), forward(*inputs))[1]
    run._step(torch.arange(256))
    if share is None:
        assert seen == [()]
    else:
        assert float(seen[0][0].float().mean()) == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("share", [None, 0.5])
@pytest.mark.parametrize("swap", [0.3, 1.0])
def test_untaught_neurons_are_swapped_for_a_share_of_images(share, swap, tmp_path):
    config = made(factor_weight=0.1, factor_swap=swap, systematic_share=share, model={"latent_dim": 8}, data=SPRITES)
    run = Ready(config, tmp_path)
    run.close()
    seen, given, forward, network = [], [], run.forward, run.model.forward
    run.forward = lambda *inputs: (seen.append(inputs[3:]), forward(*inputs))[1]
    run.model.forward = lambda *inputs, **options: (given.append(options), network(*inputs, **options))[1]
    run._step(torch.arange(400))
    *mixed, swapped = seen[0]
    assert len(mixed) == (share is not None)
    assert given[0]["swap"] is swapped
    assert given[0]["systematic"] is (mixed[0] if mixed else None)
    assert not swapped[:, :5].any()  # the five factors
    assert (swapped[:, 5:] == swapped[:, 5:6]).all()
    assert float(swapped[:, 5].float().mean()) == pytest.approx(swap, abs=0.06)


def test_the_prior_learns_faster_by_its_factor(tmp_path):
    run = Ready(made(prior_lr_factor=7.0, lr=0.01), tmp_path)
    run.close()
    run._step(torch.arange(256))
    rates = [group["lr"] for group in run.optimizer.param_groups]
    assert rates == pytest.approx([0.01 * 256 / 250, 7 * 0.01 * 256 / 250])
    prior = {id(p) for p in run.model.prior.parameters()}
    assert {id(p) for p in run.optimizer.param_groups[1]["params"]} == prior


def test_the_gradient_is_clipped(tmp_path):
    run = Ready(made(gradient_clip=1e-3), tmp_path)
    run.close()
    norms = []
    step = run.optimizer.step
    run.optimizer.step = lambda *a, **k: (
        norms.append(math.sqrt(sum(float(p.grad.square().sum()) for p in run.model.parameters()))),
        step(*a, **k),
    )
    run._step(torch.arange(256))
    assert norms[0] == pytest.approx(1e-3, rel=1e-3)
    assert run.state.sums["gradient_norm"] > 1e-3  # the log has the norm before clipping


def test_every_image_is_seen_at_most_once_an_epoch(tmp_path, monkeypatch):
    chosen, steps = [], trainer._Run._step
    monkeypatch.setattr(trainer._Run, "_step", lambda self, rows: (chosen.append(rows.numpy()), steps(self, rows))[1])
    train(made(epochs=2), tmp_path / "run", hardware=CPU)
    first, second = np.concatenate(chosen[:5]), np.concatenate(chosen[5:])
    assert len(set(first)) == len(first) == 5 * 256
    assert not np.array_equal(first, second)


def test_progress_counts_up_to_the_end(tmp_path):
    seen = []
    train(made(epochs=2), tmp_path / "run", hardware=CPU, report=seen.append)
    assert [(p.epoch, p.batch) for p in seen] == [(e, b) for e in (1, 2) for b in range(1, 6)]
    assert [p.row is not None for p in seen] == [False] * 4 + [True] + [False] * 4 + [True]
    assert seen[-1].seconds_left == pytest.approx(0, abs=1e-9)


def test_mixed_precision_trains(tmp_path):
    train(made(epochs=1, precision="bf16-mixed"), tmp_path / "run", hardware=CPU)
    assert all(t.dtype is torch.float32 for t in weights(tmp_path / "run").values())
    assert 0 < float(rows(tmp_path / "run")[0]["mse"]) < 4


def test_small_parts_of_a_batch_learn_what_the_whole_does(tmp_path):
    for name, part in (("whole", None), ("parts", 100)):
        train(made(epochs=1, micro_batch=part), tmp_path / name, hardware=CPU)
    whole, parts = rows(tmp_path / "whole"), rows(tmp_path / "parts")
    assert float(parts[0]["mse"]) == pytest.approx(float(whole[0]["mse"]), rel=1e-3)
    assert float(parts[0]["gradient_norm"]) == pytest.approx(float(whole[0]["gradient_norm"]), rel=1e-2)


@pytest.mark.parametrize(("capability", "precision", "said"), [
    ("AVX2", "bf16-mixed", True), ("AVX2", "32-true", False), ("AVX512", "bf16-mixed", False),
])  # fmt: skip
def test_bfloat16_that_costs_time_is_told(capability, precision, said, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("esvae_core.training.trainer.get_cpu_capability", lambda: capability)
    train(made(precision=precision, epochs=1), tmp_path / "run", hardware=CPU)
    assert ("bf16-mixed is several times slower" in caplog.text) == said


# ---- images of your own ----------------------------------------------------------------------------------------------


class Noise(torch.utils.data.Dataset):
    """Forty images of 10 x 12 pixels in two classes, as a torch data set gives them."""

    def __len__(self):
        return 40

    def __getitem__(self, index):
        source = torch.Generator().manual_seed(index)
        return torch.rand(1, 10, 12, generator=source), index % 2


@pytest.mark.parametrize("own", ["arrays", "dataset"])
def test_training_takes_images_from_python(tmp_path, own):
    arrays = (np.stack([Noise()[i][0].numpy() for i in range(40)]), [i % 2 for i in range(40)])
    given = (
        ImageSet.from_arrays(*arrays, class_names=["even", "odd"], name="mine")
        if own == "arrays"
        else ImageSet.from_dataset(Noise(), class_names=["even", "odd"], name="mine")
    )
    config = made(epochs=1, batch_size=8, data={"validation_fraction": 0.2})
    header = checkpoint.load(train(config, tmp_path / "run", data=given, hardware=CPU)).header
    assert (header.dataset.name, header.data.dataset) == ("mine", "mine")
    assert header.dataset.class_names == ("even", "odd")
    assert header.dataset.sha256 == given.sha256
    assert header.training.steps == 4  # 32 of 40 images, in batches of 8
    longer = config.model_copy(update={"train": config.train.model_copy(update={"epochs": 2})})
    train(longer, tmp_path / "run", data=given, hardware=CPU, resume=True)
    assert load_state(tmp_path / "run" / "state.pt").epoch == 2


class Told:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.points, self.pictures, self.closed = [], [], 0

    def scalars(self, values, step):
        self.points.append((step, values))

    def picture(self, name, picture, step):
        self.pictures.append((step, name, picture.size))

    def close(self):
        self.closed += 1


def test_loggers_are_told_of_every_epoch(tmp_path):
    told, lightning = Told(), CSVLogger(tmp_path, name="lightning", version=0)
    train(made(), tmp_path / "run", loggers=[told, lightning])
    written = rows(tmp_path / "run")
    assert [(step, f"{values['validation_mse']:.6g}") for step, values in told.points] == [
        (int(row["step"]), row["validation_mse"]) for row in written
    ]
    assert [step for step, *_ in told.pictures] == [step for step, _ in told.points]
    assert told.closed == 1
    with (tmp_path / "lightning" / "version_0" / "metrics.csv").open() as file:
        theirs = list(csv.DictReader(file))
    assert [row["step"] for row in theirs] == [row["step"] for row in written]
    assert not (tmp_path / "run" / "tensorboard").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tensorbord", "expected tensorboard, wandb, mlflow"),
        ("wandb", "the package is not installed: pip install wandb"),
    ],
)
def test_a_logger_that_is_not_there_is_said_before_anything_is_written(tmp_path, monkeypatch, name, message):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(TrainingError, match=message):
        train(made(), tmp_path / "run", loggers=[name])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_named_loggers_go_on_with_a_resumed_run(command, tmp_path, monkeypatch, name):
    package = pytest.importorskip(name)
    monkeypatch.setitem(command.environment, "WANDB_MODE", "offline")
    monkeypatch.setitem(command.environment, "MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    out = tmp_path / "run"
    first = command("train", *settings("train.epochs=1", "train.batches_per_epoch=2"), "--out", out, "--logger", name)
    assert first.returncode == 0, first.stderr
    identity = (out / f"{name}-id.txt").read_text().strip()
    more = command("train", "--out", out, "--resume", "--set", "train.epochs=2", "--logger", name)
    assert more.returncode == 0, more.stderr
    assert (out / f"{name}-id.txt").read_text().strip() == identity
    if name == "mlflow":
        package.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
        history = package.MlflowClient().get_metric_history(identity, "validation_mse")
        assert [point.step for point in history] == [2, 4]
