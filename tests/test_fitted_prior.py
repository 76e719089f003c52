"""The prior fitted after training: dither and back, drawing, and its place in a model."""

from __future__ import annotations

import math

import pytest
import torch

from esvae_core.config import ModelConfig
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.fitted_prior import FittedPrior, fit_prior, to_angles, to_rates
from esvae_core.mixture import Mixture


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def two_kinds(steps=4):
    """(600, 3) rates on the grid: one neuron tells two kinds of image apart, one follows it, one is free."""
    source = seeded(1)
    kind = torch.arange(600) % 2
    first = torch.where(kind == 0, torch.zeros(600), torch.ones(600))
    follows = (1 - first + 0.25 * torch.randint(-1, 2, (600,), generator=source)).clamp(0, 1)
    free = torch.randint(0, steps + 1, (600,), generator=source) / steps
    return torch.stack([first, follows, free], 1)


def test_dither_stays_within_the_cell():
    steps = 8
    rates = (torch.arange(steps + 1) / steps).repeat(2000, 1)
    back = to_rates(to_angles(rates, steps, seeded()))
    assert float((back - rates).abs().max()) <= 0.5 / steps + 1e-9
    assert torch.equal((back * steps).round() / steps, rates.double())
    torch.testing.assert_close(back.mean(0)[1:-1], rates.double().mean(0)[1:-1], atol=0.003, rtol=0)


def test_rates_at_the_ends_are_the_tails_of_a_gaussian():
    """Where a clipped Gaussian made the rates, the angles have its mean and deviation again."""
    steps, count = 16, 20_000
    for mean, deviation in ((0.8, 0.5), (0.0, 0.6), (1.2, 1.5)):
        made = mean + deviation * torch.randn(count, 1, dtype=torch.float64, generator=seeded(3))
        angles = to_angles((to_rates(made) * steps).round() / steps, steps, seeded(4))
        assert float(angles.mean()) == pytest.approx(mean, abs=0.05 * deviation)
        assert float(angles.std()) == pytest.approx(deviation, rel=0.06)


def test_one_gaussian_gives_binary_neurons_their_shares(tiny):
    """Rates that are 0 or 1 but for a few: a bell over the angles themselves would put most of its mass between."""
    source = seeded(5)
    rates = (torch.rand(3000, 6, generator=source) < torch.linspace(0.2, 0.8, 6)).float()
    rates[:150] = torch.randint(0, 5, (150, 6), generator=source) / 4
    drawn = tiny.with_prior(fit_prior(rates, 1, 4, source), snap=True).prior_rates(5000, generator=source)
    torch.testing.assert_close(drawn.mean(0), rates.mean(0), atol=0.03, rtol=0)
    assert float(((drawn > 0) & (drawn < 1)).float().mean()) < 0.1


