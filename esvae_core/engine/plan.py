"""The engine's plan: a model folded for inference, as plain NumPy arrays.

Every layer of the network, convolution or matrix, is one thing here: output position p receives from input position q
through tap k, and `weight[c, k]` is the row that one spike of channel c at q adds to the membranes of all channels at
p. `Layer.taps` lists those (q, p) pairs per tap. Batch normalisation (equation 4 of docs/math.md) is folded into weight
and bias. Activations are (positions, channels), that is (H, W, C), so that a spike adds contiguous numbers.

The first layer of the encoder and the readout take real numbers through the same taps. FSVAE has further layers, of one
position each, between its encoder and its decoder (`candidate_layers`).

Folding needs the tensors alone, not PyTorch: a checkpoint that is only looked at is folded from its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import FSVAEConfig, ImageModelConfig, ModelConfig, NeuronConfig, SpikingModelConfig
from esvae_core.engine.sigmoid import sigmoid
from esvae_core.errors import KindError

if TYPE_CHECKING:
    from torch import Tensor

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
State = Mapping[str, NDArray[Any]]
"""A model's tensors by the names of its state dict."""

CandidatesName = Literal["posterior", "prior"]
CANDIDATES_ALPHA = 2.0
"""Of the normalisation of FSVAE's candidates: their drive deviates by so many thresholds."""
_EPSILON = 1e-5  # added to the variance by every batch normalisation, as PyTorch's do by default

Kind = Literal["down", "up", "same", "collect", "spread"]
"""How input and output positions meet: a 3x3 convolution of stride 2, its transpose, a transposed 3x3 convolution of
stride 1, all positions into one, or one into all."""


@dataclass(frozen=True)
class Layer:
    """Shape and wiring of one layer; sides are heights and widths in positions."""

    name: str
    kind: Kind
    side_in: int
    side_out: int
    channels_in: int
    channels_out: int
    neuron: NeuronConfig | None
    """None for the readout, whose neurons never fire, and in a model without spikes."""

    @property
    def tap_count(self) -> int:
        """Number of taps K: 9 of a 3x3 kernel, or one per position."""
        return {"collect": self.side_in**2, "spread": self.side_out**2}.get(self.kind, 9)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the layer's tensors.

        Weight (C_in, K, C_out); bias (C_out,), if spread (K, C_out); and of that shape the leak, if it was learned.
        """
        bias = (self.tap_count, self.channels_out) if self.kind == "spread" else (self.channels_out,)
        weight = (self.channels_in, self.tap_count, self.channels_out)
        shapes: dict[str, tuple[int, ...]] = {f"{self.name}.weight": weight, f"{self.name}.bias": bias}
        if self.neuron is not None and self.neuron.learned_leak:
            shapes[f"{self.name}.leak"] = bias
        return shapes

    def taps(self) -> list[tuple[I64, I64]]:
        """For each tap k in turn: input positions, and the output positions they reach (equal lengths)."""
        one, everywhere = np.zeros(1, np.int64), np.arange(self.tap_count)
        if self.kind == "collect":
            return [(everywhere[k : k + 1], one) for k in everywhere]
        if self.kind == "spread":
            return [(one, everywhere[k : k + 1]) for k in everywhere]
        lines = [_line(self.kind, self.side_in, self.side_out, k) for k in range(3)]
        return [
            (
                (rows[0][:, None] * self.side_in + columns[0]).ravel(),
                (rows[1][:, None] * self.side_out + columns[1]).ravel(),
            )
            for rows in lines
            for columns in lines
        ]


def _line(kind: Kind, side_in: int, side_out: int, k: int) -> tuple[I64, I64]:
    """Along one axis: the inputs that tap k carries, and the outputs it carries them to."""
    if kind == "down":
        target = np.arange(side_out)
        source = 2 * target - 1 + k
    else:
        source = np.arange(side_in)
        target = (2 * source if kind == "up" else source) - 1 + k
    inside = (source >= 0) & (source < side_in) & (target >= 0) & (target < side_out)
    return source[inside], target[inside]


def _neurons(config: ImageModelConfig) -> tuple[NeuronConfig | None, NeuronConfig | None]:
    """Those of all layers, and of the latent one."""
    return (config.neuron, config.latent_neuron) if isinstance(config, SpikingModelConfig) else (None, None)


def encoder_layers(config: ImageModelConfig) -> list[Layer]:
    """Image -> latent neurons, in the order of computation."""
    layers, side = [], config.image_size
    neuron, latent = _neurons(config)
    for i, (width, out) in enumerate(zip((config.image_channels, *config.channels), config.channels, strict=False)):
        layers.append(Layer(f"encoder.{i}", "down", side, side // 2, width, out, neuron))
        side //= 2
    last = Layer("to_latent", "collect", side, 1, config.channels[-1], config.latent_dim, latent)
    return [*layers, last]


def decoder_layers(config: ImageModelConfig) -> list[Layer]:
    """Latent -> picture, in the order of computation; the last is the readout."""
    rising = config.channels[::-1]
    neuron, _ = _neurons(config)
    side = config.feature_size
    layers = [Layer("from_latent", "spread", 1, side, config.latent_dim, rising[0], neuron)]
    for i, (width, out) in enumerate(zip(rising, (*rising[1:], rising[-1]), strict=True)):
        layers.append(Layer(f"decoder.{i}", "up", side, 2 * side, width, out, neuron))
        side *= 2
    return [*layers, Layer("readout", "same", side, side, rising[-1], config.image_channels, None)]


def beyond_engine(config: ImageModelConfig) -> str:
    """What of a model's encoder and decoder the engine does not have, in a few words; "" if it has all of it."""
    if config.kind not in ("esvae", "fsvae") or not isinstance(config, SpikingModelConfig):
        return f"models of kind {config.kind}"
    own = [neuron.dynamics for neuron in (config.neuron, config.latent_neuron) if neuron.dynamics != "lif"]
    return f"the neuron {own[0]!r}" if own else ""


