"""Each group alone, on a model with rates and on one without, against figures computed another way."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from esvae_core.data import load
from esvae_core.data.sprites import redrawn
from esvae_core.errors import InputError
from esvae_core.evaluation.adapter import RateAdapter, adapter_of, draw
from esvae_core.evaluation.attribute_intervention import attribute_intervention
from esvae_core.evaluation.cost import cost, costs, synapses
from esvae_core.evaluation.disentanglement import TaughtFactors, disentanglement
from esvae_core.evaluation.evaluate import evaluate
from esvae_core.evaluation.factor_intervention import factor_intervention
from esvae_core.evaluation.feature_net import FeatureConfig, FeatureFile, FeatureHeader, FeatureNet, features
from esvae_core.evaluation.frechet import frechet_distance, gaussian
from esvae_core.evaluation.generation import generation
from esvae_core.evaluation.latent_space import latent_space, untrained
from esvae_core.evaluation.reconstruction import reconstruction
from esvae_core.evaluation.robustness import robustness
from esvae_core.evaluation.sampling_error import sampling_error
from esvae_core.seeds import generator

from .made import Plain, image_set


@pytest.fixture
def spiking(tiny):
    return adapter_of(tiny)


@pytest.fixture
def plain():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return adapter_of(Plain().eval())


@pytest.fixture(scope="module")
def test_set():
    return image_set(60, 1)


@pytest.fixture(scope="module")
def train_set():
    return image_set(300, 2, split="train")


@pytest.fixture(scope="module")
def net(test_set):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = FeatureConfig(image_size=8, channels=(4,), features=3)
        network = FeatureNet(config).eval()
    header = FeatureHeader(dataset="made", config=config, statistics="test", origin="a test", licence="MIT")
    return FeatureFile(network, gaussian(features(network, test_set.tensor())), header)


def value(group, name):
    (found,) = [figure.value for figure in group.figures if figure.name.startswith(name)]
    return found


def notes(group):
    return " | ".join(figure.note for figure in group.figures if figure.value is None)


def curves(group):
    return {curve.name: curve for curve in group.curves}


# ---- adapter ---------------------------------------------------------------------------------------------------------


def test_what_has_rates_is_known_by_what_it_can_do(spiking, plain):
    assert isinstance(spiking, RateAdapter)
    assert not isinstance(plain, RateAdapter)


def test_a_model_that_cannot_be_measured_is_refused(tiny):
    with pytest.raises(InputError, match="reconstruct"):
        adapter_of(torch.nn.Linear(2, 2).eval())
    with pytest.raises(InputError, match=r"model\.eval\(\)"):
        adapter_of(tiny.train())
    with pytest.raises(InputError, match="no rates"):
        adapter_of(Plain().eval(), steps=3)


def test_steps_and_sampler_reach_the_model(tiny):
    adapter = adapter_of(tiny, steps=7, sampler="systematic")
    rates, own = adapter.encode(torch.zeros(2, 1, 8, 8))
    assert own.shape == (7, 2, 6)
    assert torch.equal(adapter.spikes(rates, generator(0, "a")).sum(0), own.sum(0))  # the count of a rate on the grid


def test_samples_come_in_one_stream(plain):
    whole = draw(plain, 300, generator(0, "a"))
    assert whole.shape == (300, 1, 8, 8)
    assert not torch.equal(whole[:50], whole[250:])


# ---- reconstruction, sampling ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["spiking", "plain"])
def test_reconstruction_is_the_mean_over_images_and_seeds(kind, request, test_set):
    adapter = request.getfixturevalue(kind)
    group = reconstruction(adapter, test_set, seeds=2)
    images = test_set.tensor()
    errors, peaks = [], []
    for seed in range(2):
        pictures = adapter.reconstruct(images, generator(seed, "reconstruction"))
        each = ((pictures - images).double().numpy() ** 2).mean((1, 2, 3))
        errors.append(each.mean())
        peaks.append((10 * np.log10(4 / each)).mean())
    assert value(group, "MSE") == pytest.approx(np.mean(errors), rel=1e-5)
    assert value(group, "PSNR") == pytest.approx(np.mean(peaks), rel=1e-5)
    assert group.figures[0].deviation == pytest.approx(np.std(errors, ddof=1), rel=1e-3)
    assert "images below 11 pixels" in notes(group)  # no SSIM of 8x8


def test_reconstruction_agrees_with_the_short_report(tiny, test_set):
    group = reconstruction(adapter_of(tiny), test_set, seeds=4)
    short = [evaluate(tiny, test_set, seed=s).mse for s in range(4)]
    assert value(group, "MSE") == pytest.approx(np.mean(short), rel=0.05)


def test_price_of_sampling(spiking, test_set):
    group = sampling_error(spiking, test_set, seeds=2, draws=16)
    images = test_set.tensor()
    rates, own = spiking.encode(images)
    wanted = (spiking.decode(own) - images).square().mean().item()
    assert value(group, "MSE, the encoder's own") == pytest.approx(wanted, rel=1e-5)
    assert value(group, "MSE, mean image of 16") < value(group, "MSE, Bernoulli")
    (histogram,) = group.curves
    assert sum(histogram.mean) == pytest.approx(1)
    assert histogram.mean[0] == pytest.approx((rates == 0).float().mean().item())
    assert histogram.x == (0, 0.25, 0.5, 0.75, 1)


def test_what_has_no_rates_has_no_price_of_sampling(plain, test_set):
    assert notes(sampling_error(plain, test_set)) == "does not apply: no rates"


# ---- generation ------------------------------------------------------------------------------------------------------


def test_generation_measures_samples_against_test_images(spiking, test_set, train_set, net):
    group = generation(spiking, test_set, train_set, net=net, samples=120, seeds=2)
    reference = gaussian(features(net.net, test_set.tensor()))
    wanted = []
    for seed in range(2):
        pictures = draw(spiking, 120, generator(seed, "generation"))
        wanted.append(frechet_distance(gaussian(features(net.net, pictures)), reference))
    names = [figure.name for figure in group.figures]
    own = group.figures[names.index("FAD, evaluation mode")]
    floor = group.figures[names.index("FAD, evaluation mode: the same of random train images, the floor")]
    assert own.value == pytest.approx(np.mean(wanted))
    assert floor.value < own.value
    assert {"precision", "recall", "density", "coverage"} <= set(names)
    assert "no published statistics" in notes(group)
    assert "weights not given" in notes(group)


def test_published_statistics_are_those_of_the_test_split(spiking, test_set, train_set, net, monkeypatch):
    monkeypatch.setattr("esvae_core.evaluation.generation.PUBLISHED_COUNT", 20)
    monkeypatch.setattr("esvae_core.evaluation.generation.published_fad", lambda *_: 7.0)
    net = replace(net, header=net.header.model_copy(update={"statistics": "published"}))
    known = generation(spiking, test_set, train_set, net=net, samples=20, seeds=1)
    assert known.figures[0].name == "FAD, published protocol"
    assert known.figures[0].value == 7
    held_out = image_set(60, 1, split="validation")
    group = generation(spiking, held_out, train_set, net=net, samples=20, seeds=1)
    assert "the published statistics are those of the test split" in notes(group)
    assert 7 not in [figure.value for figure in group.figures]


def test_without_a_network_what_needs_one_says_so(plain, test_set, train_set):
    group = generation(plain, test_set, train_set, net=None, samples=20, seeds=1)
    assert "no feature network for made" in notes(group)
    assert value(group, "distance to the nearest train image") > 0


def test_a_model_that_hands_out_train_images_is_caught(plain, test_set, train_set):
    plain.sample = lambda n, noise: train_set.tensor(torch.randint(len(train_set), (n,), generator=noise).numpy())
    group = generation(plain, test_set, train_set, net=None, samples=50, seeds=1)
    assert value(group, "share of samples nearer") == 1
    assert value(group, "distance to the nearest train image") == pytest.approx(0, abs=1e-3)
    # and each of its samples is named with the image that it is a copy of
    copies = plain.sample(50, generator(0, "generation"))
    for i, found in enumerate(group.neighbours):
        (row,) = np.flatnonzero(train_set.indices == found.train)
        assert found.sample == i
        assert found.distance < 1e-2  # float32, by inner products
        assert torch.equal(train_set.tensor([row])[0], copies[i])
    assert len(group.neighbours) == 50


# ---- latent ----------------------------------------------------------------------------------------------------------


def test_the_latent_of_a_spiking_model(spiking, test_set, train_set):
    seen = []
    group = latent_space(spiking, test_set, train_set, seeds=2, report=lambda done, total: seen.append((done, total)))
    found = curves(group)
    assert found["accuracy, linear probe, pixels"].x == (200, 300)
    assert found["accuracy, linear probe, pixels"].mean[-1] > 0.95  # the classes differ in brightness
    for name in ("rates", "sampled counts", "PCA of 6", "untrained encoder"):
        assert {f"accuracy, {kind}, {name}" for kind in ("linear probe", "5 nearest neighbours")} <= found.keys()
    assert found["accuracy, linear probe, rates"].deviation[-1] == 0  # all labels: one draw
    rates = spiking.features(test_set.tensor()).numpy()
    assert value(group, "active dimensions") == (rates.std(0) > 0.01).sum()
    assert len(found["information in bits, Bernoulli"].mean) == 6
    assert value(group, "information of count on rate") <= value(group, "capacity")
    assert value(group, "capacity") < value(group, "log2(T + 1)")
    assert {f.name for f in group.figures} >= {f"spikes per neuron and step, {n}" for n in ("encoder.0", "decoder.1")}
    assert seen[-1][0] <= seen[-1][1]


def test_the_latent_of_another_model(plain, test_set, train_set):
    group = latent_space(plain, test_set, train_set, seeds=1)
    assert "no rates" in notes(group)
    assert "accuracy, linear probe, latent" in curves(group)


def test_one_class_is_no_task(plain, train_set):
    assert "fewer than two classes" in notes(latent_space(plain, image_set(20, classes=1), image_set(20, classes=1)))


def test_an_untrained_twin_is_another_model_that_fires(spiking, tiny, train_set):
    before = torch.random.get_rng_state()
    twin = untrained(spiking, train_set)
    assert torch.equal(before, torch.random.get_rng_state())
    assert twin.module is not tiny
    assert not twin.module.training
    rates = twin.features(train_set.tensor(slice(0, 50)))
    assert 0.01 < rates.mean() < 0.99
    assert not torch.allclose(rates, spiking.features(train_set.tensor(slice(0, 50))))


# ---- robustness, cost ------------------------------------------------------------------------------------------------


def test_damage_of_strength_0_is_none_and_more_changes_the_error(spiking, test_set):
    found = curves(robustness(spiking, test_set, seeds=2))
    assert len(found) == 7
    assert found["MSE, time steps at inference"].x == (4, 8, 16, 32, 64)
    undamaged = evaluate_mse(spiking, test_set)
    for name, curve in found.items():
        if curve.x[0] == 0:
            assert curve.mean[0] == pytest.approx(undamaged, rel=0.05), name
        assert len(set(curve.mean)) == len(curve.x), name
        assert len(curve.deviation) == len(curve.x)


def evaluate_mse(adapter, data):
    images = data.tensor()
    return np.mean([(adapter.reconstruct(images, generator(s, "x")) - images).square().mean().item() for s in range(4)])


def test_images_can_be_damaged_for_any_model(plain, test_set):
    group = robustness(plain, test_set, seeds=1)
    assert len(group.curves) == 2
    assert "no spikes" in notes(group)


def test_cost_is_that_of_the_spikes(spiking, tiny, test_set):
    group = cost(spiking, test_set)
    short = evaluate(tiny, test_set)
    wanted = costs(tiny.config, 4, short.firing_rates, short.latent_rate)
    assert value(group, "additions per image") == pytest.approx(wanted.spike_additions, rel=0.02)
    assert value(group, "multiply-adds per image, dense") == wanted.dense_multiply_adds
    ordinary = sum(synapses(tiny.config).values()) + 9 * 4 * 64
    assert value(group, "multiply-adds per image, the same network") == ordinary
    assert value(group, "energy per image in uJ, ordinary") == pytest.approx(ordinary * 4.6e-6)
    assert 0 < value(group, "spikes per synapse") < 4


def test_cost_of_another_model_is_counted_as_it_runs(plain, test_set):
    group = cost(plain, test_set)
    assert value(group, "parameters") == 64 * 3 + 3 + 3 * 64 + 64
    assert value(group, "multiply-adds per image, dense") == 2 * 64 * 3


def test_groups_are_plain_data(spiking, test_set):
    group = robustness(spiking, image_set(4), seeds=1)
    assert type(group).model_validate(json.loads(group.model_dump_json())) == group


def test_disentanglement_of_codes_that_are_the_factors_and_of_ones_that_mix_them():
    rng = np.random.default_rng(3)
    factors = np.stack([rng.integers(0, 3, 400), rng.random(400), rng.random(400)], 1).astype(float)
    data = replace(image_set(400), factors=factors, factor_names=("shape", "x", "y"))

    class Codes:
        """Hands out rows of a table in the order of the images."""

        def __init__(self, table):
            self.table, self.at = torch.from_numpy(table), 0

        def features(self, images):
            self.at += len(images)
            return self.table[self.at - len(images) : self.at]

    pure = disentanglement(Codes(factors[:, [2, 0, 1]]), data)
    mixed = disentanglement(Codes(factors @ rng.normal(size=(3, 5))), data)
    for name, least in (("DCI disentanglement", 0.9), ("DCI completeness", 0.9), ("MIG", 0.8), ("SAP", 0.5)):
        assert value(pure, name) > least
        assert value(mixed, name) < value(pure, name) - 0.2
    assert value(pure, "DCI informativeness") > 0.95
    each = [figure for figure in pure.figures if figure.name.startswith("informativeness of ")]
    assert np.mean([figure.value for figure in each]) == pytest.approx(value(pure, "DCI informativeness"))
    assert all(" of it from dimension " in figure.note for figure in each)
    assert pure.figures[0].deviation is not None
    assert "shape, x, y" in pure.protocol


def test_pictures_that_follow_what_neurons_were_taught():
    """A painter that draws what the rates say follows all; one that looks at the image again follows nothing."""
    data = load("sprites-rgb", "test", image_size=32, channels=3)
    data = data.take(np.arange(60), "test")
    low, high = data.factors.min(0), data.factors.max(0)

    class Painter:
        sampler, steps, module = "systematic", 1, None
        encode = prior_rates = latent_spikes = firing = reconstruct = sample = NotImplemented  # it is asked for none
        blind: tuple[int, ...] = ()

        def features(self, images):
            return torch.from_numpy(data.factor_shares())

        def spikes(self, rates, generator):
            kept = self.features(None)
            return torch.stack([kept[:, k] if k in self.blind else rates[:, k] for k in range(6)], 1)

        def decode(self, shares):
            factors = low + shares.double().numpy() * (high - low)
            factors[:, 0] = factors[:, 0].round()
            return redrawn(data, factors).tensor()

    painter = Painter()
    assert factor_intervention(painter, data, 0) == pytest.approx([1] * 6, abs=1e-3)
    painter.blind = (3, 5)
    assert factor_intervention(painter, data, 1) == pytest.approx([1, 1, 1, 0, 1, 0], abs=1e-3)
    told = disentanglement(painter, data, taught=TaughtFactors(data.factor_names), seeds=2)
    assert value(told, "x followed") == pytest.approx(0, abs=1e-3)
    assert value(told, "y followed") == pytest.approx(1, abs=1e-3)
    assert not any("followed" in figure.name for figure in disentanglement(painter, data, seeds=1).figures)


def squares(count=300):
    """Gray rectangles of some width and brightness, with a third thing known of each; and these, (N, 3)."""
    rng = np.random.default_rng(5)
    wide, bright, kind = rng.integers(4, 12, count), rng.integers(60, 250, count), rng.integers(0, 3, count)
    images = np.zeros((count, 1, 16, 16), np.uint8)
    for image, width, level in zip(images, wide, bright, strict=True):
        image[0, 4:12, 2 : 2 + width] = level
    words = np.array(["a", "b", "c"])[kind]
    data = replace(image_set(count), images=images, labels=np.zeros(count, np.int64), columns={"kind": words})
    return data, np.stack([wide, bright, kind], axis=1).astype(float)


class Rectangles:
    """Paints rectangles as wide and bright as two rates say; of those in `blind`, as the first rates said."""

    sampler, steps, module = "systematic", 1, None
    encode = prior_rates = latent_spikes = firing = reconstruct = sample = NotImplemented  # it is asked for none
    widths, grays = (4.0, 11.0), (0.25, 0.95)

    def __init__(self, known):
        wide, bright = known[:, 0], known[:, 1] / 255
        scaled = [(wide - 4) / 7, (bright - 0.25) / 0.7]
        self.table, self.at, self.blind, self.leak = torch.from_numpy(np.stack(scaled, 1)).clamp(0, 1), 0, (), 0.0

    def features(self, images):
        self.at += len(images)
        return self.table[self.at - len(images) : self.at]

    def spikes(self, rates, generator):
        return rates[None]

    def decode(self, spikes):
        rates = spikes[0].clone()
        first = torch.arange(len(rates))
        for k in self.blind:
            rates[:, k] = self.table[first, k]
        pictures = np.full((len(rates), 1, 16, 16), -1.0)
        for picture, (wide, bright) in zip(pictures, rates.tolist(), strict=True):
            level = 0.25 + 0.7 * bright + self.leak * (wide - 0.5)
            picture[0, 4:12, 2 : 2 + round(4 + 7 * wide)] = 2 * level - 1
        return torch.from_numpy(pictures)


def test_pictures_that_follow_attributes_that_neurons_were_taught():
    data, known = squares(60)
    levels = ((4.0, 11.0), (0.25, 0.95))

    def responses(**changed):
        painter = Rectangles(known)
        vars(painter).update(changed)
        return attribute_intervention(painter, data, ("width", "brightness"), levels, 0)

    wide, bright = responses()
    assert wide == pytest.approx((1, 0), abs=0.03)
    assert bright == pytest.approx((1, 0), abs=0.03)
    wide, bright = responses(blind=(0,))
    assert wide == pytest.approx((0, 0), abs=0.03)
    assert bright.share == pytest.approx(1, abs=0.03)
    wide, _ = responses(leak=0.3)
    assert wide.share == pytest.approx(1, abs=0.03)
    assert wide.side > 0.3  # a wider one is lighter

    painter = Rectangles(np.tile(known, (20, 1)))
    told = disentanglement(painter, data, taught=TaughtFactors(("width", "brightness"), levels), seeds=2)
    assert value(told, "brightness followed") == pytest.approx(1, abs=0.03)
    assert value(told, "side effect of brightness") == pytest.approx(0, abs=0.03)
    elsewhere = disentanglement(painter, data, taught=TaughtFactors(("slant",), levels[:1]), seeds=1)
    assert not any("followed" in figure.name for figure in elsewhere.figures)


def test_disentanglement_of_other_images_is_against_measured_attributes():
    data, known = squares()

    class Codes:
        def __init__(self, table):
            self.table, self.at = torch.from_numpy(table), 0

        def features(self, images):
            self.at += len(images)
            return self.table[self.at - len(images) : self.at]

    turned = np.random.default_rng(0).normal(size=(3, 6))
    pure, mixed = disentanglement(Codes(known), data), disentanglement(Codes(known @ turned), data)
    assert "measured attributes: width, " in pure.protocol
    assert "area" not in pure.protocol, "a compound of width and height"
    for name in ("width", "brightness", "kind"):
        figure = next(each for each in pure.figures if each.name == f"informativeness of {name}")
        assert figure.value > 0.95
    assert value(pure, "DCI disentanglement") > value(mixed, "DCI disentanglement") + 0.2
    assert value(pure, "MIG") > value(mixed, "MIG") + 0.2


def test_disentanglement_does_not_apply_where_nothing_is_known(spiking):
    data, _ = squares(40)
    empty = replace(data, images=np.zeros_like(data.images), columns={})
    figure = disentanglement(spiking, empty).figures[0]
    assert figure.value is None
    assert "nothing is known" in figure.note
