"""The model: shapes, agreement of its ways to compute the same, randomness, and refusals."""

from __future__ import annotations

import copy

import pytest
import torch

import esvae_core
from esvae_core import ESVAE, ModelConfig, NeuronConfig
from esvae_core.errors import InputError
from esvae_core.leaks import ReadoutLeak


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(count, config, seed=0):
    return torch.rand(count, *config.image_shape, generator=seeded(seed)) * 2 - 1


def built(config, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ESVAE(config).eval()


SHAPES = [
    ModelConfig(image_size=8, channels=(3,), latent_dim=1, time_steps=1),
    ModelConfig(image_size=8, channels=(4, 8, 5), latent_dim=6, time_steps=3),
    ModelConfig(image_size=16, channels=(2, 3, 4, 5), latent_dim=7, time_steps=2, image_channels=3),
    ModelConfig(image_size=32, channels=(2, 3, 2, 3, 2), latent_dim=3, time_steps=2),
    ModelConfig(image_size=24, channels=(2, 3), latent_dim=3, time_steps=2, latent_neuron=NeuronConfig(reset="soft")),
]


@pytest.mark.parametrize("config", SHAPES, ids=lambda c: f"{c.image_size}-{len(c.channels)}")
@pytest.mark.parametrize("count", [1, 3])
def test_shapes(config, count):
    model, images = built(config), pictures(count, config)
    output = model(images, generator=seeded())
    assert output.images.shape == images.shape
    assert output.posterior.rates.shape == output.prior_rates.shape == (count, config.latent_dim)
    assert output.posterior.spikes.shape == (config.time_steps, count, config.latent_dim)
    assert bool((output.images.abs() <= 1).all())
    assert bool(((output.posterior.rates >= 0) & (output.posterior.rates <= 1)).all())
    sample = model.sample(count, seeded())
    assert sample.images.shape == images.shape
    assert sample.rates.shape == (count, config.latent_dim)
    assert sample.spikes.shape == output.posterior.spikes.shape


@pytest.mark.parametrize("steps", [1, 3, 9, 1024])
def test_time_steps_may_differ_from_the_config(steps, tiny):
    images = pictures(2, tiny.config)
    posterior = tiny.encode(images, steps=steps)
    assert posterior.spikes.shape == (steps, 2, 6)
    spikes = tiny.sample_spikes(posterior.rates, generator=seeded(), steps=steps)
    assert spikes.shape == (steps, 2, 6)
    assert tiny.decode(spikes).shape == images.shape
    assert tiny(images, generator=seeded(), steps=steps).posterior.spikes.shape == (steps, 2, 6)
    assert tiny.sample(2, seeded(), steps=steps).spikes.shape == (steps, 2, 6)


def test_rates_are_the_mean_of_the_spikes(tiny):
    posterior = tiny.encode(pictures(5, tiny.config))
    assert torch.equal(posterior.rates, posterior.spikes.mean(0))
    assert 0.05 < float(posterior.rates.detach().mean()) < 0.95


# ---- agreement of its parts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_the_encoders_trace_ends_in_its_spikes(steps, tiny):
    images = pictures(3, tiny.config)
    trace = tiny.trace_encode(images, steps=steps)
    assert list(trace.layers) == ["encoder.0", "encoder.1", "to_latent"]
    assert trace.images is None
    assert torch.equal(trace.layers["to_latent"].spikes, tiny.encode(images, steps=steps).spikes)
    assert trace.layers["encoder.0"].spikes.shape == trace.layers["encoder.0"].membranes.shape == (steps, 3, 4, 4, 4)
    for run in trace.layers.values():
        assert torch.equal(run.spikes, (run.membranes > 0.2).float())


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_the_decoders_trace_ends_in_its_picture(steps, tiny):
    spikes = (torch.rand(steps, 3, 6, generator=seeded()) < 0.5).float()
    trace = tiny.trace_decode(spikes)
    assert list(trace.layers) == ["from_latent", "decoder.0", "decoder.1"]
    assert trace.images.shape == (steps, 3, 1, 8, 8)
    torch.testing.assert_close(trace.images[-1], tiny.decode(spikes), rtol=0, atol=1e-5)


def test_the_picture_after_t_steps_is_the_one_decoded_from_them(tiny):
    spikes = (torch.rand(6, 2, 6, generator=seeded()) < 0.5).float()
    trace = tiny.trace_decode(spikes)
    torch.testing.assert_close(trace.images[3], tiny.decode(spikes[:4]), rtol=0, atol=1e-5)


def test_the_package_lists_public_names_alone():
    listed = [name for name in dir(esvae_core) if not (name[:2] == name[-2:] == "__")]
    assert listed == sorted(esvae_core.__all__)
    assert "__version__" in dir(esvae_core)


def test_a_pass_is_encode_sample_decode(tiny):
    images, noise = pictures(3, tiny.config), torch.rand(4, 3, 6, generator=seeded())
    normal = torch.randn(3, 6, generator=seeded(1))
    output = tiny(images, noise=noise, normal=normal)
    rates = tiny.encode(images).rates
    assert torch.equal(output.posterior.rates, rates)
    assert torch.equal(output.images, tiny.decode(tiny.sample_spikes(rates, noise=noise)))
    assert torch.equal(output.prior_rates, tiny.prior_rates(3, normal=normal))


def test_a_swapped_neuron_fires_as_the_image_before_does(tiny):
    """Pictures are those of the mixed rates; the posterior stays that of the images."""
    images, noise = pictures(3, tiny.config), torch.rand(4, 3, tiny.config.latent_dim, generator=seeded())
    swap = torch.zeros(3, tiny.config.latent_dim, dtype=torch.bool)
    swap[0, 2:], swap[2, 1] = True, True
    output = tiny(images, noise=noise, normal=torch.zeros(3, tiny.config.latent_dim), steps=4, swap=swap)
    rates = tiny.encode(images, steps=4).rates
    assert torch.equal(output.posterior.rates, rates)
    mixed = rates.clone()
    mixed[0, 2:], mixed[2, 1] = rates[2, 2:], rates[1, 1]
    assert not torch.equal(mixed, rates)
    assert torch.equal(output.images, tiny.decode(tiny.sample_spikes(mixed, noise=noise, steps=4)))


def test_pictures_do_not_see_each_other(tiny):
    spikes = (torch.rand(4, 5, 6, generator=seeded()) < 0.5).float()
    torch.testing.assert_close(tiny.decode(spikes)[2:3], tiny.decode(spikes[:, 2:3]), rtol=0, atol=1e-6)
    images = pictures(5, tiny.config)
    assert torch.equal(tiny.encode(images).rates[3:4], tiny.encode(images[3:4]).rates)


def test_a_silent_decoder_paints_its_bias():
    model = built(SHAPES[1])
    with torch.no_grad():
        for layer in [model.from_latent, *model.decoder]:
            layer.norm.bias.fill_(-100)
        model.readout.bias.fill_(0.25)
    image = model.decode(torch.ones(3, 1, 6))
    weights = 0.8**2 + 0.8 + 1
    torch.testing.assert_close(image, torch.full_like(image, 0.25 * weights).tanh())


def test_readout_weights_by_hand():
    for learned in (False, True):
        leak = ReadoutLeak(0.5, 2, learned=learned)  # of 2 steps: a third keeps what the second does
        torch.testing.assert_close(leak.weights(3, torch.zeros(1)), torch.tensor([0.25, 0.5, 1.0]))
    assert ReadoutLeak(1.0, 4, learned=False).weights(4, torch.zeros(1)).tolist() == [1, 1, 1, 1]
    with torch.no_grad():
        leak.leak_logit.copy_(torch.tensor([0.3, 0.25]).logit())
    # what the first step keeps is nothing, since nothing is before it
    torch.testing.assert_close(leak.weights(4, torch.zeros(1)), torch.tensor([0.25**3, 0.25**2, 0.25, 1]))


def test_memory_layout_does_not_matter(tiny):
    images, spikes = pictures(3, tiny.config), (torch.rand(4, 3, 6, generator=seeded()) < 0.5).float()
    wide = torch.cat([images, images], 3)[..., :8]
    turned = images.transpose(2, 3).contiguous().transpose(2, 3)
    for other in (wide, turned, images.contiguous(memory_format=torch.channels_last)):
        assert torch.equal(tiny.encode(other).rates, tiny.encode(images).rates)
    for other in (spikes.transpose(0, 1).contiguous().transpose(0, 1), spikes.double(), spikes.bool(), spikes.long()):
        assert torch.equal(tiny.decode(other), tiny.decode(spikes))


def test_a_copy_is_independent(tiny):
    twin = copy.deepcopy(tiny)
    with torch.no_grad():
        twin.readout.bias.add_(1)
    spikes = torch.ones(4, 1, 6)
    assert not torch.equal(twin.decode(spikes), tiny.decode(spikes))


def test_every_parameter_has_a_part_in_a_pass(tiny):
    tiny.train()
    output = tiny(pictures(8, tiny.config), generator=seeded())
    (output.images.square().sum() + output.prior_rates.sum()).backward()
    assert [name for name, p in tiny.named_parameters() if p.grad is None] == []


# ---- randomness ------------------------------------------------------------------------------------------------------


def test_a_seed_repeats_and_another_differs(tiny):
    a, b, c = (tiny.sample(3, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(a.images, b.images)
    assert torch.equal(a.spikes, b.spikes)
    assert not torch.equal(a.spikes, c.spikes)


def test_noise_from_a_seed_is_the_noise_that_the_spikes_are_made_with(tiny):
    rates = torch.rand(3, 6, generator=seeded(3))
    noise = tiny.noise(3, generator=seeded(9), steps=5)
    assert noise.shape == (5, 3, 6)
    made = tiny.sample_spikes(rates, generator=seeded(9), steps=5)
    assert torch.equal(made, tiny.sample_spikes(rates, noise=noise))
    assert torch.equal(made, (rates > noise).float())


def test_a_generator_leaves_the_global_state_alone(tiny):
    before = torch.random.get_rng_state()
    tiny(pictures(2, tiny.config), generator=seeded())
    tiny.sample(2, seeded())
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_sampler_is_the_configs_unless_given():
    config = SHAPES[1].model_copy(update={"sampler": "systematic", "time_steps": 8})
    model, rates = built(config), torch.tensor([[0.0, 0.125, 0.25, 0.5, 0.875, 1.0]])
    for seed in range(10):
        assert model.sample_spikes(rates, generator=seeded(seed)).sum(0).tolist() == [[0, 1, 2, 4, 7, 8]]
    drawn = [model.sample_spikes(rates, generator=seeded(s), sampler="bernoulli").sum(0)[0, 3].item() for s in range(9)]
    assert len(set(drawn)) > 1


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(1, 8, 8),
        torch.zeros(2, 3, 8, 8),
        torch.zeros(2, 1, 8, 9),
        torch.zeros(2, 1, 8, 8, dtype=torch.uint8),
        torch.zeros(0, 1, 8, 8),
    ],
    ids=lambda x: str(tuple(x.shape)),
)
def test_images_of_another_shape_or_type_are_refused(images, tiny):
    for method in (tiny.encode, tiny.trace_encode, tiny):
        with pytest.raises(InputError) as caught:
            method(images)
        assert "expected" in str(caught.value)
        assert "(N, 1, 8, 8)" in str(caught.value)
        assert str(tuple(images.shape)) in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_images_of_any_float_type_are_taken(dtype, tiny):
    images = (pictures(2, tiny.config) * 4).round() / 4  # values that every type holds exactly
    assert torch.equal(tiny.encode(images.to(dtype)).rates, tiny.encode(images).rates)
    assert torch.equal(
        tiny.trace_encode(images.to(dtype)).layers["to_latent"].spikes,
        tiny.trace_encode(images).layers["to_latent"].spikes,
    )


@pytest.mark.parametrize("shape", [(4, 6), (4, 2, 5), (0, 2, 6), (4, 0, 6), (4, 2, 6, 1)], ids=str)
def test_spikes_of_another_shape_are_refused(shape, tiny):
    for method in (tiny.decode, tiny.trace_decode):
        with pytest.raises(InputError) as caught:
            method(torch.zeros(shape))
        assert "(T, N, 6)" in str(caught.value)
        assert str(shape) in str(caught.value)


@pytest.mark.parametrize("shape", [(6,), (2, 5), (1, 2, 6)], ids=str)
def test_rates_of_another_shape_are_refused(shape, tiny):
    with pytest.raises(InputError) as caught:
        tiny.sample_spikes(torch.zeros(shape))
    assert "(N, 6)" in str(caught.value)
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.1, float("inf")])
@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_rates_that_are_no_rates_are_refused(value, sampler, tiny):
    rates = torch.full((2, 6), 0.5)
    rates[1, 2] = value
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        tiny.sample_spikes(rates, sampler=sampler)