@pytest.mark.parametrize("rate", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("steps", [1, 2, 16])
def test_a_neuron_that_always_does_the_same_stays_so(rate, steps, tiny):
    rates = torch.full((200, 6), round(rate * steps) / steps)
    angles = to_angles(rates, steps, seeded())
    assert bool(angles.isfinite().all())
    assert torch.equal((to_rates(angles) * steps).round() / steps, rates.double())


def test_what_is_outside_goes_to_the_end():
    assert to_rates(torch.tensor([-1.0, 0.0, math.pi / 2, 9.0])).tolist() == [0, 0, 1, 1]


def test_a_model_draws_what_its_rates_were_like(tiny):
    rates = two_kinds().repeat(1, 2)
    model = tiny.with_prior(fit_prior(rates, 4, 4, seeded()), snap=True)
    drawn = model.prior_rates(4000, generator=seeded(2))
    assert drawn.dtype == torch.float32
    assert ((drawn * 4) % 1 == 0).all()
    torch.testing.assert_close(drawn.mean(0), rates.mean(0), atol=0.05, rtol=0)
    assert float(torch.corrcoef(drawn.T)[0, 1]) < -0.7  # that of the rates is -0.96
    assert torch.equal(drawn, model.prior_rates(4000, generator=seeded(2), prior="fitted"))
    loose = tiny.with_prior(fit_prior(rates, 4, 4, seeded())).prior_rates(100, generator=seeded(2))
    assert not ((loose * 4) % 1 == 0).all()
    assert bool(((loose >= 0) & (loose <= 1)).all())


def test_the_learned_prior_can_still_be_asked_for(tiny):
    model = tiny.with_prior(fit_prior(two_kinds().repeat(1, 2), 2, 4, seeded()))
    assert torch.equal(
        model.prior_rates(5, generator=seeded(3), prior="learned"), tiny.prior_rates(5, generator=seeded(3))
    )
    sample = model.sample(5, seeded(3), prior="learned")
    assert torch.equal(sample.rates, tiny.sample(5, seeded(3)).rates)
    assert torch.equal(sample.images, tiny.sample(5, seeded(3)).images)
    assert not torch.equal(model.sample(5, seeded(3)).rates, sample.rates)


def test_the_loss_sees_the_learned_prior(tiny):
    model = tiny.with_prior(fit_prior(two_kinds().repeat(1, 2), 2, 4, seeded()))
    normal = torch.randn(3, 6, generator=seeded())
    output = model(torch.zeros(3, 1, 8, 8), generator=seeded(), normal=normal)
    assert torch.equal(output.prior_rates, tiny.prior_rates(3, normal=normal))


def test_a_copy_is_a_copy(tiny):
    mixture = fit_prior(two_kinds().repeat(1, 2), 2, 4, seeded())
    model = tiny.with_prior(mixture, snap=True)
    assert (tiny.config.prior_components, model.config.prior_components, model.config.prior_snap) == (0, 2, True)
    with torch.no_grad():
        model.readout.weight.zero_()
    assert tiny.readout.weight.abs().sum() > 0
    assert not model.training
    again = model.with_prior(None)
    assert again.config == tiny.config
    assert again.state_dict().keys() == tiny.state_dict().keys()


@pytest.mark.parametrize("prior", ["learned", "fitted"])
def test_temperature_scales_the_deviation(tiny, prior):
    means = torch.tensor([[0.3], [1.2]]).repeat(1, 6).double()
    small = 0.01 * torch.eye(6, dtype=torch.float64).repeat(2, 1, 1)
    model = tiny.with_prior(Mixture(torch.tensor([0.5, 0.5]).double(), means, small))
    with torch.no_grad():
        model.prior.linear.weight.mul_(0.01)

    @torch.no_grad()
    def spread(temperature):
        drawn = model.prior_rates(2000, generator=seeded(4), prior=prior, temperature=temperature)
        centers = to_rates(means).float() if prior == "fitted" else model.prior.linear.bias.sigmoid()[None]
        return float((drawn[:, None] - centers).norm(dim=2).min(1).values.mean())

    assert spread(0.0) < 1e-6
    assert spread(2.0) / spread(1.0) == pytest.approx(2, rel=0.05)


def test_the_triangle_comes_back():
    factors = torch.randn(3, 5, 5, generator=seeded(), dtype=torch.float64).tril()
    prior = FittedPrior(5, 3, None)
    prior.take(Mixture(torch.full((3,), 1 / 3).double(), torch.zeros(3, 5).double(), factors))
    assert prior.factors.shape == (3, 15)
    torch.testing.assert_close(prior.mixture().factors, factors, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prior": "fitted"}, "has no fitted one"),
        ({"prior": "guessed"}, "expected learned or fitted, got 'guessed'"),
        ({"temperature": -1.0}, "temperature: expected a finite number of 0 or more"),
        ({"temperature": math.nan}, "temperature: expected a finite number of 0 or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tiny, arguments, message):
    with pytest.raises(InputError, match=message):
        tiny.prior_rates(2, **arguments)


def test_normal_numbers_are_for_the_learned_prior():
    model = ESVAE(ModelConfig(image_size=8, channels=(2,), latent_dim=2, prior_components=1))
    with pytest.raises(InputError, match="ask for prior='learned'"):
        model.prior_rates(2, normal=torch.zeros(2, 2))
