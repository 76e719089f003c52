"""Which engine a call of the model takes, and when the folded weights are renewed."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest
import torch

from esvae_core.engine import dispatch
from esvae_core.errors import InputError
from tests.engine.networks import CONFIGS, network

CONFIG = CONFIGS["soft"]


@pytest.fixture
def model():
    return network(CONFIG)


@pytest.fixture
def foldings(monkeypatch):
    """A list with one entry for each time that a model is folded."""
    made = []
    plan_of = dispatch.plan_of
    monkeypatch.setattr(dispatch, "plan_of", lambda model: made.append(model) or plan_of(model))
    return made


IMAGES = torch.rand(3, *CONFIG.image_shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
SPIKES = (torch.rand(6, 3, CONFIG.latent_dim, generator=torch.Generator().manual_seed(1)) < 0.5).float()


def both(model, **how):
    posterior = model.encode(IMAGES, **how)
    return posterior.rates, posterior.spikes, model.decode(SPIKES, **how)


@torch.no_grad()
def test_the_two_engines_agree(model):
    for ours, theirs in zip(both(model, engine="events"), both(model, engine="dense"), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@torch.no_grad()
def test_in_evaluation_events_are_the_choice(model, foldings):
    both(model)
    model(IMAGES, generator=torch.Generator().manual_seed(0))
    model.sample(2, torch.Generator().manual_seed(0))
    assert len(foldings) == 1


OBSTACLES = {
    "training mode": lambda m: m.train(),
    "has no gradients": lambda m: torch.set_grad_enabled(True),
    "calls no hooks": lambda m: m.decoder[0].register_forward_hook(lambda *_: None),
}


@pytest.mark.parametrize("reason", OBSTACLES)
def test_what_only_the_dense_layers_can_do_they_do(model, foldings, reason):
    with torch.no_grad():
        OBSTACLES[reason](model)
        result = model.decode(SPIKES)
        model.encode(IMAGES)
        assert not foldings
        assert result.requires_grad == (reason == "has no gradients")
        with pytest.raises(InputError, match=f"engine 'events': .*{reason}"):
            model.decode(SPIKES, engine="events")
        with pytest.raises(InputError, match=f"engine 'events': .*{reason}"):
            model.encode(IMAGES, engine="events")


@torch.no_grad()
def test_other_precisions_are_told(model):
    with pytest.raises(InputError, match="expected weights of float32, found bfloat16"):
        model.to(torch.bfloat16).decode(SPIKES, engine="events")


@torch.no_grad()
def test_autocast_and_unknown_names_are_told(model):
    with torch.autocast("cpu", torch.bfloat16), pytest.raises(InputError, match="takes no part in autocast"):
        model.decode(SPIKES, engine="events")
    with pytest.raises(InputError, match="engine: expected 'dense', 'events' or None, got 'fast'"):
        model.decode(SPIKES, engine="fast")


def test_weights_made_in_inference_mode_have_no_versions():
    with torch.inference_mode():
        model = network(CONFIG)
        model.decode(SPIKES)
        with pytest.raises(InputError, match="needs weights whose changes PyTorch counts"):
            model.decode(SPIKES, engine="events")


@torch.inference_mode()
def test_inference_mode_takes_events(model, foldings):
    assert model.decode(SPIKES).is_inference()
    assert len(foldings) == 1


@torch.no_grad()
def test_numbers_other_than_spikes_are_for_the_dense_layers(model):
    half = SPIKES * 0.5
    assert torch.equal(model.decode(half), model.decode(half, engine="dense"))
    with pytest.raises(InputError, match="engine 'events': expected spikes of 0 and 1, got other numbers"):
        model.decode(half, engine="events")
    assert torch.equal(model.decode(SPIKES.bool()), model.decode(SPIKES))


CHANGES = {
    "an optimiser's step": lambda m: torch.optim.SGD([m.readout.weight], lr=1).step(),
    "a parameter in place": lambda m: m.from_latent.transform.weight.mul_(1.3),
    "a running statistic": lambda m: m.decoder[0].norm.running_mean.add_(0.2),
    "a new parameter": lambda m: setattr(m.readout, "bias", torch.nn.Parameter(m.readout.bias + 0.5)),
    "new data": lambda m: setattr(m.readout.weight, "data", m.readout.weight.data * 2),
    "a loaded state": lambda m: m.load_state_dict(network(CONFIG, 5).state_dict()),
    "an assigned state": lambda m: m.load_state_dict(network(CONFIG, 5).state_dict(), assign=True),
}


@torch.no_grad()
@pytest.mark.parametrize("change", CHANGES)
def test_changed_weights_are_folded_anew(model, foldings, change):
    model.readout.weight.grad = torch.ones_like(model.readout.weight)
    before = model.decode(SPIKES)
    model.decode(SPIKES)
    assert len(foldings) == 1
    CHANGES[change](model)
    after = model.decode(SPIKES)
    assert len(foldings) == 2
    torch.testing.assert_close(after, model.decode(SPIKES, engine="dense"), rtol=0, atol=1e-5)
    assert not torch.equal(before, after)


@torch.no_grad()
def test_the_folded_weights_are_no_part_of_the_model(model):
    names, size = list(model.state_dict()), len(pickle.dumps(model))
    wanted = model.decode(SPIKES)
    assert list(model.state_dict()) == names
    assert len(pickle.dumps(model)) == size
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), torch.load(file, weights_only=False)):
        assert torch.equal(other.decode(SPIKES), wanted)
        other.from_latent.transform.weight.mul_(1.3)
        assert torch.equal(model.decode(SPIKES), wanted)
        assert not torch.equal(other.decode(SPIKES), wanted)


@torch.no_grad()
@pytest.mark.parametrize("engine", ["dense", "events"])
def test_firing_is_the_mean_of_each_layers_spikes(model, engine):
    firing = {}
    model.encode(IMAGES, firing=firing, engine=engine)
    model.decode(SPIKES, firing=firing, engine=engine)
    layers = model.trace_encode(IMAGES).layers | model.trace_decode(SPIKES).layers
    assert list(firing) == list(layers)
    for name, run in layers.items():
        assert firing[name] == pytest.approx(float(run.spikes.mean()), abs=1e-3), name


@torch.no_grad()
def test_images_in_any_memory_format(model):
    turned = IMAGES.to(memory_format=torch.channels_last)
    wide = torch.zeros(3, 1, 8, 16)
    wide[..., ::2] = IMAGES
    for images in (turned, wide[..., ::2], IMAGES.double()):
        assert np.array_equal(model.encode(images).rates, model.encode(IMAGES).rates)
