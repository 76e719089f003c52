"""Folding without PyTorch gives the bits that PyTorch's modules give: their hash is what links and recipes name."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain

import numpy as np
import pytest
import torch
from torch import nn

from esvae_core.checkpoint import Header, load, read_header, save
from esvae_core.config import ANNVAEConfig, AutoencoderConfig, PVAEConfig
from esvae_core.engine import plan_of
from esvae_core.engine.bundle import to_bundle
from esvae_core.engine.plan import candidate_layers, decoder_layers, encoder_layers, layer_tensors
from esvae_core.engine.sigmoid import sigmoid
from esvae_core.explore.latent_interface import bundle_of, folded, read_explorable
from esvae_core.shipped import SHIPPED

from .networks import CONFIGS, network, rival

SMALL = {"image_size": 16, "channels": (3, 5), "latent_dim": 7}
RIVALS = {
    "annvae": ANNVAEConfig(**SMALL, image_channels=3),
    "pvae": PVAEConfig(**SMALL),
    "ae": AutoencoderConfig(**SMALL, components=3),
}
HEADS = {"annvae": "to_mean", "pvae": "to_log_ratio", "ae": "to_code"}
FILES = [path.stem for path in sorted(SHIPPED.glob("*.safetensors")) if not read_header(path).model.takes_frames]


def double(tensor):
    return tensor.detach().double().numpy()


def by_modules(model):
    """The tensors of all layers from PyTorch's modules: weights, normalisations, and leaks by PyTorch's sigmoid."""
    modules, config, found = dict(model.named_modules()), model.config, {}
    candidates = candidate_layers(config).values() if config.kind == "fsvae" else ()
    for layer in chain(encoder_layers(config), decoder_layers(config), *candidates):
        run, _, number = layer.name.partition(".")
        name = HEADS.get(config.kind, layer.name) if layer.name == "to_latent" else layer.name
        name = f"{run}.layers.{number}" if run in ("posterior", "prior") else name
        spiking = f"{name}.transform" in modules
        linear = modules.get(f"{name}.transform") or modules.get(f"{name}.0") or modules[name]
        norm = modules.get(f"{name}.norm") or modules.get(f"{name}.1")
        weight, bias = double(linear.weight), double(linear.bias)
        if isinstance(linear, nn.ConvTranspose2d):
            weight = weight.swapaxes(0, 1)
        values = [weight, bias]
        if norm is not None:
            spread = norm.alpha * modules[name].neuron.threshold if spiking else 1.0
            scale = double(norm.weight) * spread / np.sqrt(double(norm.running_var) + norm.eps)
            values = [weight * scale.reshape(-1, *[1] * (weight.ndim - 1))]
            values.append((bias - double(norm.running_mean)) * scale + double(norm.bias))
        if spiking and modules[name].leak() is not None:
            values.append(double(modules[name].leak()))
        found |= layer_tensors(layer, *values)
    return found


def same_as_modules(plan, model):
    expected = by_modules(model)
    if (readout := getattr(model, "readout_leak", None)) is not None and readout.learned() is not None:
        expected["readout.leak"] = readout.learned().detach().numpy()
    assert set(plan.tensors) == set(plan.shapes)
    for name, values in expected.items():
        assert np.array_equal(plan.tensors[name].view(np.uint32), values.view(np.uint32)), name


@pytest.mark.parametrize("name", FILES)
def test_a_shipped_checkpoint_folds_to_the_same_bits(name):
    stored, model = read_explorable(SHIPPED / f"{name}.safetensors"), load(SHIPPED / f"{name}.safetensors").model
    same_as_modules(folded(stored), model)
    assert to_bundle(folded(stored)) == bundle_of(model)
    for key, values in model.state_dict().items():
        assert np.array_equal(stored.tensors[key], values.numpy()), key


@pytest.mark.parametrize("name", [*CONFIGS, *RIVALS])
def test_any_network_folds_to_the_same_bits(name, tmp_path):
    model = network(CONFIGS[name]) if name in CONFIGS else rival(RIVALS[name])
    same_as_modules(folded(model), model)
    save(tmp_path / "m.safetensors", model.state_dict(), Header(name="m", model=model.config))
    assert to_bundle(folded(read_explorable(tmp_path / "m.safetensors"))) == bundle_of(model)


def test_the_prior_comes_along():
    model = network(CONFIGS["fitted"])
    plan = plan_of(model)
    for part in ("weight", "bias"):
        assert np.array_equal(plan.tensors[f"prior.{part}"], model.state_dict()[f"prior.linear.{part}"].numpy())
    for part in ("weights", "means", "factors"):
        assert np.array_equal(plan.tensors[f"fitted.{part}"], getattr(model.fitted, part).numpy())


def test_the_sigmoid_has_pytorchs_bits():
    generator = torch.Generator().manual_seed(0)
    logits = torch.cat([torch.randn(2**18, generator=generator) * scale for scale in (0.1, 1, 8, 60)])
    logits = torch.cat([logits, torch.tensor([0.0, -0.0, 87.5, -87.5, 88.8, -88.8, 103.5, -103.5, 1e30, -1e30])])
    if torch.backends.cpu.get_cpu_capability() == "AVX512":  # elsewhere PyTorch has another exponential
        for count in (2**15, 1, 31, 40, 2**10 - 1):  # PyTorch shares out more than 2^15 among its threads
            for part in logits.split(count)[:200]:
                assert np.array_equal(sigmoid(part.numpy()), torch.sigmoid(part).numpy())
        assert np.array_equal(sigmoid(logits[-10:].numpy()), torch.sigmoid(logits[-10:]).numpy())
    exact = torch.sigmoid(logits.double()).numpy()
    assert np.abs(sigmoid(logits.numpy()) - exact).max() < 2**-23


def test_a_checkpoint_is_read_and_folded_without_pytorch():
    script = (
        "import sys; sys.modules['torch'] = None\n"  # importing it fails
        "from esvae_core.explore.latent_interface import folded, read_explorable\n"
        "from esvae_core.explore.atlas import beside, load_for\n"
        f"stored = read_explorable({str(SHIPPED / 'mnist-poisson.safetensors')!r})\n"
        "print(folded(stored).config.latent_dim, len(stored.controls), len(load_for(stored, beside(stored.path))))\n"
        "assert 'numba' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    dims, controls, images = map(int, done.stdout.split())
    assert (dims, images) == (128, 2000)
    assert controls > 0
