"""Agreement with the published implementation: its recorded outputs, and an independent network in its layout."""

from __future__ import annotations

import argparse
import json
import os
import zipfile

import numpy as np
import pytest
import torch

from benchmarks.published_layout import mmd as published_mmd
from benchmarks.published_layout import published_network, published_state
from esvae_core import layers, read_published
from esvae_core.config import ModelConfig
from esvae_core.errors import CheckpointContentError, CheckpointError, NotACheckpointError, TrainingError
from esvae_core.esvae import ESVAE
from esvae_core.latent import mmd
from esvae_core.loss import esvae_loss
from esvae_core.published import published_names, read_state
from esvae_core.training.state import load_state

SMALL = {"image_channels": 1, "image_size": 8, "channels": (4, 8), "latent_dim": 6, "time_steps": 4}


def reference_path(x, norm, neuron, input_steps, steps, leak):
    return layers.norm_lif_reference(x, norm, neuron, input_steps, steps, leak).spikes.flatten(0, 1)


@pytest.fixture(params=["fused", "reference"])
def path(request, monkeypatch):
    """Every test that asks for it runs on the fused kernels and on plain torch operations."""
    if request.param == "reference":
        monkeypatch.setattr(layers, "norm_lif", reference_path)
    return request.param


class Recorded:
    """The reference files, as tensors."""

    def __init__(self, folder):
        with np.load(folder / "published_mnist.npz") as file:
            arrays = {name: file[name] for name in file.files}
        pixels = arrays.pop("images_uint8").astype(np.float32)
        self.images = torch.from_numpy(pixels / 127.5 - 1).view(64, 1, 32, 32)
        self.arrays = {name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()}
        figures = json.loads((folder / "published_mnist.json").read_text())
        self.evaluation, self.training = figures["evaluation"], figures["training"]
        self.path = folder / "published_mnist.pth"

    def __getattr__(self, name):
        return self.arrays[name]


@pytest.fixture(scope="module")
def recorded(reference_dir):
    return Recorded(reference_dir)


def off_by_one_spike(found, wanted, steps):
    """Share of the rates that differ; fails if any differs by more than one spike."""
    difference = (found - wanted).abs()
    assert float(difference.max()) <= 1 / steps + 1e-6
    return float((difference > 1e-6).float().mean())


# ---- the recorded outputs --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["fused", "reference", "events"])
def evaluated(request, recorded):
    """The model in evaluation mode on the recorded input: (output, sampled spikes, firing rate of each layer)."""
    engine = "events" if request.param == "events" else "dense"
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        if request.param == "reference":
            patch.setattr(layers, "norm_lif", reference_path)
        model = read_published(recorded.path)
        output = model(recorded.images, noise=recorded.noise, normal=recorded.normal, engine=engine)
        rates = {}
        posterior = model.encode(recorded.images, engine=engine, firing=rates)
        spikes = model.sample_spikes(posterior.rates, noise=recorded.noise)
        assert torch.equal(model.decode(spikes, engine=engine, firing=rates), output.images)
        return output, spikes, rates


def test_rates_spikes_and_images_agree_with_the_recorded_ones(recorded, evaluated):
    output, spikes, _ = evaluated
    assert off_by_one_spike(output.posterior.rates, recorded.rates, 16) <= 1e-3
    assert float((spikes != recorded.spikes).float().mean()) <= 1e-3
    assert float((output.images - recorded.reconstructions).abs().mean()) <= 1e-4
    assert output.posterior.spikes.shape == (16, 64, 32)
    torch.testing.assert_close(output.posterior.spikes.mean(0), output.posterior.rates, rtol=0, atol=0)


def test_losses_in_evaluation_mode_agree_to_a_thousandth(recorded, evaluated):
    output, _, _ = evaluated
    loss = esvae_loss(output.images, recorded.images, output.posterior.rates, output.prior_rates, 0.001)
    for name, value in (("loss", loss.total), ("mse", loss.mse), ("mmd", loss.mmd)):
        assert float(value) == pytest.approx(recorded.evaluation[name], rel=1e-3), name


def test_every_layer_fires_as_often_as_recorded(recorded, evaluated):
    _, _, rates = evaluated
    names = layer_names(4)
    assert {names[theirs] for theirs in recorded.evaluation["firing_rate"]} == set(rates)
    for theirs, wanted in recorded.evaluation["firing_rate"].items():
        assert rates[names[theirs]] == pytest.approx(wanted, rel=1e-3), theirs


