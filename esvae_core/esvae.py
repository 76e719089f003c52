"""The model: a variational autoencoder whose encoder, latent and decoder are spiking neurons.

    >>> model = ESVAE(ModelConfig(image_size=32))
    >>> posterior = model.encode(images)                      # (N, 1, 32, 32) in [-1, 1] -> rates (N, 32)
    >>> spikes = model.sample_spikes(posterior.rates, generator=torch.Generator().manual_seed(7))
    >>> pictures = model.decode(spikes)                       # (16, N, 32) -> (N, 1, 32, 32) in [-1, 1]

Shapes: T time steps, N images, d latent neurons; time comes first. Source: Zhan et al., arXiv 2310.14839.

A model of recordings (`config.frames`, docs/events.md) takes and gives (N, T, C, H, W) wherever here it says images
(N, C, H, W): one frame at each step. Its latent spikes, (L + T, N, d), have L = `config.lead_steps` steps before the
first frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from esvae_core.config import ModelConfig, PriorName, SpikingModelConfig
from esvae_core.engine import noise as frozen
from esvae_core.engine.dispatch import Engine, Folded
from esvae_core.engine.incremental import Live
from esvae_core.errors import InputError
from esvae_core.fitted_prior import FittedPrior
from esvae_core.image_model import ImageModel
from esvae_core.latent import spikes_from_rates
from esvae_core.layers import SpikingLayer, dense, down, up
from esvae_core.leaks import ReadoutLeak
from esvae_core.mixture import Mixture
from esvae_core.neurons import Run
from esvae_core.parts import PRIORS, SAMPLERS


class Posterior(NamedTuple):
    """What the encoder says of N images."""

    rates: Tensor
    """(N, d) in [0, 1]: share of the T steps in which each latent neuron fired."""
    spikes: Tensor
    """(T, N, d): the encoder's own spikes."""


class Output(NamedTuple):
    """One pass of N images through the whole model."""

    images: Tensor
    """(N, C, H, W) in [-1, 1]: reconstructions."""
    posterior: Posterior
    prior_rates: Tensor
    """(N, d): rates drawn from the prior, for the loss."""


class Sample(NamedTuple):
    """N pictures drawn from the prior."""

    images: Tensor
    rates: Tensor
    spikes: Tensor


@dataclass(frozen=True)
class Trace:
    """Every spike and membrane on the way, by layer name, and the picture as it forms."""

    layers: dict[str, Run]
    """Spikes and membranes, (T, N, features) or (T, N, C, H, W), in the order of computation."""
    images: Tensor | None = None
    """(T, N, C, H, W): what the readout would give after each step; None for an encoder's trace."""


def _note(firing: dict[str, float] | None, name: str, spikes: Tensor) -> None:
    if firing is not None:
        firing[name] = float(spikes.mean())