@pytest.mark.parametrize("shape", [(4, 6), (4, 1, 6), (4, 2, 5), (0, 2, 6)], ids=str)
@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_noise_of_another_shape_is_refused(shape, sampler, tiny):
    with pytest.raises(InputError) as caught:
        tiny.sample_spikes(torch.zeros(2, 6), noise=torch.zeros(shape), sampler=sampler)
    assert "(T, 2, 6)" in str(caught.value)
    assert str(shape) in str(caught.value)


def test_an_unknown_sampler_is_refused(tiny):
    with pytest.raises(InputError, match="quantum"):
        tiny.sample_spikes(torch.zeros(2, 6), sampler="quantum")


@pytest.mark.parametrize("steps", [0, -1])
def test_time_steps_below_one_are_refused(steps, tiny):
    for call in (
        lambda: tiny.encode(pictures(1, tiny.config), steps=steps),
        lambda: tiny.trace_encode(pictures(1, tiny.config), steps=steps),
        lambda: tiny.noise(1, steps=steps),
        lambda: tiny.sample(1, steps=steps),
    ):
        with pytest.raises(InputError, match=f"expected 1 or more, got {steps}"):
            call()


@pytest.mark.parametrize("count", [0, -1])
def test_a_sample_of_less_than_one_is_refused(count, tiny):
    with pytest.raises(InputError, match=f"{count}"):
        tiny.sample(count, seeded())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda x: x.index_put_(
                (torch.tensor(1), torch.tensor(0), torch.tensor(3), torch.tensor(4)), torch.tensor(float("nan"))
            ),
            "found nan in image 1, channel 0, row 3, column 4",
        ),
        (lambda x: x * float("inf"), "found -?inf"),
        (lambda x: (x + 1) * 127.5, r"finite ones are from .* to 2\d\d"),
        (lambda x: x * 1.02 + 0.01, "expected values in"),
    ],
    ids=["nan", "infinite", "bytes", "beyond"],
)
def test_images_outside_the_range_are_refused(change, words, tiny):
    images = torch.linspace(-1, 1, 2 * 64).view(2, 1, 8, 8)
    tiny.encode(images)
    tiny.encode(images * (1 + 1 / 256))  # rounding
    for call in (tiny.encode, tiny.features, tiny.reconstruct, tiny.trace_encode):
        with pytest.raises(InputError, match=words):
            call(change(images.clone()))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_converted_weights_are_refused_in_one_line(dtype, tiny):
    model = tiny.to(dtype)
    images, generator = torch.zeros(2, 1, 8, 8), torch.Generator()
    calls = [
        lambda: model.encode(images),
        lambda: model.encode(images.to(dtype)),
        lambda: model.decode(torch.zeros(4, 2, 6)),
        lambda: model.sample(2, generator),
        lambda: model.reconstruct(images),
        lambda: model.prior_rates(2, generator=generator),
        lambda: model.trace_decode(torch.zeros(4, 2, 6)),
        lambda: model.decode_many(torch.zeros(6), [1]),
    ]
    for call in calls:
        with pytest.raises(InputError, match=r"expected weights of float32, found .*; call model\.float\(\)"):
            call()
    model.float().encode(images)
