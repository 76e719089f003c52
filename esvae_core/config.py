"""Settings of models, data and training.

All are frozen pydantic models: unknown keys are refused, and every field says in one line what it does. Those that come
with names are in `presets`.
"""

from __future__ import annotations

from reprlib import Repr
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticSerializationError

from esvae_core.errors import ConfigError
from esvae_core.parts import LOSS_TERMS, NEURONS, PRIORS, SAMPLERS, SURROGATES
from esvae_core.registry import Registry

Sampler = Literal["bernoulli", "systematic"]
"""How rates become spikes wherever a seed names the noise: in the engines, recipes, links and the page."""
SamplingGradient = Literal["box", "straight-through", "second-order"]
Reset = Literal["hard", "soft"]
Schedule = Literal["constant", "cosine"]
Kernel = Literal["gaussian", "inverse-multiquadric", "energy"]
Precision = Literal["32-true", "bf16-mixed"]
PriorName = Literal["learned", "fitted"]


def _in(registry: Registry[Any], *, own: bool = False) -> AfterValidator:
    """A name in the registry; with `own`, of none of this library's parts. To check it imports no part."""

    def check(name: str) -> str:
        if name not in registry or (own and registry.is_built_in(name)):
            raise ValueError(registry.expected(own=own))
        return name

    return AfterValidator(check)


NeuronName = Annotated[str, _in(NEURONS)]
SurrogateName = Annotated[str, _in(SURROGATES)]
SamplerName = Annotated[str, _in(SAMPLERS)]
LearnedPriorName = Annotated[str, _in(PRIORS)]
LossTermName = Annotated[str, _in(LOSS_TERMS, own=True)]