@pytest.mark.parametrize("engine", ["dense", "events"])
def test_the_prior_agrees_with_the_recorded_one(recorded, engine):
    model = read_published(recorded.path)
    with torch.no_grad():
        rates = model.prior_rates(64, normal=recorded.normal)
        spikes = model.sample_spikes(rates, noise=recorded.noise)
        torch.testing.assert_close(rates, recorded.prior_rates, rtol=0, atol=1e-6)
        assert float((spikes != recorded.prior_spikes).float().mean()) <= 1e-3 / 16
        assert float((model.decode(spikes, engine=engine) - recorded.prior_images).abs().mean()) <= 1e-4


def test_training_mode_agrees_in_losses_gradients_and_running_statistics(recorded, path):
    model = read_published(recorded.path).train()
    output = model(recorded.images, noise=recorded.noise, normal=recorded.normal)
    loss = esvae_loss(output.images, recorded.images, output.posterior.rates, output.prior_rates, 0.001)
    loss.total.backward()
    wanted = recorded.training
    for name, value in (("loss", loss.total), ("mse", loss.mse), ("mmd", loss.mmd)):
        assert value.item() == pytest.approx(wanted[name], rel=0.01), name
    assert output.posterior.rates.mean().item() == pytest.approx(wanted["mean_rate"], rel=0.01)

    names = published_names(model.config)
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    assert {names[theirs] for theirs in wanted["gradient_norm"]} == set(parameters)
    for theirs, norm in wanted["gradient_norm"].items():
        found = float(parameters[names[theirs]].grad.norm())
        before_norm = theirs.endswith(".bias") and ".bn." not in theirs and f"{theirs[:-5]}.bn.bias" in names
        if before_norm:
            # A constant in front of a normalisation has no gradient: what is left is the rounding of a sum whose
            # terms are those of the weights' gradient, and differs between processors.
            beside = float(parameters[names[f"{theirs[:-5]}.weight"]].grad.norm())
            assert found <= 1e-3 * beside, theirs
        else:
            assert found == pytest.approx(norm, rel=0.01), theirs
    for group in ("running_mean_after", "running_var_after"):
        for theirs, ends in wanted[group].items():
            found = buffers[names[theirs]]
            for value, end in zip(ends, (found[0], found[-1]), strict=True):
                assert float(end) == pytest.approx(value, rel=1e-3, abs=1e-5), theirs


# ---- an independent network ------------------------------------------------------------------------------------------


def layer_names(depth):
    """Published layer -> ours, told apart from the importer's own table."""
    names = {f"encoder.{i}": f"encoder.{i}" for i in range(depth)} | {
        f"decoder.{i}": f"decoder.{i}" for i in range(depth - 1)
    }
    return names | {
        "before_latent_layer": "to_latent",
        "decoder_input": "from_latent",
        "final_layer.0": f"decoder.{depth - 1}",
    }


def case(seed, count, **shape):
    net = published_network(seed, **shape)
    source = torch.Generator().manual_seed(seed)
    size, d = net.shape["image_size"], net.shape["latent_dim"]
    images = torch.rand(count, net.shape["image_channels"], size, size, generator=source) * 2 - 1
    noise, normal = torch.rand(net.steps, count, d, generator=source), torch.randn(count, d, generator=source)
    return net, images, noise, normal


def written(net, tmp_path, wrap=lambda state: state):
    path = tmp_path / "published.pth"
    torch.save(wrap(published_state(net)), path)
    return path


CASES = [
    pytest.param({**SMALL}, 16, id="tiny"),
    pytest.param({**SMALL, "channels": (8,), "time_steps": 1}, 16, id="one layer, T = 1"),
    pytest.param({"time_steps": 8}, 2, id="grey 32x32 d=32"),
    pytest.param({"image_channels": 3, "latent_dim": 128, "time_steps": 5}, 2, id="colour 32x32 d=128"),
    pytest.param(
        {
            "image_channels": 3,
            "image_size": 64,
            "channels": (32, 64, 128, 256, 512),
            "latent_dim": 128,
            "time_steps": 4,
        },
        2,
        id="colour 64x64, five layers",
    ),
]


