"""Models of recordings: one frame in and one out at each step, from the layers to the command."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from esvae_core.checkpoint import Header, load, save
from esvae_core.config import ModelConfig, RunConfig, parse
from esvae_core.data import ImageSet
from esvae_core.data.event_files import to_nmnist
from esvae_core.engine import plan_of, to_bundle
from esvae_core.errors import ConfigError, InputError, KindError, TrainingError
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.adapter import adapter_of
from esvae_core.evaluation.cost import costs, synapses
from esvae_core.evaluation.evaluate import evaluate
from esvae_core.export import to_onnx
from esvae_core.presets import for_dataset, preset
from esvae_core.tdbn import TdBatchNorm
from esvae_core.training.trainer import Hardware, train

from .data.made import made_events

T, D, SIZE = 4, 5, 8
LEAD = 2
TINY = {
    "frames": True, "image_channels": 2, "image_size": SIZE, "channels": (4, 6), "latent_dim": D, "time_steps": T,
    "readout_decay": 0.5,
}  # fmt: skip


def recordings(count: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.rand((count, T, 2, SIZE, SIZE), generator=torch.Generator().manual_seed(seed)) * 2 - 1


def warm(**settings: object) -> ESVAE:
    """Tiny, with the statistics of some batches, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        made = ESVAE(ModelConfig(**TINY, **settings)).train()
        for seed in range(20):
            made(recordings(16, seed), generator=torch.Generator().manual_seed(seed))
        for module in made.modules():
            if isinstance(module, TdBatchNorm):
                module.bias.data.fill_(0.15)  # so that all layers fire
    return made.eval()


@pytest.fixture(scope="module")
def model() -> ESVAE:
    return warm()


@pytest.fixture(scope="module")
def leading() -> ESVAE:
    """As `model`; its decoder has LEAD steps before the first frame's."""
    return warm(lead_steps=LEAD)


def spikes(count: int = 3, steps: int = T) -> torch.Tensor:
    return (torch.rand((steps, count, D), generator=torch.Generator().manual_seed(1)) < 0.5).float()


# ---- the model -------------------------------------------------------------------------------------------------------


@torch.no_grad()
def test_a_frame_reaches_the_encoder_at_its_own_step(model):
    shown, other = recordings(), recordings()
    other[:, 2] = recordings(seed=9)[:, 2]
    before, after = (model.trace_encode(x).layers["encoder.0"].membranes for x in (shown, other))
    assert torch.equal(before[:2], after[:2])
    assert not torch.equal(before[2], after[2])
    assert torch.equal(model.encode(shown).rates, model.encode(shown).spikes.mean(0))
    layers = list(model.trace_encode(shown).layers.values())
    assert torch.equal(layers[-1].spikes, model.encode(shown).spikes)


@torch.no_grad()
def test_frame_t_is_what_the_readout_shows_after_step_t(model):
    trains = spikes()
    frames = model.decode(trains)
    assert frames.shape == (3, T, 2, SIZE, SIZE)
    trace = model.trace_decode(trains)
    assert torch.allclose(frames, trace.images.transpose(0, 1), atol=1e-6)
    membrane = torch.zeros(3, 2, SIZE, SIZE)
    for t, fired in enumerate(trace.layers["decoder.1"].spikes):
        membrane = 0.5 * membrane + model.readout(fired)
        assert torch.allclose(frames[:, t], torch.tanh(membrane), atol=1e-6)
    trains[2] = 1 - trains[2]
    later = model.decode(trains)
    assert torch.equal(frames[:, :2], later[:, :2])
    assert not torch.equal(frames[:, 2], later[:, 2])


@torch.no_grad()
def test_the_decoder_is_told_which_step_it_is(model):
    seen = []
    handle = model.from_latent.transform.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    model.decode(spikes())
    handle.remove()
    (inputs,) = seen
    assert torch.equal(inputs.view(T, 3, T + D)[:, 0, :T], torch.eye(T))
    assert torch.equal(inputs.view(T, 3, T + D)[:, :, T:], spikes())


@torch.no_grad()
def test_the_decoder_has_steps_before_the_first_frame(leading):
    """Layer by layer and step by step, as the neurons' equations say; and all at once."""
    trains = spikes(steps=LEAD + T)
    states = dict.fromkeys(("from_latent", 0, 1), ())
    membrane, wanted = torch.zeros(3, 2, SIZE, SIZE), []
    for t, drawn in enumerate(trains):
        now = torch.eye(LEAD + T)[t].expand(3, -1)
        x, states["from_latent"] = leading.from_latent.step(torch.cat([now, drawn], 1), states["from_latent"])
        x = x.view(3, 6, 2, 2)
        for i, layer in enumerate(leading.decoder):
            x, states[i] = layer.step(x, states[i])
        membrane = 0.5 * membrane + leading.readout(x)
        wanted.append(torch.tanh(membrane))
    frames = leading.decode(trains)
    assert frames.shape == (3, T, 2, SIZE, SIZE)
    assert torch.allclose(frames, torch.stack(wanted[LEAD:], 1), atol=1e-6)
    assert torch.allclose(frames, leading.trace_decode(trains).images[LEAD:].transpose(0, 1), atol=1e-6)
    trains[0] = 1 - trains[0]
    assert not torch.equal(leading.decode(trains)[:, 0], frames[:, 0]), "the first frame hears the steps before it"


