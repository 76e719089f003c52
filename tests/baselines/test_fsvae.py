"""FSVAE's latent against small cases by hand, its fast paths against the slow ones, its loss and its schedule."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from esvae_core.baselines.autoregressive import AutoregressivePosterior, AutoregressivePrior, choose
from esvae_core.baselines.fsvae import FSVAE, bernoulli_divergence, postsynaptic, psp_distance
from esvae_core.config import FSVAEConfig, NeuronConfig, TrainConfig
from esvae_core.errors import InputError
from esvae_core.training.objectives import StepContext
from esvae_core.training.objectives.fsvae import FSVAEObjective

from .made import warm_fsvae

TINY = FSVAEConfig(image_size=8, channels=(2, 4), latent_dim=5, time_steps=6, candidates=3)


def wired(net, *weights, bias=0.0):
    """The network with these weights and a normalisation that changes nothing, in evaluation mode."""
    with torch.no_grad():
        for layer, weight in zip(net.layers, weights, strict=True):
            layer.transform.weight.copy_(torch.tensor(weight))
            layer.transform.bias.fill_(0)
            layer.norm.weight.fill_(math.sqrt(1 + layer.norm.eps) / (2 * layer.neuron.threshold))
        net.layers[0].transform.bias[1] = bias
    return net.eval()


def posterior():
    """d = 1, k = 2: candidate 0 is the encoder's spike, candidate 1 the same unless there was a latent spike before."""
    return wired(
        AutoregressivePosterior(1, 2, NeuronConfig()),
        [[1.0, 0.0], [0.0, 1.0]],
        [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]],
        [[1.0, 0.0, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0]],
    )


def prior(copy=(1.0, 0.0), flip=(-1.0, 1.0)):
    """d = 1, k = 2; from (spike before, always one): candidate 0 repeats the spike before, candidate 1 denies it."""
    return wired(
        AutoregressivePrior(1, 2, NeuronConfig()),
        [[1.0], [0.0]],
        [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]],
        [[*copy, 0.0, 0.0], [*flip, 0.0, 0.0]],
        bias=1.0,
    )


def train_of(*values):
    """(T, 1, 1) from one value a step."""
    return torch.tensor(values).view(-1, 1, 1)


@pytest.fixture(scope="module")
def warm():
    return warm_fsvae(TINY)


# ---- the latent by hand ----------------------------------------------------------------------------------------------


def test_one_of_the_candidates_is_chosen():
    candidates = torch.tensor([[[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]]])
    assert choose(candidates, torch.tensor([[2, 0]])).tolist() == [[12.0, 20.0]]


@pytest.mark.parametrize(
    ("x", "chosen", "wanted"),
    [
        ([1.0, 1.0, 1.0, 1.0], [1, 1, 1, 1], [1.0, 0.0, 1.0, 0.0]),  # never two spikes in a row
        ([1.0, 1.0, 1.0, 1.0], [0, 1, 1, 0], [1.0, 0.0, 1.0, 1.0]),
        ([0.0, 1.0, 0.0, 1.0], [0, 0, 1, 1], [0.0, 1.0, 0.0, 1.0]),
    ],
)
def test_the_posterior_goes_on_from_its_own_spikes(x, chosen, wanted):
    net = posterior()
    for run in (net._by_prefixes, net._in_one_pass):
        spikes, candidates = run(train_of(*x), train_of(*chosen))
        assert spikes.flatten().tolist() == wanted
        assert candidates[..., 0].flatten().tolist() == x
        before = [0.0, *wanted[:-1]]
        assert candidates[..., 1].flatten().tolist() == [a * (1 - b) for a, b in zip(x, before, strict=True)]


def test_the_prior_goes_on_from_its_own_spikes():
    net = prior()
    for run in (net._generate_by_prefixes, net._generate_in_one_pass):
        assert run(train_of(1, 0, 1, 1)).flatten().tolist() == [1.0, 1.0, 0.0, 1.0]


def test_the_prior_is_given_the_spikes_of_the_step_before():
    candidates = prior()(train_of(1.0, 0.0, 1.0, 1.0))
    assert candidates[..., 0].flatten().tolist() == [0.0, 1.0, 0.0, 1.0]
    assert candidates[..., 1].flatten().tolist() == [1.0, 0.0, 1.0, 0.0]


