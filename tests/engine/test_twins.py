"""Four engines, one answer: NumPy reference, Numba, WebAssembly and dense PyTorch on random networks."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from esvae_core import ModelConfig, NeuronConfig
from esvae_core.engine import noise, plan_of, reference, to_bundle
from esvae_core.latent import spikes_from_rates
from tests.engine.networks import network
from tests.engine.test_browser import _packed
from tests.engine.test_event_engine import pictures, trains

SCRIPT = Path(__file__).with_name("twins.mjs")


def drawn(seed):
    """A random network and its input: (model, T, images, spikes, rates)."""
    source = np.random.default_rng(seed)
    neuron, latent = (
        NeuronConfig(
            leak=float(source.choice([0, 0.25, 0.9, 1])),
            learned_leak=bool(source.integers(2)),
            threshold=float(source.choice([0.1, 0.2, 1])),
            reset=str(source.choice(["hard", "soft"])),
        )
        for _ in range(2)
    )
    depth = int(source.integers(1, 4))
    config = ModelConfig(
        image_channels=int(source.choice([1, 3])),
        image_size=int(source.choice([8, 16, 24])),
        channels=tuple(int(width) for width in source.integers(1, 36, depth)),
        latent_dim=int(source.integers(1, 40)),
        neuron=neuron,
        latent_neuron=latent,
        readout_decay=float(source.choice([0.5, 0.8, 1])),
        learned_readout=bool(source.integers(2)),
    )
    steps, count = int(source.integers(1, 21)), int(source.choice([1, 3, 5]))
    rates = source.choice([0, 1, 0.25, 0.6], config.latent_dim).astype(np.float32)
    return network(config, seed), steps, pictures(config, count, seed), trains(config, steps, count, seed), rates


SEEDS = range(12)
NETWORKS = {seed: drawn(seed) for seed in SEEDS}


@pytest.fixture(scope="module")
def in_node(tmp_path_factory):
    """The answers of the browser's engine to the first image and spike train of each network."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    cases = {
        seed: {
            "bundle": base64.b64encode(to_bundle(plan_of(model))).decode(),
            "steps": steps,
            "seed": seed,
            "image": _packed(images[0]),
            "spikes": _packed(spikes[:, 0].astype(np.uint8)),
            "rates": _packed(rates),
        }
        for seed, (model, steps, images, spikes, rates) in NETWORKS.items()
    }
    path = tmp_path_factory.mktemp("twins") / "cases.json"
    path.write_text(json.dumps(cases))
    run = subprocess.run(
        [node, str(SCRIPT)], env=os.environ | {"ESVAE_CASES": str(path)}, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_browsers_engine_is_the_compiled_one(seed, in_node):
    model, steps, images, spikes, rates = NETWORKS[seed]
    with torch.no_grad():
        posterior = model.encode(torch.from_numpy(images), steps=steps, engine="events")
        painted = model.decode(torch.from_numpy(spikes), engine="events")
    theirs = in_node[str(seed)]
    assert theirs["encoded"] == posterior.spikes[:, 0].flatten().int().tolist()
    np.testing.assert_allclose(theirs["decoded"], painted[0].flatten(), rtol=0, atol=2e-7)  # two libraries' tanh
    weights = model.readout_leak.weights(steps, torch.zeros(1)).tolist()
    assert theirs["weights"] == pytest.approx(weights, rel=1e-5)
    for sampler, train in zip(("bernoulli", "systematic"), theirs["drawn"], strict=True):
        assert train == noise.sample(rates, seed, sampler, steps).flatten().tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_compiled_engine_is_the_reference(seed):
    model, steps, images, spikes, _ = NETWORKS[seed]
    plan = plan_of(model)
    with torch.no_grad():
        posterior = model.encode(torch.from_numpy(images), steps=steps, engine="events")
        painted = model.decode(torch.from_numpy(spikes), engine="events")
    for i, image in enumerate(images):
        assert np.array_equal(posterior.spikes[:, i], reference.encode(plan, image, steps).spikes)
        np.testing.assert_allclose(painted[i], reference.decode(plan, spikes[:, i]), rtol=0, atol=2e-7)


def test_the_compiled_engine_is_the_dense_one():
    """But where a membrane lies within rounding of its threshold: at least 99.99 % of the spikes, all networks."""
    equal = total = 0
    for model, steps, images, spikes, _ in NETWORKS.values():
        with torch.no_grad():
            ours, theirs = (model.encode(torch.from_numpy(images), steps=steps, engine=e) for e in ("events", "dense"))
            painted = [model.decode(torch.from_numpy(spikes), engine=e) for e in ("events", "dense")]
        equal += int((ours.spikes == theirs.spikes).sum())
        total += ours.spikes.numel()
        assert float((painted[0] - painted[1]).abs().mean()) <= 1e-4
    assert equal >= 0.9999 * total
    assert total > 5_000


@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_a_seed_gives_the_same_spikes_to_the_model(sampler):
    _, steps, _, _, rates = NETWORKS[0]
    frozen = noise.uniform(0, steps, len(rates))
    found = spikes_from_rates(torch.from_numpy(rates)[None], torch.from_numpy(frozen)[:, None], sampler)
    assert np.array_equal(found[:, 0], noise.sample(rates, 0, sampler, steps))