@torch.no_grad()
def test_rates_are_drawn_for_all_steps_of_the_decoder(leading):
    shown, source = recordings(), torch.Generator().manual_seed(5)
    rates = leading.encode(shown).rates
    assert torch.equal(rates, leading.encode(shown).spikes.mean(0))
    assert len(leading.encode(shown).spikes) == T
    drawn = leading.sample_spikes(rates, source, "systematic")
    assert drawn.shape == (LEAD + T, 3, D)
    assert ((drawn.sum(0) - rates * (LEAD + T)).abs() < 1).all()
    assert leading.sample(2, source).images.shape == (2, T, 2, SIZE, SIZE)
    assert leading.decode_many(rates[0], (1, 2), engine="dense").spikes.shape == (LEAD + T, 2, D)
    with pytest.raises(InputError, match="expected 6, 2 before the first frame and one for each frame, got 4"):
        leading.decode(spikes())


@pytest.mark.parametrize("lead", [0, LEAD])
def test_gradients_reach_every_weight(lead):
    torch.manual_seed(0)
    made = ESVAE(ModelConfig(**TINY, lead_steps=lead))
    output = made(recordings(8), generator=torch.Generator().manual_seed(0))
    assert output.images.shape == (8, T, 2, SIZE, SIZE)
    ((output.images - recordings(8)).square().mean() + output.prior_rates.sum()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in made.parameters())
    assert (made.from_latent.transform.weight.grad[:, : lead + T].abs().sum(0) > 0).all()


def test_a_step_needs_a_frame(model):
    with pytest.raises(InputError, match=r"shape \(N, 4, 2, 8, 8\) in \[-1, 1\], got float32 of shape \(3, 2, 8, 8\)"):
        model.encode(torch.zeros(3, 2, 8, 8))
    with pytest.raises(InputError, match="expected 4, one for each frame, got 8"):
        model.encode(recordings(), steps=8)
    with pytest.raises(InputError, match="expected 4, one for each frame, got 3"):
        model.decode(spikes()[:3])
    wrong = recordings()
    wrong[1, 3, 0, 5, 6] = 2
    with pytest.raises(InputError, match="found 2 in recording 1, frame 3, channel 0, row 5, column 6"):
        model.encode(wrong)


def test_what_is_for_images_is_refused(model):
    with pytest.raises(InputError, match="engine 'events': runs models of images, not of recordings"):
        model.encode(recordings(), engine="events")
    with pytest.raises(InputError, match="not of recordings"):
        model.live(1)
    with pytest.raises(InputError, match="the suite measures models of images"):
        adapter_of(model)
    with pytest.raises(KindError, match="expected a model of images, got one of recordings"):
        to_onnx(model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"lead_steps": 1}}, r"lead_steps are for models of recordings \(frames true\), got 1"),
        ({"model": {"image_channels": 2}}, "image_channels must be 1 or 3, or 2 in a model of recordings"),
        ({"model": {**TINY, "kind": "fsvae"}}, "frames"),
        ({"model": TINY, "train": {"grow_time": [[0.5, 2]]}}, "neither train.grow_time nor data.mirror or data.shift"),
        ({"model": TINY, "data": {"mirror": True}}, "neither train.grow_time nor data.mirror or data.shift"),
    ],
)
def test_settings_that_do_not_fit_are_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        parse(RunConfig, {"name": "tiny", **changes}, "here")


def test_models_of_images_are_what_they_were(warm_model):
    """Their bundles, by whose hash links and recipes know them, do not name the settings that came later."""
    bundle = to_bundle(plan_of(warm_model))
    assert b'"frames"' not in bundle
    assert b'"lead_steps"' not in bundle
    assert warm_model.config.decoder_inputs == warm_model.config.latent_dim


@pytest.mark.parametrize("settings", [{}, {"lead_steps": LEAD, "learned_readout": True}])
def test_a_checkpoint_brings_it_back(settings, tmp_path):
    model, steps = warm(**settings), settings.get("lead_steps", 0) + T
    save(tmp_path / "m.safetensors", model.state_dict(), Header(name="m", model=model.config), check=True)
    back = load(tmp_path / "m.safetensors", ESVAE).model
    assert back.config == model.config
    with torch.no_grad():
        assert torch.equal(back.decode(spikes(steps=steps)), model.decode(spikes(steps=steps)))


