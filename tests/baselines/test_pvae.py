"""The Poisson VAE: its divergence, relaxed counts and loss, against closed forms, Monte Carlo and differences."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Poisson, kl_divergence

from esvae_core import checkpoint
from esvae_core.baselines.pvae import PVAE, PoissonPosterior, poisson_divergence, relaxed_counts
from esvae_core.checkpoint import Header, save
from esvae_core.config import PVAEConfig, TrainConfig
from esvae_core.errors import InputError
from esvae_core.evaluation.adapter import CountAdapter, adapter_of
from esvae_core.presets import preset
from esvae_core.training.objectives import StepContext, objective_of
from esvae_core.training.objectives.pvae import temperature_at

SHAPE = {"image_size": 8, "channels": (2, 4), "latent_dim": 3}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = PVAE(PVAEConfig(**SHAPE, residual_bound=2.0)).eval()
    with torch.no_grad():
        made.log_prior_rates.copy_(torch.tensor([-1.0, 0.0, 1.0]))
    return made


@pytest.fixture
def posterior():
    return PoissonPosterior(torch.randn(7, 4, generator=seeded(1)), torch.tensor([-1.5, 0.0, 0.5, 2.0]))


def test_the_divergence_is_the_closed_form_of_the_library(posterior):
    prior = Poisson(posterior.log_prior_rates.exp())
    wanted = kl_divergence(Poisson(posterior.rates), prior).sum(1).mean()
    torch.testing.assert_close(poisson_divergence(posterior), wanted)
    same = PoissonPosterior(torch.zeros(2, 4), posterior.log_prior_rates)
    assert poisson_divergence(same).item() == 0


def test_the_divergence_is_the_mean_of_log_ratios(posterior):
    q, p = Poisson(posterior.rates), Poisson(posterior.log_prior_rates.exp())
    counts = torch.poisson(posterior.rates.expand(20_000, -1, -1), generator=seeded())
    ratios = (q.log_prob(counts) - p.log_prob(counts)).sum(2).mean(1)
    error = float(ratios.std()) / math.sqrt(len(ratios))
    assert poisson_divergence(posterior).item() == pytest.approx(float(ratios.mean()), abs=4 * error)


def test_relaxed_counts_become_poisson_counts():
    rates = torch.tensor([[0.3, 2.0, 6.0]])
    exponentials = torch.empty(40, 5000, 3).exponential_(generator=seeded())
    counts = relaxed_counts(rates, exponentials, 1e-4)
    assert (counts - counts.round()).abs().mean() < 1e-2
    torch.testing.assert_close(counts.mean(0), rates[0], rtol=0.06, atol=0)
    torch.testing.assert_close(counts.var(0), rates[0], rtol=0.1, atol=0)
    soft = relaxed_counts(rates, exponentials, 1.0)
    assert (soft - soft.round()).abs().mean() > 0.1


def test_the_gradient_of_relaxed_counts_is_that_of_differences():
    rates = torch.rand(3, 2, generator=seeded(), dtype=torch.double) * 4 + 0.1
    exponentials = torch.empty(12, 3, 2, dtype=torch.double).exponential_(generator=seeded(1))
    for temperature in (1.0, 0.05):
        assert torch.autograd.gradcheck(
            lambda x, t=temperature: relaxed_counts(x, exponentials, t), rates.requires_grad_()
        )


def test_the_loss_is_the_bound_of_what_was_drawn(model):
    objective, context = objective_of(model.train(), TrainConfig(kl_weight=0.25)), StepContext(0, 3, 8, 1)
    images = torch.rand(6, 1, 8, 8, generator=seeded())
    noise = objective.noise(6, slice(0, 6), seeded(), context)
    outputs = objective(images, *noise)
    terms = objective.terms(images, outputs, context, lambda x: x)
    posterior = model.encode(images)
    pictures = model.decode(relaxed_counts(posterior.rates, noise[0], temperature_at(TrainConfig(), context)))
    assert terms.parts["mse"].item() == pytest.approx((pictures - images).square().mean().item(), rel=1e-5)
    closed = kl_divergence(Poisson(posterior.rates), Poisson(model.log_prior_rates.exp())).sum(1).mean()
    assert terms.parts["kl"].item() == pytest.approx(closed.item(), rel=1e-4)
    assert terms.total.item() == pytest.approx(terms.parts["mse"].item() + 0.25 * terms.parts["kl"].item())
    terms.total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.isfinite().all()), name
    assert float(model.log_prior_rates.grad.abs().min()) > 0


def test_the_temperature_falls_to_its_last_value_half_way():
    found = [temperature_at(TrainConfig(), StepContext(0, epoch, 8, 1)) for epoch in range(8)]
    assert found[:5] == pytest.approx([1.0, 0.7625, 0.525, 0.2875, 0.05])
    assert found[4:] == [found[4]] * 4


def test_a_log_rate_stays_within_its_bound(model):
    with torch.no_grad():
        model.to_log_ratio.weight.mul_(1e4)
        ratio = model.encode(torch.rand(9, 1, 8, 8)).log_ratio
    assert float(ratio.abs().max()) <= 2.0
    assert float(ratio.abs().max()) > 1.9


def test_it_draws_whole_counts_from_posterior_and_prior(model):
    images = torch.rand(4, 1, 8, 8, generator=seeded())
    assert torch.equal(model.reconstruct(images, seeded(1)), model.reconstruct(images, seeded(1)))
    assert not torch.equal(model.reconstruct(images, seeded(1)), model.reconstruct(images, seeded(2)))
    drawn = model.sample(4000, seeded())
    assert torch.equal(drawn.counts, drawn.counts.round())
    torch.testing.assert_close(drawn.counts.mean(0), model.log_prior_rates.exp().detach(), rtol=0.1, atol=0)
    torch.testing.assert_close(model.features(images).exp(), model.encode(images).rates)


def test_the_suite_sees_counts_and_the_picture_of_the_rates(model):
    adapter = adapter_of(model)
    assert isinstance(adapter, CountAdapter)
    images = torch.rand(4, 1, 8, 8, generator=seeded())
    with torch.no_grad():
        rates = model.encode(images).rates
        torch.testing.assert_close(adapter.reconstruct_mean(images), model.decode(rates))
    torch.testing.assert_close(adapter.expected_spikes(images), rates.sum(1))


def test_it_is_kept_and_refuses_what_does_not_fit(model, tmp_path):
    save(tmp_path / "x.safetensors", model.state_dict(), Header(name="x", model=model.config))
    loaded = checkpoint.load(tmp_path / "x.safetensors", PVAE).model
    torch.testing.assert_close(loaded.log_prior_rates, model.log_prior_rates)
    with pytest.raises(InputError, match="latent vectors: expected shape"):
        model.decode(torch.zeros(2, 4))
    with pytest.raises(InputError, match="number of pictures"):
        model.sample(0)


@pytest.mark.parametrize("name", ["pvae-mnist", "pvae-fashion"])
def test_there_is_a_preset(name):
    assert preset(name).model.kind == "pvae"