def test_scheduled_sampling_puts_the_priors_majority_in_place():
    own = torch.zeros(8, dtype=torch.bool)
    own[5] = True
    net = prior(copy=(-1.0, 1.0))  # both candidates say the opposite of the spike before
    spikes = train_of(*[1.0] * 8)
    assert net(spikes)[..., 0].flatten().tolist() == [1.0, 0, 0, 0, 0, 0, 0, 0]
    offered = net(spikes, own, torch.zeros(8, 1, 1))
    assert offered[..., 0].flatten().tolist() == [1.0, 0, 0, 0, 0, 0, 1.0, 0]  # step 6 follows "no spike" at step 5


@pytest.mark.parametrize(("normal", "follows"), [(1.0, 1.0), (-1.0, 0.0)])
def test_noise_breaks_the_ties_of_scheduled_sampling(normal, follows):
    own = torch.zeros(8, dtype=torch.bool)
    own[5] = True
    offered = prior()(train_of(*[0.0] * 8), own, torch.full((8, 1, 1), normal))  # one candidate of two fires
    assert offered[6, ..., 0].item() == follows


# ---- fast and slow ---------------------------------------------------------------------------------------------------


def test_one_pass_over_time_gives_what_runs_over_all_prefixes_give(warm):
    source = torch.Generator().manual_seed(1)
    x = warm.encode(torch.rand(40, 1, 8, 8, generator=source) * 2 - 1).spikes
    chosen = warm.choices(40, source)
    with torch.no_grad():
        fast, slow = warm.posterior._in_one_pass(x, chosen), warm.posterior._by_prefixes(x, chosen)
    assert torch.equal(fast[0], slow[0])
    assert torch.equal(fast[1], slow[1])
    assert 0.05 < fast[0].mean() < 0.95
    fast, slow = (run(chosen) for run in (warm.prior._generate_in_one_pass, warm.prior._generate_by_prefixes))
    assert torch.equal(fast, slow)
    assert 0.05 < fast.mean() < 0.95


def test_generation_is_teacher_forcing_on_its_own_output(warm):
    chosen = warm.choices(40, torch.Generator().manual_seed(2))
    spikes = warm.prior.generate(chosen)
    with torch.no_grad():
        assert torch.equal(choose(warm.prior(spikes), chosen), spikes)


def test_in_training_every_prefix_is_run_and_moves_the_statistics():
    model = FSVAE(TINY).train()
    rows = []
    model.posterior.layers[0].register_forward_hook(lambda module, inputs, output: rows.append(len(inputs[0])))
    before = model.posterior.layers[2].norm.running_mean.clone()
    with torch.no_grad():
        model.draw(torch.rand(4, 1, 8, 8), model.choices(4))
    assert rows == [4 * t for t in (1, 2, 3, 4, 5, 6)]
    assert not torch.equal(before, model.posterior.layers[2].norm.running_mean)


# ---- gradients -------------------------------------------------------------------------------------------------------


def test_gradients_reach_all_weights_and_stop_at_the_priors_input():
    torch.manual_seed(0)
    model = FSVAE(TINY).train()
    images = torch.rand(16, 1, 8, 8) * 2 - 1
    output = model(images, model.choices(16))
    psp_distance(output.posterior.detach(), output.prior).backward(retain_graph=True)
    assert all(p.grad is None for name, p in model.named_parameters() if not name.startswith("prior."))
    ((output.images - images).square().mean() + psp_distance(output.posterior, output.prior)).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not bool(p.grad.isfinite().all())]
    assert not without
    assert all(float(layer.transform.weight.grad.abs().sum()) > 0 for layer in model.posterior.layers)
    assert float(model.encoder[0].transform.weight.grad.abs().sum()) > 0


# ---- loss and schedule -----------------------------------------------------------------------------------------------


def test_postsynaptic_potentials_by_hand():
    assert postsynaptic(torch.tensor([1.0, 0.0, 1.0])).tolist() == [0.5, 0.25, 0.625]


def test_the_distance_of_potentials_by_hand():
    posterior = torch.tensor([[1.0, 0.0], [1.0, 1.0]]).view(2, 1, 1, 2)  # means .5, 1: potentials .25, .625
    prior = torch.tensor([[0.0, 0.0], [1.0, 0.0]]).view(2, 1, 1, 2)  # means 0, .5: potentials 0, .25
    assert psp_distance(posterior, prior).item() == pytest.approx((0.25**2 + 0.375**2) / 2)