@pytest.mark.parametrize("engine", ["dense", "events"])
@pytest.mark.parametrize(("shape", "count"), CASES)
def test_an_imported_network_does_what_the_published_one_does(shape, count, engine, tmp_path):
    net, images, noise, normal = case(1, count, **shape)
    model = read_published(written(net, tmp_path))
    assert model.config == ModelConfig(**net.shape)
    assert not model.training
    with torch.no_grad():
        wanted = net(images, noise, normal)
        found = model(images, noise=noise, normal=normal, engine=engine)
    rates = wanted.firing_rates
    assert all(0.01 < rate < 0.99 for rate in rates.values()), rates  # else the test would compare silence
    steps = net.steps
    assert off_by_one_spike(found.posterior.rates, wanted.rates, steps) <= 1e-3
    assert float((found.posterior.spikes != wanted.spikes).float().mean()) <= 1e-3
    assert float((found.images - wanted.images).abs().mean()) <= 1e-4
    torch.testing.assert_close(found.prior_rates, wanted.prior_rates, rtol=0, atol=1e-6)
    trace = {
        **model.trace_encode(images).layers,
        **model.trace_decode(model.sample_spikes(found.posterior.rates, noise=noise)).layers,
    }
    for theirs, ours in layer_names(len(model.config.channels)).items():
        assert float(trace[ours].spikes.mean()) == pytest.approx(rates[theirs], rel=2e-3), theirs


def test_an_imported_network_learns_as_the_published_one_does(tmp_path, path):
    net, images, noise, normal = case(2, 16, **SMALL)
    model = read_published(written(net, tmp_path)).train()
    net.train()
    wanted, found = net(images, noise, normal), model(images, noise=noise, normal=normal)
    theirs = (wanted.images - images).square().mean() + 0.1 * published_mmd(wanted.rates, wanted.prior_rates)
    ours = esvae_loss(found.images, images, found.posterior.rates, found.prior_rates, 0.1).total
    theirs.backward()
    ours.backward()
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-4)
    names = published_names(model.config)
    gradients = {name: p.grad for name, p in model.named_parameters()}
    compared = 0
    for name, parameter in net.named_parameters():
        if name in names and not name.startswith(("prior", "posterior")):
            grad = gradients[names[name]]
            wanted_grad = parameter.grad.squeeze(-1) if parameter.dim() == 5 else parameter.grad
            torch.testing.assert_close(grad, wanted_grad, rtol=2e-3, atol=2e-5, msg=lambda m, name=name: f"{name}: {m}")
            compared += 1
    assert compared == len(gradients)
    buffers = dict(model.named_buffers())
    for name, buffer in net.named_buffers():
        if "running" in name:
            torch.testing.assert_close(buffers[names[name]], buffer, rtol=1e-4, atol=1e-5)


def test_mmd_is_the_published_one():
    source = torch.Generator().manual_seed(0)
    x, y = torch.rand(9, 5, generator=source).round(decimals=1), torch.rand(9, 5, generator=source).round(decimals=1)
    x[3] = y[4] = x[0]
    torch.testing.assert_close(mmd(x, y), published_mmd(x, y), rtol=1e-5, atol=1e-7)


# ---- the forms a file comes in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda state: {"net": state, "epoch": 17}, id="net and epoch"),
        pytest.param(lambda state: {f"module.{key}": value for key, value in state.items()}, id="module prefix"),
        pytest.param(lambda state: {"net": {f"module.{k}": v for k, v in state.items()}}, id="both"),
        pytest.param(
            lambda s: {k: v for k, v in s.items() if not k.startswith(("prior.", "posterior."))}, id="no dead"
        ),
    ],
)
def test_wrapped_files_give_the_same_model(wrap, tmp_path):
    net = published_network(0, **SMALL)
    plain = read_published(written(net, tmp_path)).state_dict()
    other = read_published(written(net, tmp_path, wrap)).state_dict()
    assert plain.keys() == other.keys()
    assert all(torch.equal(plain[key], other[key]) for key in plain)


def test_time_steps_follow_from_the_readout_and_are_16_without_it(tmp_path):
    net = published_network(0, **{**SMALL, "time_steps": 5})
    assert read_published(written(net, tmp_path)).config.time_steps == 5
    without = written(net, tmp_path, lambda s: {k: v for k, v in s.items() if "membrane_output" not in k})
    assert read_published(without).config.time_steps == 16


def test_reading_changes_no_random_state(tmp_path):
    path = written(published_network(0, **SMALL), tmp_path)
    before = torch.random.get_rng_state()
    read_published(path)
    assert torch.equal(before, torch.random.get_rng_state())