class SpikingCoder(ImageModel):
    """Spiking encoder and decoder; a kind of model adds the latent between them. Every size is in the config."""

    config: SpikingModelConfig

    def __init__(self, config: SpikingModelConfig) -> None:
        super().__init__()
        self.config = config
        widths, neuron = config.channels, config.neuron
        self.encoder = nn.ModuleList(
            down(a, b, neuron) for a, b in zip((config.image_channels, *widths), widths, strict=False)
        )
        self.to_latent = dense(config.feature_dim, config.latent_dim, config.latent_neuron)
        self._add_latent()
        self.from_latent = dense(config.decoder_inputs, config.feature_dim, neuron)
        rising = widths[::-1]
        self.decoder = nn.ModuleList(up(a, b, neuron) for a, b in zip(rising, (*rising[1:], rising[-1]), strict=True))
        self.readout = nn.ConvTranspose2d(rising[-1], config.image_channels, 3, padding=1)
        self.readout_leak = ReadoutLeak(
            config.readout_decay, config.decoder_steps(config.time_steps), learned=config.learned_readout
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._folded = Folded()

    def _add_latent(self) -> None:
        """Make what lies between encoder and decoder."""

    # ---- the way in and the way out ----------------------------------------------------------------------------------

    def encode(
        self,
        images: Tensor,
        *,
        steps: int | None = None,
        engine: Engine | None = None,
        firing: dict[str, float] | None = None,
    ) -> Posterior:
        """Images -> firing rates.

        Args:
            images: (N, C, H, W) in [-1, 1].
            steps: time steps T; the config's unless given.
            engine: 'events' or 'dense'; the faster that can do it unless given (docs/engine.md).
            firing: is given the mean of each layer's spikes by its name, 'encoder.0' ... 'to_latent'.

        Raises:
            InputError: if the images have another shape or type or values outside [-1, 1], or the engine cannot do it.
        """
        steps = self._steps(steps)
        x, input_steps = self._input(images)
        if (events := self._folded.choose(self, x, engine)) is not None:
            found = events.encode(x.numpy(), steps, torch.get_num_threads())
            if firing is not None:
                firing |= events.encoder_rates(found.counts, steps)
            spikes = torch.from_numpy(found.spikes)
            return Posterior(spikes.mean(0), spikes)
        for i, layer in enumerate(self.encoder):
            x, input_steps = layer(x, input_steps, steps), steps
            _note(firing, f"encoder.{i}", x)
        spikes = self.to_latent(x.flatten(1), input_steps, steps).float().view(steps, images.shape[0], -1)
        _note(firing, "to_latent", spikes)
        return Posterior(spikes.mean(0), spikes)

    def decode(self, spikes: Tensor, *, engine: Engine | None = None, firing: dict[str, float] | None = None) -> Tensor:
        """Spike trains (T, N, d) -> images (N, C, H, W) in [-1, 1]; T may be any.

        Args:
            spikes: 0 or 1; the dense layers take any numbers.
            engine: 'events' or 'dense'; the faster that can do it unless given (docs/engine.md).
            firing: is given the mean of each layer's spikes by its name, 'from_latent', 'decoder.0' ...

        Raises:
            InputError: if the spikes have another shape, or the engine cannot do it.
        """
        x, steps = self._spikes(spikes)
        if (events := self._folded.choose(self, x, engine)) is not None:
            binary = bool(((x == 0) | (x == 1)).all())
            if engine == "events" and not binary:
                raise InputError("engine 'events': expected spikes of 0 and 1, got other numbers")
            if binary:
                drawn = events.decode(x.view(spikes.shape).numpy(), torch.get_num_threads())
                if firing is not None:
                    firing |= events.decoder_rates(drawn.counts, steps)
                return torch.from_numpy(drawn.pictures).tanh_()
        features = self.config.feature_size
        x = self.from_latent(x, steps, steps).view(x.shape[0], -1, features, features)
        _note(firing, "from_latent", x)
        x = x.contiguous(memory_format=torch.channels_last)
        for i, layer in enumerate(self.decoder):
            x = layer(x, steps, steps)
            _note(firing, f"decoder.{i}", x)
        if self.config.takes_frames:
            return self._after_each_step(x, steps)[-self.config.time_steps :].transpose(0, 1)
        weights = self.readout_leak.weights(steps, x)
        # the readout is linear, so it sums the spikes over time first and then convolves once
        shape = (x.shape[0] // steps, *x.shape[1:])
        summed = (weights @ x.permute(0, 2, 3, 1).reshape(steps, -1)).view(shape[0], *shape[2:], shape[1])
        bias = self.readout.bias
        assert bias is not None
        return torch.tanh(self._read_out(summed.permute(0, 3, 1, 2), bias * weights.sum()))

    def _read_out(self, x: Tensor, bias: Tensor) -> Tensor:
        """The readout's transposed convolution of (N, C, H, W), plus this bias of each channel."""
        weight = self.readout.weight
        if torch.compiler.is_dynamo_compiling():
            # a convolution of stride 1 would be compiled once for fewer than 16 images and once for more
            drawn = F.fold(weight.flatten(1).T @ x.flatten(2), x.shape[2:], weight.shape[2:], padding=1)
        else:
            drawn = F.conv_transpose2d(x, weight, None, padding=1)
        return drawn + bias.view(1, -1, 1, 1)

    # ---- looking inside ------------------------------------------------------------------------------------------

    @torch.no_grad()
    def trace_encode(self, images: Tensor, *, steps: int | None = None) -> Trace:
        """The encoder's layers, step by step; names 'encoder.0' ... 'to_latent'."""
        steps = self._steps(steps)
        x, input_steps = self._input(images)
        layers = {}
        for i, layer in enumerate(self.encoder):
            assert isinstance(layer, SpikingLayer)
            layers[f"encoder.{i}"] = layer.run(x, input_steps, steps)
            x, input_steps = layers[f"encoder.{i}"].spikes.flatten(0, 1), steps
        layers["to_latent"] = self.to_latent.run(x.flatten(1), input_steps, steps)
        return Trace(layers)

    @torch.no_grad()
    def trace_decode(self, spikes: Tensor) -> Trace:
        """The decoder's layers, step by step, names 'from_latent', 'decoder.0' ...; and the picture after each step."""
        x, steps = self._spikes(spikes)
        features = self.config.feature_size
        layers = {"from_latent": self.from_latent.run(x, steps, steps)}
        x = layers["from_latent"].spikes.reshape(len(x), -1, features, features)
        for i, layer in enumerate(self.decoder):
            assert isinstance(layer, SpikingLayer)
            layers[f"decoder.{i}"] = layer.run(x, steps, steps)
            x = layers[f"decoder.{i}"].spikes.flatten(0, 1)
        return Trace(layers, self._after_each_step(x, steps))

    def _after_each_step(self, x: Tensor, steps: int) -> Tensor:
        """The last layer's spikes (T*N, C, H, W) -> what the readout gives after each step, (T, N, C, H, W)."""
        drives = self.readout(x).view(steps, -1, *self.config.image_shape)
        membrane, shares = torch.zeros_like(drives[0]), self.readout_leak.shares(steps)
        images = []
        for t, drive in enumerate(drives):
            membrane = (self.config.readout_decay if shares is None else shares[t]) * membrane + drive
            images.append(torch.tanh(membrane))
        return torch.stack(images)

    # ---- what goes in --------------------------------------------------------------------------------------------

    def _steps(self, steps: int | None) -> int:
        self._check_weights()
        steps = self.config.time_steps if steps is None else steps
        if steps < 1:
            raise InputError(f"time steps: expected 1 or more, got {steps}")
        if self.config.takes_frames and steps != self.config.time_steps:
            raise InputError(f"time steps: expected {self.config.time_steps}, one for each frame, got {steps}")
        return steps

    def _decoder_steps(self, steps: int | None) -> int:
        """Steps of the spike trains that enter the decoder, where the encoder has T = `steps`."""
        return self.config.decoder_steps(self._steps(steps))

    def _input(self, images: Tensor) -> tuple[Tensor, int]:
        """Images (N, C, H, W), which are the same at every step, and 1; frames (T*N, C, H, W) of recordings, and T."""
        x = self._images(images)
        if not self.config.takes_frames:
            return x, 1
        frames = x.transpose(0, 1).flatten(0, 1)
        return frames.contiguous(memory_format=torch.channels_last), x.shape[1]

    def _spikes(self, spikes: Tensor) -> tuple[Tensor, int]:
        self._check_weights()
        if spikes.dim() != 3 or spikes.shape[2] != self.config.latent_dim or not spikes.numel():
            raise InputError(f"spikes: expected shape (T, N, {self.config.latent_dim}), got {tuple(spikes.shape)}")
        steps = len(spikes)
        if self.config.takes_frames:
            frames, lead = self.config.time_steps, self.config.decoder_steps(0)
            if steps != lead + frames:
                before = f"{lead} before the first frame and " if lead else ""
                raise InputError(f"time steps: expected {lead + frames}, {before}one for each frame, got {steps}")
            now = torch.eye(steps, device=spikes.device)  # rates do not say when: input t is 1 at step t
            spikes = torch.cat([now[:, None].expand(-1, spikes.shape[1], -1), spikes], 2)
        return spikes.flatten(0, 1).float(), steps


class ESVAE(SpikingCoder):
    """Encoder, firing rates, spikes drawn from them, decoder; and a prior over the rates."""

    config: ModelConfig
    feature_name: ClassVar[str] = "firing rate"

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__(config or ModelConfig())

    def _add_latent(self) -> None:
        config = self.config
        self.prior = PRIORS[config.prior](config.latent_dim)
        snap_to = config.time_steps if config.prior_snap else None
        self.fitted = (
            FittedPrior(config.latent_dim, config.prior_components, snap_to) if config.prior_components else None
        )

    def noise(self, count: int, *, generator: torch.Generator | None = None, steps: int | None = None) -> Tensor:
        """(T, count, d) uniform numbers on [0, 1), as many steps as the decoder has: what turns rates into spikes.

        Drawn on the generator's device (the CPU's by default), so that a seed means the same everywhere.
        """
        shape = (self._decoder_steps(steps), count, self.config.latent_dim)
        device = generator.device if generator is not None else "cpu"
        return torch.rand(shape, generator=generator, device=device).to(self.device)

    def sample_spikes(
        self,
        rates: Tensor,
        generator: torch.Generator | None = None,
        sampler: str | None = None,
        *,
        steps: int | None = None,
        noise: Tensor | None = None,
        systematic: Tensor | None = None,
    ) -> Tensor:
        """Firing rates -> spike trains (T, N, d).

        Args:
            rates: (N, d) in [0, 1].
            generator: source of the noise.
            sampler: 'bernoulli', 'systematic' or one of your own; the config's unless given.
            steps: time steps T; the config's unless given.
            noise: (T, N, d) uniform on [0, 1), instead of a generator: frozen noise.
            systematic: (N, d) True where sampled systematically, False where by Bernoulli, in place of one sampler.

        Raises:
            InputError: if rates or noise have another shape.
        """
        if rates.dim() != 2 or rates.shape[1] != self.config.latent_dim or not rates.shape[0]:
            raise InputError(f"rates: expected shape (N, {self.config.latent_dim}), got {tuple(rates.shape)}")
        if not bool(((rates >= 0) & (rates <= 1)).all()):
            raise InputError("rates: expected numbers in [0, 1], got some outside or none at all (NaN)")
        return self._draw(rates, generator, sampler, steps, noise, systematic)

    def _draw(
        self,
        rates: Tensor,
        generator: torch.Generator | None,
        sampler: str | None,
        steps: int | None,
        noise: Tensor | None,
        systematic: Tensor | None,
    ) -> Tensor:
        """As `sample_spikes`, for rates that are known to be some: on CUDA, to look would mean to wait."""
        if sampler is not None and sampler not in SAMPLERS:
            raise InputError(f"sampler: {SAMPLERS.expected()}, got {sampler!r}")
        if noise is None:
            noise = self.noise(len(rates), generator=generator, steps=steps)
        elif noise.dim() != 3 or noise.shape[1:] != rates.shape or not len(noise):
            raise InputError(f"noise: expected shape (T, {', '.join(map(str, rates.shape))}), got {tuple(noise.shape)}")
        config = self.config
        return spikes_from_rates(rates, noise, sampler or config.sampler, config.sampling_gradient, systematic)

    # ---- whole passes --------------------------------------------------------------------------------------------

    def forward(
        self,
        images: Tensor,
        *,
        generator: torch.Generator | None = None,
        noise: Tensor | None = None,
        normal: Tensor | None = None,
        sampler: str | None = None,
        steps: int | None = None,
        systematic: Tensor | None = None,
        swap: Tensor | None = None,
        engine: Engine | None = None,
    ) -> Output:
        """Encode, sample, decode; and as many rates from the prior, for the loss.

        Args:
            images: (N, C, H, W) in [-1, 1].
            generator: source of the noise that is not given.
            noise: (T, N, d) uniform on [0, 1), for the spikes.
            normal: (N, d) standard normal, for the prior.
            sampler, steps: the config's unless given.
            systematic: as in `sample_spikes`.
            swap: (N, d) True where a neuron is to fire at the rate of the image before (the first's: of the last).
            engine: as in `encode`.
        """
        posterior = self.encode(images, steps=steps, engine=engine)
        rates = posterior.rates
        if swap is not None:
            rates = torch.where(swap, rates.roll(1, 0), rates)
        spikes = self._draw(rates, generator, sampler, steps, noise, systematic)
        prior_rates = self.prior_rates(len(images), generator=generator, normal=normal, prior="learned")
        return Output(self.decode(spikes, engine=engine), posterior, prior_rates)

    def prior_rates(
        self,
        count: int,
        *,
        generator: torch.Generator | None = None,
        normal: Tensor | None = None,
        prior: PriorName | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """(count, d) rates from the prior.

        Args:
            count: how many rate vectors.
            generator: source of all randomness.
            normal: (count, d) standard normal, instead of a generator; for the learned prior.
            prior: 'learned' with the model, or 'fitted' after training; the fitted one, where there is one, unless
                given.
            temperature: scales the deviations: of the normal numbers (learned), of each Gaussian (fitted).

        Raises:
            InputError: no such prior, a count below 1, a temperature below 0, or normal numbers for the fitted prior.
        """
        self._check_weights()
        if count < 1:
            raise InputError(f"number of rate vectors: expected 1 or more, got {count}")
        if not 0 <= temperature < float("inf"):
            raise InputError(f"temperature: expected a finite number of 0 or more, got {temperature}")
        if prior not in (None, *get_args(PriorName)):
            raise InputError(f"prior: expected {' or '.join(get_args(PriorName))}, got {prior!r}")
        if prior == "fitted" and self.fitted is None:
            raise InputError("prior: this model has no fitted one; `esvae fit-prior` makes it")
        if self.fitted is not None and prior != "learned":
            if normal is not None:
                raise InputError("normal: the fitted prior draws from a generator; ask for prior='learned'")
            drawn: Tensor = self.fitted(count, generator, temperature)
            return drawn
        if normal is None:
            device = generator.device if generator is not None else "cpu"
            normal = torch.randn((count, self.config.latent_dim), generator=generator, device=device).to(self.device)
        rates: Tensor = self.prior(normal if temperature == 1 else temperature * normal)
        return rates

    @torch.no_grad()
    def sample(
        self,
        n: int,
        generator: torch.Generator | None = None,
        *,
        sampler: str | None = None,
        steps: int | None = None,
        prior: PriorName | None = None,
        temperature: float = 1.0,
        engine: Engine | None = None,
    ) -> Sample:
        """`n` pictures from the prior (see `prior_rates`), with the rates and spikes that made them."""
        rates = self.prior_rates(n, generator=generator, prior=prior, temperature=temperature)
        spikes = self.sample_spikes(rates, generator=generator, sampler=sampler, steps=steps)
        return Sample(self.decode(spikes, engine=engine), rates, spikes)

    def with_prior(self, mixture: Mixture | None, *, snap: bool = False) -> ESVAE:
        """A copy that holds this mixture as its fitted prior, in place of any it had; None: a copy without one.

        Args:
            mixture: of arcsin(sqrt(rate)), as `esvae_core.fitted_prior.fit_prior` gives it.
            snap: round the rates it draws to multiples of 1 / T.
        """
        components = 0 if mixture is None else len(mixture.weights)
        settings = {"prior_components": components, "prior_snap": snap and components > 0}
        with torch.device("meta"):  # so that no random weights are drawn
            model = type(self)(self.config.model_copy(update=settings))
        own = {name: x.detach().clone() for name, x in self.state_dict().items() if not name.startswith("fitted.")}
        model.load_state_dict(own, strict=False, assign=True)
        if mixture is not None:
            assert model.fitted is not None
            model.fitted.take(mixture)
        return model.to(self.device, memory_format=torch.channels_last).train(self.training)  # type: ignore[call-overload, no-any-return]

    # ---- frozen noise --------------------------------------------------------------------------------------------

    @torch.no_grad()
    def live(self, seed: int, *, sampler: str | None = None, steps: int | None = None) -> Live:
        """Rates to be moved by hand: spikes under the frozen noise of that seed, and the picture, at every move.

        It keeps the weights that the model has now.

        Raises:
            InputError: the seed is out of range, the events engine cannot run this model, or frozen noise cannot be
                drawn by the sampler.
        """
        events = self._folded.choose(self, self.readout.weight.detach(), "events")
        assert events is not None
        return Live(events, seed, frozen.frozen_sampler(sampler or self.config.sampler), self._steps(steps))

    @torch.no_grad()
    def decode_many(
        self,
        rates: Tensor,
        seeds: Sequence[int],
        *,
        sampler: str | None = None,
        steps: int | None = None,
        engine: Engine | None = None,
    ) -> Sample:
        """One rate vector (d,) under the frozen noise of several seeds: K pictures, and the spikes that made them.

        Draws that give the same spikes are decoded once: with systematic sampling, or rates of 0 and 1, many do.

        Raises:
            InputError: no seeds, one out of range, the rates are no vector of d numbers in [0, 1], or frozen noise
                cannot be drawn by the sampler.
        """
        if not seeds:
            raise InputError("seeds: expected at least one")
        if rates.shape != (self.config.latent_dim,):
            raise InputError(f"rates: expected shape ({self.config.latent_dim},), got {tuple(rates.shape)}")
        numbers, drawn = rates.float().cpu().numpy(), frozen.frozen_sampler(sampler or self.config.sampler)
        length = self._decoder_steps(steps)
        trains = np.stack([frozen.sample(numbers, seed, drawn, length) for seed in seeds], axis=1)
        spikes = torch.from_numpy(trains).to(self.device, torch.float32)
        different, which = torch.unique(spikes, dim=1, return_inverse=True)
        images = self.decode(different, engine=engine)[which]
        return Sample(images, rates.expand(len(seeds), -1), spikes)

    # ---- what every kind of model can do -----------------------------------------------------------------------------

    @torch.no_grad()
    def reconstruct(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> pictures decoded from spikes drawn from their rates."""
        return self.decode(self.sample_spikes(self.encode(images).rates, generator))

    @torch.no_grad()
    def features(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> (N, d) firing rates; no chance is in them."""
        return self.encode(images).rates