def test_the_divergence_by_hand():
    posterior = torch.tensor([[1.0, 0.0], [1.0, 1.0]]).view(2, 1, 1, 2)
    prior = torch.tensor([[0.0, 0.0], [1.0, 1.0]]).view(2, 1, 1, 2)
    first = 0.5 * math.log(0.51 / 0.01) + 0.5 * math.log(0.51 / 1.01)
    assert bernoulli_divergence(posterior, prior).item() == pytest.approx(first)


def test_scheduled_sampling_grows_over_the_epochs_and_spares_the_first_steps():
    objective = FSVAEObjective(FSVAE(TINY), TrainConfig())
    source = torch.Generator().manual_seed(0)
    for epoch, share in ((0, 0.1), (5, 0.2), (9, 0.28)):
        own = torch.stack(
            [objective.noise(1, slice(0, 1), source, StepContext(0, epoch, 10, 105))[1] for _ in range(50)]
        )
        assert not bool(own[:, :5].any())
        assert float(own[:, 5:].float().mean()) == pytest.approx(share, abs=0.015)


def test_the_noise_of_a_batch_does_not_depend_on_the_number_of_processes():
    objective = FSVAEObjective(FSVAE(TINY), TrainConfig())

    def drawn(mine):
        return objective.noise(6, mine, torch.Generator().manual_seed(3), StepContext(0, 0, 1, 6))

    whole, first, second = drawn(slice(0, 6)), drawn(slice(0, 3)), drawn(slice(3, 6))
    for i in (0, 2):
        assert torch.equal(torch.cat([first[i], second[i]], 1), whole[i])
    assert torch.equal(first[1], whole[1])


def test_the_variant_with_a_divergence():
    torch.manual_seed(0)
    model = FSVAE(TINY).train()
    objective = FSVAEObjective(model, TrainConfig(latent_loss="kl"))
    images = torch.rand(8, 1, 8, 8)
    outputs = objective(images, model.choices(8))
    terms = objective.terms(images, outputs, StepContext(0, 0, 1, 6), lambda x: x)
    assert [*terms.parts] == ["mse", "kl"]
    assert terms.total.item() == pytest.approx(terms.parts["mse"].item() + 1e-4 * terms.parts["kl"].item())


# ---- what every kind can do ------------------------------------------------------------------------------------------


def test_shapes_and_seeds(warm):
    images = torch.rand(3, 1, 8, 8) * 2 - 1

    def seeded(seed=1):
        return torch.Generator().manual_seed(seed)

    sample = warm.sample(4, seeded())
    assert sample.images.shape == (4, 1, 8, 8)
    assert sample.spikes.shape == (6, 4, 5)
    assert set(sample.spikes.unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(warm.decode(sample.spikes), sample.images)
    assert torch.equal(warm.sample(4, seeded()).spikes, sample.spikes)
    assert not torch.equal(warm.sample(4, seeded(2)).spikes, sample.spikes)
    assert warm.reconstruct(images, seeded()).shape == images.shape
    rates = warm.features(images, seeded())
    assert rates.shape == (3, 5)
    assert bool(((rates >= 0) & (rates <= 1)).all())
    with pytest.raises(InputError, match="number of pictures"):
        warm.sample(0)
    with pytest.raises(InputError, match="images: expected"):
        warm.reconstruct(torch.zeros(3, 1, 9, 9))


@pytest.mark.parametrize("counts", [True, False])
def test_a_run_that_does_not_count_leaves_the_statistics_alone(counts):
    """On a GPU the prior always runs on, asked for or not; what it sees may only count where it was asked for."""
    net, z = prior(), train_of(0.0, 1.0, 1.0)
    net.train()
    before = [b.clone() for b in net.buffers()]
    offered = copy.deepcopy(net).offer(z)[-1:].mean(-1)
    follows = net._continue(z, torch.zeros(1, 1), torch.tensor(counts))
    assert torch.equal(follows, (offered > 0.5).float())
    assert any(not torch.equal(a, b) for a, b in zip(before, net.buffers(), strict=True)) is counts