def floats(state, change):
    return {key: change(value) if value.is_floating_point() else value for key, value in state.items()}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floats_of_another_precision_are_read_as_float32(dtype, tmp_path):
    net = published_network(0, **SMALL)
    plain = read_published(written(net, tmp_path)).state_dict()
    other = read_published(written(net, tmp_path, lambda state: floats(state, lambda x: x.to(dtype)))).state_dict()
    for key, value in plain.items():
        assert other[key].dtype == value.dtype
        assert torch.equal(other[key], value.to(dtype).to(value.dtype) if value.is_floating_point() else value)


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda s: {f"_orig_mod.{k}": v for k, v in s.items()}, id="compiled"),
        pytest.param(lambda s: {f"_orig_mod.module.{k}": v for k, v in s.items()}, id="parallel, then compiled"),
        pytest.param(lambda s: {"model": {f"module._orig_mod.{k}": v for k, v in s.items()}}, id="the other way"),
        pytest.param(lambda s: {"epoch": 3, "state_dict": s, "optimizer": {"lr": 0.1}}, id="beside others"),
        pytest.param(lambda s: {"model": {"state_dict": s, "seed": 1}}, id="nested"),
        pytest.param(lambda s: s | {"epoch": 3, "notes": ["a"]}, id="among others"),
    ],
)
def test_more_wraps_give_the_same_model(wrap, tmp_path):
    test_wrapped_files_give_the_same_model(wrap, tmp_path)