Share = Annotated[float, Field(ge=0, le=1)]
PositiveFloat = Annotated[float, Field(gt=0)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NeuronConfig(_Settings):
    """A leaky integrate-and-fire neuron and its surrogate gradient (docs/math.md, equations 1 to 3)."""

    dynamics: NeuronName = Field(
        "lif", description="Which neuron: 'lif', leaky integrate-and-fire, or one of your own (docs/own-parts.md)."
    )
    leak: float = Field(0.25, ge=0, le=1, description="Share of the membrane kept from one step to the next (tau).")
    learned_leak: bool = Field(False, description="Each channel learns its own leak, from that one on.")
    threshold: float = Field(0.2, gt=0, le=1e6, description="Membrane above which the neuron fires (V_th).")
    reset: Reset = Field("hard", description="After a spike: 'hard' sets the membrane to 0, 'soft' subtracts V_th.")
    surrogate_shape: SurrogateName = Field(
        "box",
        description="Surrogate gradient h / (w/2) away from its centre: 'box' 1 where h < 1, 'triangle' 1 - h where "
        "h < 1, 'fast-sigmoid' 1 / (1 + h)^2; or one of your own.",
    )
    surrogate_center: float = Field(
        0.0, ge=-1e6, le=1e6, description="Membrane around which the surrogate gradient lies; at most 1, there."
    )
    surrogate_width: float = Field(1.0, gt=0, le=1e6, description="Full width of the surrogate's interval (w).")


class ImageModelConfig(_Settings):
    """What every kind of model has: images of one shape, a pyramid of convolutions, a latent vector."""

    kind: str = Field(description="Which model it is.")
    image_channels: Literal[1, 2, 3] = Field(
        1, description="Colour channels of the images; 2 are the polarities of events, for models of recordings."
    )
    image_size: int = Field(32, ge=8, le=256, description="Height and width of the images in pixels.")
    channels: tuple[int, ...] = Field(
        (32, 64, 128, 256), description="Channels of the encoder's convolutions; the decoder mirrors them."
    )
    latent_dim: int = Field(32, ge=1, le=4096, description="Number of latent neurons (d).")

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if not 1 <= len(self.channels) <= 6 or not all(1 <= c <= 4096 for c in self.channels):
            raise ValueError(f"channels must be one to six numbers from 1 to 4096, got {self.channels}")
        if self.image_size != self.feature_size * 2 ** len(self.channels):
            raise ValueError(
                f"image_size must be a multiple of 2**{len(self.channels)} for {len(self.channels)} "
                f"stride-2 convolutions, got {self.image_size}"
            )
        if self.image_channels == 2 and not self.takes_frames:
            raise ValueError("image_channels must be 1 or 3, or 2 in a model of recordings (frames true), got 2")
        return self

    @property
    def frame_count(self) -> int | None:
        """T, where the model takes and gives recordings of T frames; None: images."""
        return None

    @property
    def takes_frames(self) -> bool:
        """Whether the model takes and gives recordings."""
        return self.frame_count is not None

    @property
    def feature_size(self) -> int:
        """Height and width after the last convolution of the encoder."""
        return self.image_size // int(2 ** len(self.channels))

    @property
    def feature_dim(self) -> int:
        """Number of neurons after the last convolution of the encoder."""
        return self.channels[-1] * self.feature_size * self.feature_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        return (self.image_channels, self.image_size, self.image_size)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(C, H, W) of one image; (T, C, H, W) of one recording."""
        return self.image_shape if self.frame_count is None else (self.frame_count, *self.image_shape)


class SpikingModelConfig(ImageModelConfig):
    """What the spiking kinds share: time, and the dynamics of their neurons."""

    time_steps: int = Field(16, ge=1, le=256, description="Time steps per image (T); may differ at inference.")
    neuron: NeuronConfig = Field(NeuronConfig(), description="Neurons of all layers but the latent one.")
    latent_neuron: NeuronConfig = Field(NeuronConfig(), description="Neurons of the encoder's last layer.")
    readout_decay: float = Field(0.8, gt=0, le=1, description="Weight ratio of one step to the next in the readout.")
    learned_readout: bool = Field(False, description="The readout learns that ratio for each step, from this one on.")

    @property
    def decoder_inputs(self) -> int:
        """Spike trains that enter the decoder."""
        return self.latent_dim

    def decoder_steps(self, steps: int) -> int:
        """Steps of the decoder, and of the spike trains that enter it, where the encoder has `steps`."""
        return steps


class ModelConfig(SpikingModelConfig):
    """Everything that fixes the shape and the dynamics of one ESVAE."""

    kind: Literal["esvae"] = Field("esvae", description="Which model it is: ESVAE.")
    frames: bool = Field(
        False, description="Recordings in place of images: each step takes one frame and gives one (docs/events.md)."
    )
    lead_steps: int = Field(
        0, ge=0, le=256, description="Steps that the decoder of recordings takes before the one of the first frame."
    )
    sampler: SamplerName = Field(
        "bernoulli", description="How rates become spikes: published Bernoulli, systematic, or one of your own."
    )
    sampling_gradient: SamplingGradient = Field("box", description="Gradient of a sampled spike by its rate.")
    prior: LearnedPriorName = Field(
        "linear", description="Prior that is learned along: the published 'linear', or one of your own."
    )
    prior_components: int = Field(
        0,
        ge=0,
        le=1000,
        description="Gaussians of the prior fitted after training by `esvae fit-prior`; 0: none.",
    )
    prior_snap: bool = Field(False, description="Round the fitted prior's rates to multiples of 1 / time_steps.")

    @model_validator(mode="after")
    def _leads_to_frames(self) -> Self:
        if self.lead_steps and not self.frames:
            raise ValueError(f"lead_steps are for models of recordings (frames true), got {self.lead_steps}")
        return self

    @property
    def frame_count(self) -> int | None:
        """As `ImageModelConfig.frame_count`."""
        return self.time_steps if self.frames else None

    @property
    def decoder_inputs(self) -> int:
        """As `SpikingModelConfig.decoder_inputs`; of recordings also one that says which step it is, for each step."""
        return self.latent_dim + (self.decoder_steps(self.frame_count) if self.frame_count else 0)

    def decoder_steps(self, steps: int) -> int:
        """As `SpikingModelConfig.decoder_steps`: those before the first frame come on top."""
        return self.lead_steps + steps


class FSVAEConfig(SpikingModelConfig):
    """A spiking variational autoencoder whose latent is autoregressive in time (docs/baselines.md)."""

    kind: Literal["fsvae"] = Field("fsvae", description="Which model it is: FSVAE.")
    latent_dim: int = Field(128, ge=1, le=4096, description="Number of latent neurons (d).")
    candidates: int = Field(
        20, ge=1, le=256, description="Spikes offered per latent neuron and step, one is taken (k)."
    )


class ANNVAEConfig(ImageModelConfig):
    """A variational autoencoder of ordinary neurons (docs/baselines.md)."""

    kind: Literal["annvae"] = Field(
        "annvae", description="Which model it is: a variational autoencoder without spikes."
    )


class PVAEConfig(ImageModelConfig):
    """A variational autoencoder with Poisson spike counts between ordinary neurons (docs/baselines.md)."""

    kind: Literal["pvae"] = Field("pvae", description="Which model it is: a Poisson VAE.")
    latent_dim: int = Field(128, ge=1, le=4096, description="Number of latent neurons (d).")
    residual_bound: float = Field(
        5.0, gt=0, le=20, description="A log-rate departs from the prior's by less than this, to either side."
    )
    max_events: int = Field(
        32, ge=1, le=1024, description="Events simulated per neuron and image in training; counts saturate there."
    )


class AutoencoderConfig(ImageModelConfig):
    """An autoencoder of ordinary neurons, and a Gaussian mixture fitted to its codes (docs/baselines.md)."""

    kind: Literal["ae"] = Field("ae", description="Which model it is: an autoencoder without spikes.")
    components: int = Field(10, ge=1, le=1000, description="Gaussians in the mixture that new codes are drawn from.")


def _kind(values: dict[str, Any]) -> str:
    """The kind that settings of a model are for; those of before there were kinds are ESVAE's."""
    return str(values.get("kind", "esvae"))


def _of_its_kind(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    if (kind := _kind(values)) not in KINDS:
        raise PydanticCustomError("unknown_kind", "{expected}", {"expected": KINDS.expected()})
    return KINDS[kind].model_validate(values)


KINDS: Registry[type[ImageModelConfig]] = Registry(
    "model",
    {
        "esvae": "esvae_core.config:ModelConfig",
        "fsvae": "esvae_core.config:FSVAEConfig",
        "annvae": "esvae_core.config:ANNVAEConfig",
        "pvae": "esvae_core.config:PVAEConfig",
        "ae": "esvae_core.config:AutoencoderConfig",
    },
)
"""Settings of each kind of model; `model_kinds.register_model` adds one."""
AnyModelConfig = Annotated[SerializeAsAny[ImageModelConfig], BeforeValidator(_of_its_kind)]


class DataConfig(_Settings):
    """Which images a run sees."""

    dataset: str = Field("mnist", description="Name in the table of data sets, or folder:PATH or npz:FILE.")
    validation_fraction: float = Field(
        1 / 12, gt=0, lt=1, description="Share of the train split held out (seeded) for every choice made in training."
    )
    validation_seed: int = Field(0, ge=0, lt=2**64, description="Seed of that split.")
    accept_other_hash: bool = Field(False, description="Take files of another hash than the published ones.")
    mirror: bool = Field(False, description="Mirror every other training image left to right, at random.")
    shift: int = Field(
        0, ge=0, description="Move every training image by at most so many pixels, at random; edges are repeated."
    )


class TrainConfig(_Settings):
    """How a run trains."""

    start_from: str | None = Field(None, description="Checkpoint whose weights the run starts from; none: random ones.")
    epochs: int = Field(300, ge=1, le=100_000, description="Passes over the training split.")
    batches_per_epoch: int | None = Field(
        None, ge=1, description="At most so many steps make an epoch; none: a whole pass over the training split."
    )
    batch_size: int = Field(256, ge=2, description="Images per step, over all processes together.")
    micro_batch: int | None = Field(
        None,
        ge=1,
        description="Images whose largest feature maps are in memory at a time, on the CPU; none: all. Same results.",
    )
    lr: float = Field(0.003, gt=0, description="Learning rate per 250 images of batch: the rate is lr x batch / 250.")
    prior_lr_factor: float = Field(10.0, gt=0, description="The prior's layer learns this many times faster.")
    leak_lr_factor: float = Field(5.0, gt=0, description="Learned leaks learn this many times faster.")
    schedule: Schedule = Field("constant", description="Learning rate over the run: constant, or cosine down to 0.")
    warmup_steps: int = Field(0, ge=0, description="Steps over which the learning rate rises linearly from 0.")
    beta1: float = Field(0.9, ge=0, lt=1, description="AdamW: decay of the gradient's mean.")
    beta2: float = Field(0.999, ge=0, lt=1, description="AdamW: decay of the gradient's square.")
    weight_decay: float = Field(0.001, ge=0, description="AdamW: decoupled weight decay.")
    gradient_clip: float | None = Field(None, gt=0, description="Largest norm of the whole gradient; none: no limit.")
    systematic_share: float | None = Field(
        None, ge=0, le=1, description="Share of latent spike trains sampled systematically; none: all as model.sampler."
    )
    mmd_weight: float = Field(0.001, ge=0, description="Weight of the MMD between posterior and prior rates (lambda).")
    mmd_unbiased: bool = Field(False, description="Leave the diagonals out of the MMD; published: they are in.")
    mmd_kernel: Kernel = Field("gaussian", description="The MMD's kernels; published: Gaussian.")
    mmd_warmup_steps: int = Field(0, ge=0, description="Steps over which the MMD's weight rises linearly from 0.")
    rate_weight: float = Field(0.0, ge=0, description="Weight of the mean latent rate in the loss: a price for spikes.")
    loss_terms: dict[LossTermName, float] = Field(
        {}, max_length=100, description="Weights of terms of your own in the loss, by their names (docs/own-parts.md)."
    )
    factor_weight: float = Field(
        0.0,
        ge=0,
        description="Weight of what teaches the first latent neurons to fire as known factors of images say; 0: none.",
    )
    factor_swap: Share = Field(
        0.0,
        description="Share of training images that are decoded with another image's rates in all latent neurons but "
        "the taught ones, so that pictures come to follow these; with factor_weight.",
    )
    factor_names: tuple[str, ...] = Field(
        (),
        max_length=64,
        description="Measured attributes that are taught in place of known factors; with factor_weight.",
    )
    factor_pairs: bool = Field(
        False,
        description="Every second training image is the one before it, drawn again with other values of what is "
        "taught; the untaught neurons of these fire as those of the image before, for a share of factor_swap.",
    )
    kl_weight: float = Field(
        0.001,
        ge=0,
        description="ANN VAE, Poisson VAE: weight of the Kullback-Leibler divergence, in nats per image (beta).",
    )
    count_temperature: tuple[PositiveFloat, PositiveFloat] = Field(
        (1.0, 0.05),
        description="Poisson VAE: temperature of relaxed counts in the first epoch, and from half of the epochs on.",
    )
    latent_loss: Literal["psp", "kl"] = Field(
        "psp", description="FSVAE: what keeps prior near posterior: postsynaptic potentials, or a small divergence."
    )
    scheduled_sampling: tuple[Share, Share] = Field(
        (0.1, 0.3), description="FSVAE: how often the prior learns from its own spikes, in the first and last epoch."
    )
    ema_decay: float = Field(
        0.0, ge=0, lt=1, description="Decay of the averaged weights that are evaluated and kept; 0: no averaging."
    )
    calibration_images: int = Field(
        0,
        ge=0,
        description="Training images over which batch normalisation's statistics are taken anew for the weights that "
        "are evaluated and kept; 0: averages over the training batches, as published.",
    )
    mean_image_bias: bool = Field(
        False,
        description="Start with the output bias under which a silent decoder gives the mean colour of the train split.",
    )
    grow_time: tuple[tuple[float, int], ...] = Field(
        (),
        max_length=100,
        description="(share, T) pairs: up to that share of the epochs train with T steps, then with time_steps.",
    )
    precision: Precision = Field("32-true", description="Arithmetic of the convolutions: float32 or mixed bfloat16.")
    seed: int = Field(0, ge=0, lt=2**64, description="Seed of the weights, the order of images and all noise.")

    @model_validator(mode="after")
    def _time_grows(self) -> Self:
        shares = [share for share, _ in self.grow_time]
        if shares != sorted(set(shares)) or any(not 0 < share < 1 or t < 1 for share, t in self.grow_time):
            raise ValueError(
                "grow_time must be (share, T) pairs with rising shares of the epochs in (0, 1) and T >= 1, "
                f"got {self.grow_time}"
            )
        return self

    @model_validator(mode="after")
    def _swaps_beside_taught(self) -> Self:
        for name in ("factor_swap", "factor_names", "factor_pairs"):
            if (value := getattr(self, name)) and not self.factor_weight:
                raise ValueError(f"{name} needs a factor_weight above 0, else no neuron is taught; got {value}")
        return self


class RunConfig(_Settings):
    """One training run, whole: what a preset is, and what a checkpoint keeps."""

    name: str = Field(description="Short name, shown in lists.")
    model: AnyModelConfig = Field(ModelConfig(), description="The network.")
    data: DataConfig = Field(DataConfig(), description="The images.")
    train: TrainConfig = Field(TrainConfig(), description="The training.")

    @model_validator(mode="after")
    def _settings_apply(self) -> Self:
        for name, kinds in _ONLY_FOR.items():
            value = getattr(self.train, name)
            if not _kinds(self.model).intersection(kinds) and value != TrainConfig.model_fields[name].default:
                raise ValueError(
                    f"train.{name} is for models of kind {' or '.join(kinds)}, not {self.model.kind}; got {value}"
                )
        if self.model.takes_frames and (self.train.grow_time or self.data.mirror or self.data.shift):
            raise ValueError("expected neither train.grow_time nor data.mirror or data.shift with model.frames")
        return self


def _kinds(model: ImageModelConfig) -> set[str]:
    """The kind of a model, and those that it is a variant of: whose settings its class inherits."""
    return {model.kind, *(kind for kind in KINDS if KINDS.is_built_in(kind) and isinstance(model, KINDS[kind]))}


_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "micro_batch": ("esvae", "fsvae"),
    "systematic_share": ("esvae",),
    "mmd_weight": ("esvae",),
    "mmd_unbiased": ("esvae",),
    "mmd_kernel": ("esvae",),
    "mmd_warmup_steps": ("esvae",),
    "rate_weight": ("esvae",),
    "loss_terms": ("esvae",),
    "factor_weight": ("esvae",),
    "factor_swap": ("esvae",),
    "factor_names": ("esvae",),
    "factor_pairs": ("esvae",),
    "calibration_images": ("esvae",),
    "prior_lr_factor": ("esvae", "fsvae"),
    "leak_lr_factor": ("esvae", "fsvae"),
    "grow_time": ("esvae", "fsvae"),
    "kl_weight": ("annvae", "pvae"),
    "count_temperature": ("pvae",),
    "latent_loss": ("fsvae",),
    "scheduled_sampling": ("fsvae",),
}
"""Settings of the training that mean something to some kinds of model alone."""


_S = TypeVar("_S", bound=BaseModel)


_MANY_ERRORS = 10_000  # to list more takes seconds
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 200


def parse(kind: type[_S], values: Any, where: str) -> _S:
    """Build settings from plain data.

    Raises:
        ConfigError: with one line that names `where`, the first wrong field, what was found and what was expected.
    """
    try:
        made = kind.model_validate(values)
        made.model_dump_json()  # whatever is read can be written
        return made
    except PydanticSerializationError:
        raise ConfigError(f"{where}: a text in it holds half a surrogate pair, which no file can hold") from None
    except ValidationError as error:
        if error.error_count() > _MANY_ERRORS:
            raise ConfigError(f"{where}: {error.error_count():,} settings are wrong or unknown") from None
        first = error.errors()[0]
        path = first["loc"]
        field = ".".join(str(part) for part in path if part != "[key]") or "settings"
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            known = ", ".join(_fields_at(kind, path[:-1], values))
            message = f"unknown setting; known here: {known}"
        elif first["type"] == "unknown_kind":
            field += ".kind"
            message += f", found {_SHORT.repr(first['input']['kind'])}"
        elif not isinstance(first["input"], dict):
            message += f", found {_SHORT.repr(first['input'])}"
        raise ConfigError(f"{where}: {field}: {message}") from error


def _fields_at(kind: type[BaseModel], path: tuple[int | str, ...], values: Any) -> list[str]:
    for part in path:
        values = values[part]
        inner = kind.model_fields[str(part)].annotation if str(part) in kind.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        kind = KINDS[_kind(values)] if inner is ImageModelConfig else inner
    return sorted(kind.model_fields)


def missing_part(recorded: Any) -> tuple[str, str] | None:
    """The first that is not registered here, of parts as `own_parts` gives them, and where it came from."""
    roles = {registry.role: registry for registry in (KINDS, NEURONS, SURROGATES, SAMPLERS, PRIORS, LOSS_TERMS)}
    for part, origin in recorded.items() if isinstance(recorded, dict) else ():
        role, _, name = str(part).rpartition(" ")
        if role in roles and name not in roles[role]:
            return str(part), str(origin)
    return None


def own_parts(model: ImageModelConfig, train: TrainConfig | None) -> dict[str, str]:
    """The parts that settings name and this library does not have, as 'role name', and where each comes from."""
    used: list[tuple[Registry[Any], str]] = [(KINDS, model.kind)]
    if isinstance(model, SpikingModelConfig):
        for neuron in (model.neuron, model.latent_neuron):
            used += [(NEURONS, neuron.dynamics), (SURROGATES, neuron.surrogate_shape)]
    if isinstance(model, ModelConfig):
        used += [(SAMPLERS, model.sampler), (PRIORS, model.prior)]
    used += [(LOSS_TERMS, name) for name in (train.loss_terms if train else ())]
    return {f"{parts.role} {name}": parts.origin(name) for parts, name in used if not parts.is_built_in(name)}