# ---- measured --------------------------------------------------------------------------------------------------------


def moving_set(count: int, split: str = "train") -> ImageSet:
    """A bright dot that moves along a row: one of two rows, at frame t in column t."""
    frames = np.zeros((count, T, 2, SIZE, SIZE), np.uint8)
    rows = np.arange(count) % 2
    for t in range(T):
        frames[np.arange(count), t, 1, 2 + 3 * rows, 2 * t] = 255
        frames[np.arange(count), t, 0, 2 + 3 * rows, 2 * t + 1] = 255
    whole = ImageSet.from_arrays(frames, rows, name="dots")
    return whole.take(np.arange(count), split)


def test_errors_stand_beside_those_of_the_means(model):
    data = moving_set(6, "test")
    report = evaluate(model, data, training=moving_set(8))
    assert len(report.frames.mse) == T
    assert np.mean(report.frames.mse) == pytest.approx(report.mse)
    assert report.frames.psnr == pytest.approx(10 * math.log10(4 / report.mse))
    shown = data.images / 127.5 - 1
    frame, whole = shown.mean((0, 1)), shown.mean(0)
    assert report.frames.mean_frame_psnr == pytest.approx(10 * math.log10(4 / np.square(shown - frame).mean()))
    assert report.frames.mean_recording_psnr == pytest.approx(10 * math.log10(4 / np.square(shown - whole).mean()))
    assert report.frames.mean_recording_psnr > report.frames.mean_frame_psnr + 0.5
    assert "6 test recordings of dots" in report.protocol
    assert [metric.name for metric in report.metrics()][-3:] == ["psnr", "mean_frame_psnr", "mean_recording_psnr"]


def test_first_layer_and_readout_cost_at_every_step(model):
    per_step, rates = synapses(model.config), dict.fromkeys(synapses(model.config), 0.0)
    assert per_step["from_latent"] == (D + T) * 6 * 2 * 2
    readout = 9 * 4 * 2 * SIZE**2
    assert costs(model.config, T, rates, 0.0).dense_multiply_adds == T * (sum(per_step.values()) + readout)


def test_steps_before_the_first_frame_cost_what_the_others_do(leading):
    per_step, rates = synapses(leading.config), dict.fromkeys(synapses(leading.config), 0.0)
    assert per_step["from_latent"] == (D + LEAD + T) * 6 * 2 * 2
    encoder = per_step["encoder.0"] + per_step["encoder.1"] + per_step["to_latent"]
    decoder = per_step["from_latent"] + per_step["decoder.0"] + per_step["decoder.1"] + 9 * 4 * 2 * SIZE**2
    quiet = costs(leading.config, T, rates, 0.0)
    assert quiet.dense_multiply_adds == T * encoder + (LEAD + T) * decoder
    spiking = costs(leading.config, T, rates | {"encoder.0": 0.5, "decoder.0": 0.5}, 0.0)
    heard = T * 0.5 * per_step["encoder.1"] + (LEAD + T) * 0.5 * per_step["decoder.1"]
    assert spiking.spike_additions - quiet.spike_additions == heard


@pytest.mark.parametrize("lead", [0, LEAD])
def test_training_learns_motion_and_keeps_frames(tmp_path, lead):
    config = RunConfig.model_validate({
        "name": "dots", "data": {"validation_fraction": 0.25},
        "model": {**TINY, "channels": (8, 16), "lead_steps": lead},
        "train": {"epochs": 6, "batch_size": 8, "lr": 0.6, "mean_image_bias": True, "calibration_images": 32},
    })  # fmt: skip
    path = train(config, tmp_path / "run", data=moving_set(128), hardware=Hardware("cpu"))
    loaded = load(path, ESVAE)
    assert loaded.model.config == config.model
    report = evaluate(loaded.model, moving_set(16, "test"), training=moving_set(128))
    assert report.frames.psnr > report.frames.mean_frame_psnr + 3
    with Image.open(tmp_path / "run" / "samples" / "epoch-006.png") as preview:
        assert preview.size == ((T * (SIZE + 2) - 2) * 2, (12 * (SIZE + 2) - 2) * 2)