@pytest.mark.filterwarnings("ignore")  # PyTorch says of some kinds that they are new, of others that they are old
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda x: x.to(torch.complex64), "complex64"),
        (lambda x: x.to(torch.int32), "int32"),
        (lambda x: x > 0, "bool"),
        (lambda x: x.to(torch.float8_e5m2), "float8_e5m2"),
        (lambda x: x.to_sparse(), "sparse"),
        (lambda x: x.to("meta"), "meta"),
        (lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.quint8), "quantised"),
        (lambda x: torch.nested.nested_tensor([x]), "nested"),
        (lambda x: torch.zeros(1).expand(x.shape), "as many numbers"),
        (lambda x: x.double() + 1e300, "beyond float32"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
@pytest.mark.parametrize("key", ["before_latent_layer.weight", "encoder.0.weight", "final_layer.1.weight"])
def test_other_kinds_of_tensors_are_refused(key, change, found, tmp_path):
    message = refused(tmp_path, lambda state: state.update({key: change(state[key])}))
    assert key in message
    assert found in message


def test_a_negative_variance_is_refused(tmp_path):
    key = "decoder.0.bn.running_var"
    assert "variances of 0 or more" in refused(tmp_path, lambda state: state.update({key: -1 - state[key]}))


def test_a_file_with_other_objects_says_what_they_are_and_no_advice_of_pytorch(tmp_path):
    path = tmp_path / "args.pth"
    torch.save({"net": published_state(published_network(0, **SMALL)), "args": argparse.Namespace(lr=1)}, path)
    with pytest.raises(NotACheckpointError, match=r"only tensors, found argparse\.Namespace") as caught:
        read_published(path)
    assert "weights_only" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    with pytest.raises(NotACheckpointError, match="not a regular file"):
        read_published(tmp_path / "pipe.pth")


# ---- files that are off ----------------------------------------------------------------------------------------------


def refused(tmp_path, change, kind=CheckpointContentError, shape=SMALL):
    """The message with which a changed file is refused."""
    state = published_state(published_network(0, **shape))
    state = change(state) or state
    path = tmp_path / "off.pth"
    torch.save(state, path)
    with pytest.raises(kind) as caught:
        read_published(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message, message
    return message


ALL_NEEDED = [
    key for key in published_state(published_network(0, **SMALL)) if key in published_names(ModelConfig(**SMALL))
]


@pytest.mark.parametrize("key", ALL_NEEDED)
def test_a_missing_tensor_is_named(key, tmp_path):
    message = refused(tmp_path, lambda state: (state.pop(key), None)[1])
    if not key.startswith("encoder."):  # without one of the encoder's, the depth is another
        assert key in message


@pytest.mark.parametrize(
    "key",
    [
        "encoder.1.bn.weight",
        "before_latent_layer.bias",
        "decoder.0.weight",
        "final_layer.1.bias",
        "sample_layer.0.weight",
    ],
)
def test_a_wrong_shape_is_named_with_both_shapes(key, tmp_path):
    def change(state):
        state[key] = torch.zeros(3, 7)

    message = refused(tmp_path, change)
    assert key in message
    assert "(3, 7)" in message
    assert "expected" in message


def test_a_time_kernel_longer_than_one_is_refused(tmp_path):
    message = refused(tmp_path, lambda state: state.update({"decoder.0.weight": torch.zeros(8, 4, 3, 3, 3)}))
    assert "decoder.0.weight" in message
    assert "found 3" in message


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_named(value, tmp_path):
    def change(state):
        state["decoder_input.bn.running_var"][2] = value

    assert "decoder_input.bn.running_var" in refused(tmp_path, change)


@pytest.mark.parametrize("key", ["decoder.7.weight", "classifier.weight"])
def test_an_unknown_tensor_is_named(key, tmp_path):
    assert key in refused(tmp_path, lambda state: state.update({key: torch.zeros(2)}))


def test_a_scalar_in_place_of_a_kernel_is_refused(tmp_path):
    assert "encoder.1.weight" in refused(tmp_path, lambda s: s.update({"encoder.1.weight": torch.tensor(1.0)}))


def test_an_empty_kernel_is_refused(tmp_path):
    refused(tmp_path, lambda s: s.update({"encoder.1.weight": torch.zeros(0, 4, 3, 3, 1)}), CheckpointError)


def test_two_colour_channels_are_refused_in_one_line(tmp_path):
    message = refused(tmp_path, lambda s: s.update({"encoder.0.weight": torch.zeros(4, 2, 3, 3, 1)}), CheckpointError)
    assert "channels" in message


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "expected", id="empty"),
        pytest.param(bytes(range(256)) * 40, "expected", id="random bytes"),
        pytest.param(b"PK\x03\x04" + b"\0" * 500, "expected", id="a damaged archive"),
    ],
)
def test_other_files_are_no_checkpoints(content, why, tmp_path):
    path = tmp_path / "other.pth"
    path.write_bytes(content)
    with pytest.raises(NotACheckpointError) as caught:
        read_published(path)
    assert str(path) in str(caught.value)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_no_checkpoint(tmp_path):
    path = written(published_network(0, **SMALL), tmp_path)
    whole = path.read_bytes()
    for share in (0.01, 0.3, 0.7, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(NotACheckpointError, match="expected"):
            read_published(path)


class Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("wrap", [lambda evil: evil, lambda evil: {"net": {"encoder.0.weight": evil}}])
def test_a_pickle_that_runs_a_command_is_refused_and_runs_nothing(wrap, tmp_path):
    trap, path = tmp_path / "executed", tmp_path / "evil.pth"
    torch.save(wrap(Evil(f"echo > {trap}")), path)
    with pytest.raises(NotACheckpointError, match="only tensors"):
        read_published(path)
    assert not trap.exists()


@pytest.mark.parametrize("content", [[torch.zeros(2)], {"net": 3}, torch.zeros(3), {"encoder.0.weight": "text"}])
def test_a_pytorch_file_of_something_else_is_refused(content, tmp_path):
    path = tmp_path / "else.pth"
    torch.save(content, path)
    with pytest.raises(NotACheckpointError, match="expected a state dict of tensors"):
        read_published(path)


def test_an_empty_state_dict_is_refused(tmp_path):
    refused(tmp_path, lambda state: state.clear(), CheckpointError)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(NotACheckpointError, match="no such file"):
        read_published(tmp_path / "nothing.pth")
    with pytest.raises(NotACheckpointError, match="found a folder"):
        read_published(tmp_path)


def test_names_cover_the_whole_model():
    config = ModelConfig(**SMALL)
    assert set(published_names(config).values()) == set(ESVAE(config).state_dict())


def test_a_file_that_would_unpack_to_far_more_is_not_unpacked(tmp_path, monkeypatch):
    """PyTorch packs nothing; a file of half a megabyte took 1.3 GB."""
    path = tmp_path / "packed.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}." + bytes(2**26))
        archive.writestr("a/version", "3\n")
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("was unpacked"))
    with pytest.raises(NotACheckpointError, match=r"packed\.pth: expected a PyTorch file"):
        read_state(path)
    with pytest.raises(TrainingError, match="damaged or other file"):
        load_state(path)
