"""The tensors that settings promise are those that a model of them has."""

from __future__ import annotations

import pytest
import torch

from esvae_core.config import KINDS, ANNVAEConfig, AutoencoderConfig, FSVAEConfig, ModelConfig, PVAEConfig
from esvae_core.model_kinds import build
from esvae_core.state_layout import state_layout

from .engine.networks import CONFIGS

SMALL = {"image_size": 16, "channels": (3, 5), "latent_dim": 7}
OTHERS = {
    "default": ModelConfig(),
    "fsvae": FSVAEConfig(**SMALL, candidates=4),
    "fsvae, learned": FSVAEConfig(**SMALL, neuron={"learned_leak": True}, learned_readout=True),
    "annvae": ANNVAEConfig(**SMALL, image_channels=3),
    "pvae": PVAEConfig(**SMALL),
    "ae": AutoencoderConfig(**SMALL, components=3),
}


def test_every_kind_is_here():
    assert {config.kind for config in (CONFIGS | OTHERS).values()} == set(KINDS)


@pytest.mark.parametrize("name", CONFIGS | OTHERS)
def test_the_layout_is_that_of_the_state_dict(name):
    config = (CONFIGS | OTHERS)[name]
    with torch.device("meta"):
        state = build(config).state_dict()
    found = {key: (tuple(t.shape), str(t.dtype).removeprefix("torch.")) for key, t in state.items()}
    assert list(state_layout(config).items()) == list(found.items())
