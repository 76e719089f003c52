"""Exported networks beside the model, in the other tools themselves: shipped weights, and every kind of neuron."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import esvae_core
from esvae_core import ESVAE, ModelConfig, NeuronConfig, export
from esvae_core.errors import ExportError, KindError

# SpikingJelly 0.0.0.0.14 compiles functions when they are first used
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
SHIPPED = ("digits", "mnist-plus", "digits-plus")
"""Hard reset; soft reset with a learned leak for each channel; soft reset with one leak."""

LIBRARIES = {
    "snntorch": ("snntorch", export.to_snntorch),
    "spikingjelly": ("spikingjelly.activation_based.neuron", export.to_spikingjelly),
}


def installed(module: str) -> None:
    """Skip the test where the module is not there; what it warns of while it is imported is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip(module, reason=f"{module} is not installed")


@pytest.fixture(params=LIBRARIES)
def network_of(request):
    module, convert = LIBRARIES[request.param]
    installed(module)
    return convert


@pytest.fixture(scope="module", params=SHIPPED)
def case(request):
    """A shipped model, images, their latent spikes, spikes drawn from their rates, and the pictures of these."""
    model = esvae_core.load(CHECKPOINTS / f"{request.param}.safetensors", ESVAE).model
    return case_of(model)


def case_of(model):
    source = torch.Generator().manual_seed(0)
    images = torch.rand(8, *model.config.image_shape, generator=source) * 2 - 1
    with torch.no_grad():
        posterior = model.encode(images)
        spikes = model.sample_spikes(posterior.rates, source)
        return model, images, posterior.spikes, spikes, model.decode(spikes)


def made(reset="hard", **settings):
    """A tiny network that fires, with neurons as asked for."""
    neuron = NeuronConfig(reset=reset, **settings)
    torch.manual_seed(3)
    model = ESVAE(
        ModelConfig(
            image_size=8,
            channels=(4, 8),
            latent_dim=6,
            time_steps=4,
            neuron=neuron,
            latent_neuron=neuron,
            learned_readout=bool(settings.get("learned_leak")),
        )
    )
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if name.endswith("norm.weight"):
                tensor.uniform_(1, 2)
            if name.endswith("norm.bias"):
                tensor.uniform_(0, 0.15)
            if name.endswith("leak_logit"):
                tensor.uniform_(-1, 2)
        for _ in range(20):
            model(torch.rand(16, 1, 8, 8) * 2 - 1, generator=torch.Generator().manual_seed(0))
    return model.eval()


def differing(spikes, expected):
    assert spikes.shape == expected.shape
    assert 0.02 < float(expected.mean()) < 0.98  # neither silent nor saturated, so that the comparison says something
    return int((torch.as_tensor(spikes) != expected).sum())


# ---- modules of other libraries --------------------------------------------------------------------------------------


@torch.no_grad()
def test_shipped_models_fire_the_same_spikes_and_paint_the_same_pictures(network_of, case):
    model, images, latent, spikes, pictures = case
    network = network_of(model)
    assert differing(network.encode(images), latent) == 0
    assert float((network.decode(spikes) - pictures).abs().max()) < 1e-6


@torch.no_grad()
@pytest.mark.parametrize("settings", [{"leak": 0.0}, {"leak": 1.0}, {"learned_leak": True}], ids=str)
@pytest.mark.parametrize("reset", ["hard", "soft"])
def test_every_leak_and_reset_has_neurons(network_of, reset, settings):
    model, images, latent, spikes, pictures = case_of(made(reset, **settings))
    network = network_of(model)
    assert differing(network.encode(images), latent) == 0
    assert float((network.decode(spikes) - pictures).abs().max()) < 1e-5


@torch.no_grad()
def test_another_number_of_steps_and_a_second_batch_start_from_empty_membranes(network_of):
    model, images, latent, spikes, _ = case_of(made(learned_leak=True))
    network = network_of(model)
    assert torch.equal(network.encode(images, 7), model.encode(images, steps=7).spikes)
    assert torch.equal(network.encode(images[:3]), latent[:, :3])
    longer = torch.cat([spikes, spikes])
    assert torch.allclose(network.decode(longer), model.decode(longer), atol=1e-5)


def test_gradients_reach_the_weights(network_of):
    network = network_of(made())
    images = torch.rand(4, 1, 8, 8) * 2 - 1
    network.train().decode(network.encode(images)).square().mean().backward()
    first = network.encoder[0].weight
    assert first.grad is not None
    assert bool(first.grad.abs().sum() > 0)


# ---- ONNX ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def run():
    installed("onnx")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

    def run(proto, **inputs):
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        session = runtime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(None, {k: v.numpy() for k, v in inputs.items()}), strict=True))

    return run


def test_onnxruntime_encodes_and_decodes_shipped_models_alike(run, case):
    model, images, latent, spikes, pictures = case
    encoder, decoder = export.to_onnx(model)
    found = run(encoder, images=images)
    assert differing(found["spikes"], latent) == 0
    assert np.array_equal(found["rates"], latent.mean(0).numpy())
    assert np.abs(run(decoder, spikes=spikes)["images"] - pictures.numpy()).max() < 1e-6


@pytest.mark.parametrize("reset", ["hard", "soft"])
def test_onnx_has_learned_leaks_and_any_number_of_images_and_steps(run, reset):
    model, images, _, spikes, _ = case_of(made(reset, learned_leak=True))
    encoder, decoder = export.to_onnx(model, steps=7)
    with torch.no_grad():
        wanted = model.encode(images[:3], steps=7)
        assert np.array_equal(run(encoder, images=images[:3])["rates"], wanted.rates.numpy())
        for given in (spikes[:2], torch.cat([spikes, spikes])[:, :1]):
            assert np.abs(run(decoder, spikes=given)["images"] - model.decode(given).numpy()).max() < 1e-5


