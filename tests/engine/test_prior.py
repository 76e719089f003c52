"""A plan's prior: the model's own, with numbers that the browser has too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from esvae_core.engine import noise, plan_of
from esvae_core.engine.prior import prior
from esvae_core.errors import InputError
from esvae_core.fitted_prior import to_rates
from tests.engine.networks import CONFIGS, network


def test_the_learned_prior_is_the_models():
    model = network(CONFIGS["published"])
    numbers = torch.tensor(noise.normal(5, 8)).float()[None]
    for temperature in (1.0, 0.5):
        wanted = model.prior_rates(1, normal=numbers, temperature=temperature)[0].detach().numpy()
        np.testing.assert_allclose(prior(plan_of(model), 5, temperature), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["fitted", "snapped"])
def test_the_fitted_prior_is_the_models(name):
    model = network(CONFIGS[name])
    plan, seen = plan_of(model), set()
    mixture = model.fitted.mixture()
    edges = mixture.weights.cumsum(0) / mixture.weights.sum()
    for seed in range(40):
        numbers, share = noise.normal(seed, model.config.latent_dim), noise.chance(seed)
        k = int((edges <= share).sum())
        seen.add(k)
        rates = to_rates(mixture.means[k] + 0.7 * mixture.factors[k] @ torch.tensor(numbers))
        if model.config.prior_snap:
            rates = (rates * model.config.time_steps).round() / model.config.time_steps
        np.testing.assert_allclose(prior(plan, seed, 0.7), rates.numpy(), rtol=0, atol=1e-6)
    assert len(seen) == model.config.prior_components


def test_both_priors_draw_with_the_moments_of_the_models():
    model = network(CONFIGS["fitted"])
    plan = plan_of(model)
    for name in ("learned", "fitted"):
        ours = np.stack([prior(plan, seed, 1.0, name) for seed in range(2000)])
        theirs = model.prior_rates(20_000, generator=torch.Generator().manual_seed(0), prior=name).detach().numpy()
        np.testing.assert_allclose(ours.mean(0), theirs.mean(0), rtol=0, atol=0.04)
        np.testing.assert_allclose(np.cov(ours.T), np.cov(theirs.T), rtol=0, atol=0.02)


def test_huge_weights_do_not_overflow():
    model = network(CONFIGS["published"])
    with torch.no_grad():
        model.prior.linear.weight.mul_(1e6)
    rates = prior(plan_of(model), 1)
    assert bool(((rates >= 0) & (rates <= 1)).all())


def test_wrong_input_is_refused():
    plan = plan_of(network(CONFIGS["published"]))
    with pytest.raises(InputError, match="has no fitted one"):
        prior(plan, 1, 1.0, "fitted")
    with pytest.raises(InputError, match="expected learned or fitted, got 'mixed'"):
        prior(plan, 1, 1.0, "mixed")
    with pytest.raises(InputError, match="temperature: expected a finite number of 0 or more"):
        prior(plan, 1, -0.5)
    with pytest.raises(InputError, match="seed"):
        prior(plan, 2**32)
