"""Draws of the prior without PyTorch are those of the model with it: the same bits, the same file."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from esvae_core.checkpoint import load
from esvae_core.config import ANNVAEConfig, ModelConfig
from esvae_core.engine import plan_of
from esvae_core.engine.mersenne import Mersenne
from esvae_core.engine.prior_draws import LEAST, MOST, can_draw, prior_rates
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.seeds import generator, number
from esvae_core.shipped import SHIPPED

COUNTS = (16, 17, 31, 32, 2000, 2009)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**63 - 1])
def test_the_numbers_are_those_of_pytorchs_generator(seed):
    ours, theirs = Mersenne(seed), torch.Generator().manual_seed(seed)
    for count in COUNTS:  # one after the other, from one stream
        assert np.array_equal(ours.uniform(count), torch.rand(count, dtype=torch.float64, generator=theirs))
        assert np.array_equal(ours.normal(count), torch.randn(count, dtype=torch.float64, generator=theirs))
        assert np.array_equal(ours.normal_single(count), torch.randn(count, generator=theirs))


def test_a_million_of_them_are():
    theirs = torch.randn(2**20, generator=torch.Generator().manual_seed(3))
    assert np.array_equal(Mersenne(3).normal_single(2**20), theirs)


@pytest.mark.parametrize("name", ["mnist", "mnist-plus", "mnist-poisson"])
@pytest.mark.parametrize("prior", ["learned", None])
def test_rates_are_those_of_the_model(name, prior):
    model = load(SHIPPED / f"{name}.safetensors", ESVAE).model
    plan = plan_of(model)
    for seed, count, temperature in ((0, LEAST, 1.0), (1, 64, 1.0), (2, 100, 0.7), (3, 33, 0.0)):
        source = generator(seed, "prior")
        wanted = model.prior_rates(count, generator=source, prior=prior, temperature=temperature).detach()
        found = prior_rates(plan, count, Mersenne(number(seed, "prior")), prior=prior, temperature=temperature)
        assert found.dtype == np.float32
        assert np.array_equal(found, wanted)


def test_what_there_is_not_is_refused_as_the_model_does():
    model = load(SHIPPED / "mnist.safetensors", ESVAE).model.with_prior(None)
    for wrong in ({"prior": "fitted"}, {"prior": "other"}, {"temperature": -1.0}, {"temperature": float("nan")}):
        with pytest.raises(InputError) as theirs:
            model.prior_rates(16, **wrong)
        with pytest.raises(InputError) as ours:
            prior_rates(plan_of(model), 16, Mersenne(0), **wrong)
        assert str(ours.value) == str(theirs.value)


def test_few_or_very_many_are_left_to_pytorch():
    config = ModelConfig(latent_dim=32)
    assert can_draw(config, LEAST)
    assert not can_draw(config, LEAST - 1)
    assert not can_draw(config, MOST // 32 + 1)
    assert not can_draw(ModelConfig(latent_dim=8), 64)
    assert not can_draw(ModelConfig(frames=True), 64)
    assert not can_draw(ANNVAEConfig(), 64)


COMMAND = """
import sys
if {without}: sys.modules["torch"] = None
else:
    from esvae_core.engine import prior_draws
    prior_draws.can_draw = lambda config, count: False
from esvae_core.cli import main
main()
"""


@pytest.mark.parametrize("suffix", ["png", "npz"])
def test_the_command_writes_the_same_file_with_pytorch_blocked(tmp_path, suffix):
    files = [tmp_path / f"{name}.{suffix}" for name in ("without", "with")]
    words = ["sample", str(SHIPPED / "digits-plus.safetensors"), "--n", "16", "--seed", "5", "--temperature", "0.8"]
    for file in files:
        code = COMMAND.format(without=file is files[0])
        command = [sys.executable, "-c", code, *words, "--control", "thickness=+1", "--out", str(file)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert files[0].read_bytes() == files[1].read_bytes()
    replayed = [sys.executable, "-c", COMMAND.format(without=True), "replay", str(files[1])]
    assert "identical" in subprocess.run(replayed, check=True, capture_output=True, text=True, timeout=120).stdout