# ---- NIR -------------------------------------------------------------------------------------------------------------


@torch.no_grad()
def test_snntorch_reads_a_shipped_encoder_from_nir(tmp_path):
    nir = pytest.importorskip("nir", reason="nir is not installed")
    installed("snntorch")
    installed("nirtorch")
    from snntorch.import_nir import import_from_nir

    model, images, latent, *_ = case_of(esvae_core.load(CHECKPOINTS / "digits.safetensors", ESVAE).model)
    (tmp_path / "digits.nir").write_bytes(export.to_nir_bytes(model))
    graph = nir.read(tmp_path / "digits.nir")
    follows, names = dict(graph.edges), ["input"]
    while names[-1] in follows:
        names.append(follows[names[-1]])
    kinds = [type(graph.nodes[name]).__name__ for name in names]
    assert kinds == ["Input", *["Conv2d", "LIF"] * 4, "Flatten", "Affine", "LIF", "Output"]
    wrong = 0
    for i, image in enumerate(images):  # NIR's shapes have no batch, so neither has snnTorch's flattening
        with contextlib.redirect_stdout(io.StringIO()):
            network = import_from_nir(graph)
        spikes, state = [], None
        for _ in range(len(latent)):
            fired, state = network(image, state)
            spikes.append(fired)
        wrong += differing(torch.stack(spikes), latent[:, i])
    assert wrong == 0


@torch.no_grad()
def test_spikingjelly_reads_a_shipped_encoder_from_nir():
    installed("nir")
    installed("spikingjelly.activation_based.nir_exchange")
    from spikingjelly.activation_based import nir_exchange as exchange

    model, images, latent, *_ = case_of(esvae_core.load(CHECKPOINTS / "digits.safetensors", ESVAE).model)
    network, state, spikes = exchange.import_from_nir(export.to_nir(model), dt=1e-4), None, []
    for _ in range(len(latent)):
        fired, state = network(images, state)
        spikes.append(fired)
    assert differing(torch.stack(spikes), latent) == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"reset": "soft"}, "encoder.0 subtracts the threshold"), ({"leak": 1.0}, "forgets nothing")],
)
def test_nir_refuses_neurons_that_it_does_not_have(settings, words):
    installed("nir")
    with pytest.raises(ExportError, match=words):
        export.to_nir(made(**settings))


# ---- the command -----------------------------------------------------------------------------------------------------


def test_a_model_of_another_kind_is_refused():
    installed("onnx")
    with pytest.raises(KindError, match="of kind ae"):
        export.to_onnx(esvae_core.load(CHECKPOINTS / "ae-mnist.safetensors").model)


def test_a_library_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ExportError, match="pip install onnx"):
        export.to_onnx(made())


@pytest.mark.parametrize(
    ("to", "name", "files"),
    [
        ("onnx", "d.onnx", ["d-encoder.onnx", "d-decoder.onnx"]),
        ("nir", "d.nir", ["d.nir"]),
        ("snntorch", "d.py", ["d.py", "d.safetensors"]),
        ("spikingjelly", "d.py", ["d.py", "d.safetensors"]),
    ],
)
def test_the_command_writes_what_it_says(esvae, tmp_path, to, name, files):
    if to in ("onnx", "nir"):
        installed(to)
    done = esvae("export", CHECKPOINTS / "digits.safetensors", "--to", to, "--out", tmp_path / name, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["files"] == [str(tmp_path / file) for file in files]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_wrong_endings_and_soft_resets_are_one_line(esvae, tmp_path):
    wrong = esvae("export", CHECKPOINTS / "digits.safetensors", "--to", "onnx", "--out", tmp_path / "d.nir")
    assert (wrong.code, "ends in .onnx" in wrong.err) == (2, True)
    steps = esvae(
        "export", CHECKPOINTS / "digits.safetensors", "--to", "nir", "--out", tmp_path / "d.nir", "--steps", 4
    )
    assert (steps.code, "--steps is for --to onnx" in steps.err) == (2, True)
    installed("nir")
    soft = esvae("export", CHECKPOINTS / "mnist-plus.safetensors", "--to", "nir", "--out", tmp_path / "d.nir")
    assert (soft.code, "soft reset" in soft.err, soft.err.count("\n")) == (2, True, 1)
    assert not [*tmp_path.iterdir()]


def test_the_written_module_runs_without_esvae(tmp_path):
    """In a process where esvae_core cannot be imported."""
    installed("snntorch")
    model, images, latent, spikes, pictures = case_of(esvae_core.load(CHECKPOINTS / "digits.safetensors", ESVAE).model)
    export.network_files(model, "snntorch", tmp_path / "net.py")
    torch.save({"images": images, "spikes": spikes}, tmp_path / "given.pt")
    script = (
        "import sys; sys.modules['esvae_core'] = None; sys.path.insert(0, '.')\n"
        "import torch, net\n"
        "given = torch.load('given.pt')\n"
        "network = net.load('net.safetensors')\n"
        "with torch.no_grad():\n"
        "    found = {'latent': network.encode(given['images']), 'pictures': network.decode(given['spikes'])}\n"
        "torch.save(found, 'found.pt')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = torch.load(tmp_path / "found.pt")
    assert differing(found["latent"], latent) == 0
    assert float((found["pictures"] - pictures).abs().max()) < 1e-6