def test_own_recordings_must_fit_the_model(tmp_path):
    config = RunConfig.model_validate({"name": "dots", "model": {**TINY, "time_steps": 3}, "train": {"batch_size": 4}})
    with pytest.raises(TrainingError, match=r"takes images of shape \(3, 2, 8, 8\), these have \(4, 2, 8, 8\)"):
        train(config, tmp_path / "run", data=moving_set(16), hardware=Hardware("cpu"))


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nmnist(tmp_path_factory):
    """A folder in N-MNIST's layout, and a model that was trained on it for one epoch."""
    root = tmp_path_factory.mktemp("events")
    for part, count in (("Train", 10), ("Test", 3)):
        for digit in range(2):
            folder = root / "NMNIST" / part / str(digit)
            folder.mkdir(parents=True)
            for k in range(count):
                (folder / f"{k:05}.bin").write_bytes(to_nmnist(made_events(300, seed=100 * digit + k)))
    return root


@pytest.fixture
def trained(nmnist, esvae):
    path = nmnist / "run" / "model.safetensors"
    if not path.exists():
        small = {"epochs": 1, "batch_size": 8, "calibration_images": 8}
        settings = [f"data.dataset=events:{nmnist / 'NMNIST'}", *(f"train.{k}={v}" for k, v in small.items())]
        settings += [f"model.{k}={json.dumps(v)}" for k, v in TINY.items()]
        done = esvae("train", "--out", path.parent, "--json", *(word for s in settings for word in ("--set", s)))
        assert done.code == 0, done.err
    return path


def test_the_command_trains_measures_encodes_and_samples(trained, nmnist, tmp_path, esvae):
    assert load(trained).header.dataset.name == "events:NMNIST"
    report = esvae("evaluate", trained, "--json", "--record").json
    assert (report["images"], len(report["frames"]["mse"])) == (6, T)
    table = esvae("evaluate", trained).out
    assert "PSNR of the mean training frame" in table
    assert "MSE of frame 4" in table
    assert "recordings" in esvae("info", trained).out
    assert esvae("encode", trained, f"events:{nmnist / 'NMNIST'}", "--out", tmp_path / "all.npz").code == 0
    one = nmnist / "NMNIST" / "Test" / "0" / "00000.bin"
    assert esvae("encode", trained, one, "--out", tmp_path / "one.npz").code == 0
    every, alone = (np.load(tmp_path / name)["rates"] for name in ("all.npz", "one.npz"))
    assert every.shape == (6, D)
    assert np.array_equal(every[0], alone[0])
    for name in ("film.gif", "film.webp", "rows.png", "frames.npz"):
        assert esvae("sample", trained, "--n", 4, "--out", tmp_path / name, "--scale", 1).code == 0
    with Image.open(tmp_path / "film.gif") as film, Image.open(tmp_path / "rows.png") as rows:
        assert film.n_frames == T
        assert rows.size == (T * (SIZE + 2) - 2, 4 * (SIZE + 2) - 2)
    assert np.load(tmp_path / "frames.npz")["frames"].shape == (4, T, SIZE, SIZE, 2)
    assert esvae("decode", trained, tmp_path / "one.npz", "--out", tmp_path / "again.npz").code == 0
    assert np.load(tmp_path / "again.npz")["frames"].shape == (1, T, SIZE, SIZE, 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("interpolate", "{}", "x.png", "y.png", "--out", "{out}.png"),
            "holds a model of recordings of 4 frames",
        ),
        (
            ("page", "{}", "--out", "{out}.html"),
            "which Models plays and no view explores; `esvae sample` writes",
        ),
        (("atlas", "{}"), "holds a model of recordings of 4 frames"),
        (("controls", "{}"), "esvae controls is for models of images; this one takes recordings of 4 frames"),
        (("export", "{}", "--to", "onnx", "--out", "{out}.onnx"), "expected a model of images"),
        (("evaluate", "{}", "--suite", "quick"), "the suite measures models of images, not of recordings"),
        (("evaluate", "{}", "--dataset", "digits"), "holds pictures; frames are made of event recordings"),
        (("evaluate", "{}", "--steps", "3"), "expected 4, one for each frame, got 3"),
        (("sample", "{}", "--steps", "3", "--out", "{out}.png"), "expected 4, one for each frame, got 3"),
        (("encode", "{}", "{bad}", "--out", "{out}.npz"), "expected a recording of events"),
        (("train", "--preset", "digits", "--set", "data.dataset=moving_digits", "--out", "{out}"), "frames true"),
    ],
)
def test_what_is_not_for_recordings_ends_in_one_line(words, message, trained, tmp_path, esvae):
    (tmp_path / "bad.bin").write_bytes(b"1234567")
    done = esvae(*(w.format(trained, out=tmp_path / "out", bad=tmp_path / "bad.bin") for w in words))
    assert done.code == 2, done.out
    assert message in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.bin"}


def test_recordings_without_a_preset_have_that_of_events():
    run = for_dataset("moving_digits")
    assert (run.model, run.train) == (preset("events").model, preset("events").train)
    assert (run.name, run.data.dataset) == ("moving_digits", "moving_digits")