def candidate_layers(config: FSVAEConfig) -> dict[CandidatesName, list[Layer]]:
    """FSVAE's two runs of three layers that offer k candidate spikes for each latent neuron at each step.

    The posterior's hears the encoder's spikes and the latent spikes of the step before, the prior's the latter alone.
    """
    d, names = config.latent_dim, get_args(CandidatesName)
    widths = {"posterior": 2 * d, "prior": d}
    return {
        name: [
            Layer(f"{name}.{i}", "collect", 1, 1, a, b, config.neuron)
            for i, (a, b) in enumerate(pairwise((widths[name], 2 * d, 4 * d, config.candidates * d)))
        ]
        for name in names
    }


def _candidates(config: SpikingModelConfig) -> list[Layer]:
    return list(chain(*candidate_layers(config).values())) if isinstance(config, FSVAEConfig) else []


def tensor_shapes(config: SpikingModelConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors of a plan, in their order."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in encoder_layers(config) + decoder_layers(config) + _candidates(config):
        shapes |= layer.shapes
    if config.learned_readout:
        shapes["readout.leak"] = (config.time_steps,)
    if not isinstance(config, ModelConfig):
        return shapes
    width, components = config.latent_dim, config.prior_components
    if config.prior == "linear":
        shapes |= {"prior.weight": (width, width), "prior.bias": (width,)}
    if components:
        triangle = width * (width + 1) // 2
        shapes |= {
            "fitted.weights": (components,),
            "fitted.means": (components, width),
            "fitted.factors": (components, triangle),
        }
    return shapes


@dataclass(frozen=True)
class Plan:
    """A folded model: everything inference needs, and nothing else."""

    config: SpikingModelConfig
    tensors: Mapping[str, F32]
    """By the names, in the shapes and in the order of `shapes`."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the tensors."""
        return tensor_shapes(self.config)

    def readout_shares(self, steps: int) -> list[float]:
        """What the readout keeps of its membrane from each step to the next."""
        learned = self.tensors.get("readout.leak")
        if learned is None:
            return [self.config.readout_decay] * steps
        return [float(learned[min(t, len(learned) - 1)]) for t in range(steps)]


def before_fitted_prior(plan: Plan) -> Plan | None:
    """The same model without its fitted prior, as it was before `esvae fit-prior`; None of a model that has none."""
    config = plan.config
    if not isinstance(config, ModelConfig) or not config.prior_components:
        return None
    settings = {"prior_components": 0, "prior_snap": False}
    own = {name: values for name, values in plan.tensors.items() if not name.startswith("fitted.")}
    return Plan(config.model_copy(update=settings), own)


class Model(Protocol):
    """What is read of `esvae_core.esvae.ESVAE`, which itself decodes through plans and so is not imported here."""

    @property
    def config(self) -> SpikingModelConfig:
        """Its settings."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """Its tensors by name."""


def plan_of(model: Model) -> Plan:
    """Fold a model, with the running statistics of its batch normalisations."""
    return fold(model.config, state_of(model.state_dict()))


def state_of(tensors: Mapping[str, Tensor]) -> State:
    """PyTorch's tensors as NumPy's arrays."""
    return {name: tensor.detach().cpu().double().numpy() for name, tensor in tensors.items()}


def fold(config: SpikingModelConfig, state: State) -> Plan:
    """The plan of a model of those settings and tensors.

    Raises:
        KindError: the engine lacks a part of it.
    """
    if lacking := beyond_engine(config):
        raise KindError(f"engine: does not have {lacking}")
    tensors: dict[str, F32] = {}
    for layer in encoder_layers(config) + decoder_layers(config):
        values = linear(layer, state, layer.name) if layer.neuron is None else folded_layer(layer, state)
        tensors |= layer_tensors(layer, *values)
    for layer in _candidates(config):
        run, _, number = layer.name.partition(".")
        values = folded_layer(layer, state, f"{run}.layers.{number}", CANDIDATES_ALPHA)
        tensors |= layer_tensors(layer, *values)
    if "readout_leak.leak_logit" in state:
        tensors["readout.leak"] = sigmoid(state["readout_leak.leak_logit"])
    if not isinstance(config, ModelConfig):
        return Plan(config, tensors)
    if config.prior == "linear":
        tensors |= {f"prior.{part}": state[f"prior.linear.{part}"].astype(np.float32) for part in ("weight", "bias")}
    tensors |= {name: values.astype(np.float32) for name, values in state.items() if name.startswith("fitted.")}
    return Plan(config, tensors)


def layer_tensors(layer: Layer, weight: F64, *by_output: F64) -> dict[str, F32]:
    """A layer's tensors by name, from its weight with the outputs first, its bias, and any learned leaks."""
    values = [_by_tap(layer, weight)]
    values += [x.reshape(layer.channels_out, -1).T if layer.kind == "spread" else x for x in by_output]
    return {
        name: np.ascontiguousarray(value, np.float32).reshape(shape)
        for (name, shape), value in zip(layer.shapes.items(), values, strict=True)
    }


def linear(layer: Layer, state: State, name: str) -> tuple[F64, F64]:
    """Weight with the outputs first, and bias, of the linear map of that name; in double precision, so that folding
    rounds once.
    """
    weight, bias = (state[f"{name}.{part}"].astype(np.float64) for part in ("weight", "bias"))
    return (weight.swapaxes(0, 1) if layer.kind in ("up", "same") else weight), bias


def normalised(weight: F64, bias: F64, state: State, name: str, spread: float = 1.0) -> tuple[F64, F64]:
    """A linear map with the batch normalisation of that name behind it; results deviate by `spread` times gamma."""
    parts = ("weight", "bias", "running_mean", "running_var")
    gamma, beta, mean, variance = (state[f"{name}.{part}"].astype(np.float64) for part in parts)
    scale = gamma * spread / np.sqrt(variance + _EPSILON)
    return weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), (bias - mean) * scale + beta


def folded_layer(layer: Layer, state: State, name: str = "", alpha: float = 1.0) -> tuple[F64, ...]:
    """As `linear`, of a spiking layer with its normalisation, and the leaks if they are learned.

    Args:
        layer: which.
        state: tensors of the model.
        name: what the layer is called there; the same unless given.
        alpha: thresholds by which the normalised drive deviates.
    """
    assert layer.neuron is not None
    name = name or layer.name
    weight, bias = linear(layer, state, f"{name}.transform")
    folded = normalised(weight, bias, state, f"{name}.norm", alpha * layer.neuron.threshold)
    logits = state.get(f"{name}.leak_logit")
    return folded if logits is None else (*folded, sigmoid(logits).astype(np.float64))


def _by_tap(layer: Layer, weight: F64) -> F64:
    """Weight with the outputs first -> (C_in, K, C_out)."""
    if layer.kind == "spread":  # (C_out * K, C_in): the features are (C, H, W)
        return weight.reshape(layer.channels_out, layer.tap_count, layer.channels_in).transpose(2, 1, 0)
    return weight.reshape(layer.channels_out, layer.channels_in, layer.tap_count).transpose(1, 2, 0)
