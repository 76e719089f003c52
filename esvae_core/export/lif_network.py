"""A trained ESVAE as a network of snnTorch or of SpikingJelly.

This file needs PyTorch, safetensors and one of the two libraries, but not esvae: `esvae export` puts a copy of it
beside the weights.

    >>> network = load("mnist.safetensors")                   # or load("mnist.safetensors", "spikingjelly")
    >>> spikes = network.encode(images)                       # (N, C, H, W) in [-1, 1] -> (T, N, d), 0 or 1
    >>> rates = spikes.mean(0)                                # (N, d) in [0, 1]
    >>> again = torch.bernoulli(rates.expand(16, -1, -1))     # spikes drawn from them
    >>> pictures = network.decode(again)                      # (T, N, d) -> (N, C, H, W) in [-1, 1]

`network.encoder` and `network.decoder` are `torch.nn.Sequential`s of PyTorch's layers and the library's neurons, for
one step of time; `network.reset_membranes()` empties the membranes.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

LIBRARIES = ("snntorch", "spikingjelly")


class Network(nn.Module):
    """Encoder, decoder and readout, made of one library's neurons."""

    _empty: Callable[[nn.Module], None]
    readout_shares: Tensor

    def __init__(self, settings: Mapping[str, Any], tensors: Mapping[str, Tensor], library: str) -> None:
        """`settings` and `tensors` are those of the weights' file; `library` is one of LIBRARIES."""
        super().__init__()
        if library not in LIBRARIES:
            raise ValueError(f"library: expected {' or '.join(LIBRARIES)}, got {library!r}")
        self.time_steps: int = settings["time_steps"]
        self._empty = _reset_snntorch if library == "snntorch" else _reset_spikingjelly
        neurons = snntorch_neurons if library == "snntorch" else spikingjelly_neurons

        def layer(name: str, module: nn.Module) -> list[tuple[str, nn.Module]]:
            module.load_state_dict({part: tensors[f"{name}.{part}"] for part in ("weight", "bias")})
            how, leak = settings["neurons"][name], tensors[f"{name}.leak"]
            if leak.numel() > 1 and not isinstance(module, nn.Linear):
                leak = leak[:, None, None]  # one for each channel
            lif = neurons(leak, how["threshold"], how["reset"])
            own = name.replace(".", "")
            return [(own, module), (f"{own}_lif", lif)]

        widths, latent, side = settings["channels"], settings["latent_dim"], settings["feature_size"]
        encoder: list[tuple[str, nn.Module]] = []
        for i, (width, out) in enumerate(zip([settings["image_channels"], *widths], widths, strict=False)):
            encoder += layer(f"encoder.{i}", nn.Conv2d(width, out, 3, stride=2, padding=1))
        encoder.append(("flatten", nn.Flatten()))
        encoder += layer("to_latent", nn.Linear(widths[-1] * side**2, latent))
        self.encoder = nn.Sequential(OrderedDict(encoder))
        decoder = layer("from_latent", nn.Linear(latent, widths[-1] * side**2))
        decoder.append(("unflatten", nn.Unflatten(1, (widths[-1], side, side))))
        rising = widths[::-1]
        for i, (width, out) in enumerate(zip(rising, [*rising[1:], rising[-1]], strict=True)):
            up = nn.ConvTranspose2d(width, out, 3, stride=2, padding=1, output_padding=1)
            decoder += layer(f"decoder.{i}", up)
        self.decoder = nn.Sequential(OrderedDict(decoder))
        self.readout = nn.ConvTranspose2d(rising[-1], settings["image_channels"], 3, padding=1)
        self.readout.load_state_dict({part: tensors[f"readout.{part}"] for part in ("weight", "bias")})
        self.register_buffer("readout_shares", tensors["readout.shares"].clone())

    def reset_membranes(self) -> None:
        """Empty all membranes; `encode` and `decode` do it before they start."""
        self._empty(self)

    def encode(self, images: Tensor, steps: int | None = None) -> Tensor:
        """Images (N, C, H, W) in [-1, 1] -> latent spikes (T, N, d); their means over time are the rates."""
        self.reset_membranes()
        return torch.stack([self.encoder(images) for _ in range(steps or self.time_steps)])

    def decode(self, spikes: Tensor) -> Tensor:
        """Spike trains (T, N, d), 0 or 1, of any T -> images (N, C, H, W) in [-1, 1]."""
        self.reset_membranes()
        membrane = torch.zeros((), device=spikes.device)
        for t, now in enumerate(spikes):
            share = self.readout_shares[min(t, len(self.readout_shares) - 1)]  # what the readout keeps; it never fires
            membrane = share * membrane + self.readout(self.decoder(now))
        return torch.tanh(membrane)


def load(path: Path | str, library: str | None = None) -> Network:
    """The network in the .safetensors file that `esvae export` wrote, in evaluation mode.

    Its neurons are of `library`, or of the one that was named at export.
    """
    from safetensors import safe_open

    with safe_open(str(path), "pt") as file:
        settings = json.loads(file.metadata()["network"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return Network(settings, tensors, library or settings["library"]).eval()


def snntorch_neurons(leak: Tensor, threshold: float, reset: str) -> nn.Module:
    """snnTorch's `Leaky`: beta is the leak. Its soft reset takes the threshold off after the leak, ours before it."""
    import snntorch

    class SoftLeaky(snntorch.Leaky):  # type: ignore[misc]
        def _base_sub(self, input_: Tensor) -> Tensor:
            membrane: Tensor = self._base_state_function(input_) - self.beta * self.reset * self.threshold
            return membrane

    kind, mechanism = (snntorch.Leaky, "zero") if reset == "hard" else (SoftLeaky, "subtract")
    neurons: nn.Module = kind(beta=leak, threshold=threshold, reset_mechanism=mechanism, init_hidden=True)
    return neurons


def spikingjelly_neurons(leak: Tensor, threshold: float, reset: str) -> nn.Module:
    """SpikingJelly's `LIFNode`: tau is 1 / (1 - leak), and the input does not decay.

    Where its `LIFNode` cannot have the leak (one for each channel, or 0 or 1), a node of our own.
    """
    from spikingjelly.activation_based import base, neuron, surrogate

    class ChannelLIFNode(base.MemoryModule):  # type: ignore[misc]
        v: Tensor
        leak: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_memory("v", 0.0)
            self.register_buffer("leak", leak)
            self.surrogate_function = surrogate.Sigmoid()

        def single_step_forward(self, x: Tensor) -> Tensor:
            membrane = self.leak * self.v + x
            spikes: Tensor = self.surrogate_function(membrane - threshold)
            self.v = membrane * (1 - spikes) if reset == "hard" else membrane - threshold * spikes
            return spikes

    made: nn.Module
    if leak.numel() == 1 and 0 < float(leak) < 1:
        v_reset = 0.0 if reset == "hard" else None
        made = neuron.LIFNode(tau=1 / (1 - float(leak)), decay_input=False, v_threshold=threshold, v_reset=v_reset)
    else:
        made = ChannelLIFNode()
    return made


def _reset_snntorch(network: nn.Module) -> None:
    import snntorch

    for module in network.modules():
        if isinstance(module, snntorch.Leaky):
            module.reset_mem()


def _reset_spikingjelly(network: nn.Module) -> None:
    from spikingjelly.activation_based import functional

    functional.reset_net(network)
