"""`esvae train`: set up, run, loop.

    >>> train(preset("digits"), Path("runs/digits"))

A run folder holds config.json, log.csv, samples/epoch-NNN.png, state.pt (to resume), what its loggers write
(tensorboard/ unless told otherwise) and model.safetensors: the weights with the lowest validation MSE among the epochs
trained at the model's own T, or the newest ones before there is such an epoch. The test split is never looked at.
"""

from __future__ import annotations

import copy
import io
import json
import logging
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.backends.cpu import get_cpu_capability

from esvae_core import checkpoint
from esvae_core.config import ImageModelConfig, ModelConfig, RunConfig, SpikingModelConfig, own_parts, parse
from esvae_core.data import ImageSet
from esvae_core.data.imageset import scaled
from esvae_core.errors import NonFiniteError, OutputError, TrainingError
from esvae_core.esvae import ESVAE, SpikingCoder
from esvae_core.files import HeldError, held, write_atomically
from esvae_core.hardware import Hardware as Hardware
from esvae_core.hardware import fabric_of
from esvae_core.image_model import ImageModel
from esvae_core.layers import bound_memory
from esvae_core.leaks import learns_leak
from esvae_core.model_kinds import build
from esvae_core.pictures import film_strips, grid
from esvae_core.seeds import generator
from esvae_core.training.augment import mirrored, moved
from esvae_core.training.average import WeightAverage
from esvae_core.training.calibration import calibrate
from esvae_core.training.graphs import Graphs
from esvae_core.training.latent_warning import latent_warning
from esvae_core.training.log import DEFAULT_LOGGERS, Logger, RunLogger, check_loggers, open_loggers, write_csv
from esvae_core.training.objectives import LossTerms, Objective, StepContext, objective_of
from esvae_core.training.optimizer import optimizer_of
from esvae_core.training.schedule import later_steps, learning_rate, time_steps
from esvae_core.training.state import RunState, load_state, save_state
from esvae_core.training.taught import pairs
from esvae_core.training.training_data import TrainingData, training_data

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_log = logging.getLogger(__name__)

SAVE_EVERY = 120.0
"""Seconds between two savings of the state within an epoch."""

_PREVIEWS = 32
_RECORDINGS = 4  # of a preview


@dataclass(frozen=True)
class Progress:
    """What a run tells after every step; the CLI draws its bar from it."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    terms: dict[str, float]
    """What the loss consists of, by name; 'mse' is always there."""
    seconds_left: float
    row: dict[str, float] | None = None
    """The epoch's row of the log, with the last batch of an epoch."""


class Interrupted(Exception):
    """The run was asked to stop, and has saved its state."""


def train(
    config: RunConfig,
    out: Path,
    *,
    data: ImageSet | None = None,
    data_dir: Path | None = None,
    resume: bool = False,
    hardware: Hardware | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    loggers: Sequence[Logger] = DEFAULT_LOGGERS,
) -> Path:
    """Train a model, or go on training it.

    Args:
        config: model, data and training settings.
        out: run folder; made if it is not there. A folder that holds a run is refused unless `resume`.
        data: images of your own (`ImageSet.from_arrays`, `ImageSet.from_dataset`) in place of `config.data.dataset`;
            they are resized, and a share of them is held out for validation.
        data_dir: where the data set's files are.
        resume: go on from out/state.pt; with more epochs in `config` than the run had, go on for longer.
        hardware: devices and processes; one automatically chosen device unless given.
        report: called after every step, on the first process.
        loggers: what is told of every epoch beside log.csv: names in `log.LOGGERS`, or objects like `log.RunLogger` or
            Lightning's loggers.

    Returns:
        The path of the checkpoint.

    Raises:
        TrainingError: settings that cannot run, a run folder in use, nothing to resume.
        NonFiniteError: the loss became NaN or infinite; the last good state is kept.
        Interrupted: SIGINT or SIGTERM; the state is saved.
        DataError: the data set cannot be read.
    """
    hardware = hardware or Hardware()
    state_path = out / "state.pt"
    if resume and not state_path.exists():
        raise TrainingError(f"{state_path}: no such file; there is nothing to resume here")
    fabric = fabric_of(hardware, config.train.precision)
    check_loggers(loggers)
    if data is not None:
        config = config.model_copy(update={"data": config.data.model_copy(update={"dataset": data.name})})
    _warn_of_slow_bfloat16(fabric, config)
    with _held(out) if fabric.is_global_zero else nullcontext():  # before it launches the other processes
        if state_path.exists() and not resume:
            raise TrainingError(f"{out}: holds a training run already; go on with --resume, or choose another folder")
        if isinstance(config.model, ModelConfig) and config.model.prior_components:
            raise TrainingError("prior_components: expected 0; `esvae fit-prior` fits a prior after the training")
        kept = load_state(state_path) if resume else None
        if kept is not None:
            config = extended(kept, config, out)
        prepare = partial(training_data, config, data_dir, fabric.world_size, data)
        # what is wrong with the data is said by one process, before it launches the others
        prepared = prepare() if fabric.is_global_zero else None
        fabric.launch()
        run = _Run(fabric, config, out, prepared or prepare(), kept, loggers)
        try:
            with _stop_signals() as stop:
                run.loop(report, stop)
        finally:
            run.close()
    return out / "model.safetensors"


def _warn_of_slow_bfloat16(fabric: Fabric, config: RunConfig) -> None:
    """Say it where bfloat16 costs time instead of saving it: on x86 processors without AVX-512."""
    here = fabric.device.type == "cpu" and fabric.is_global_zero and get_cpu_capability() == "AVX2"
    if here and config.train.precision == "bf16-mixed":
        _log.warning(
            "train.precision: bf16-mixed is several times slower than 32-true on this processor, which has no "
            "instructions for bfloat16"
        )


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be made: {error.strerror or error}") from error


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Hold a run folder for this process alone, and remove it where nothing came of the run.

    Raises:
        TrainingError: another process holds it; says which.
        OutputError: the folder cannot be written.
    """
    _make_folder(out)
    try:
        with held(out / "run.lock"):
            yield
    except HeldError as error:
        raise TrainingError(f"{out}: {error} trains there; wait for it, or choose another folder") from None
    finally:
        with suppress(OSError):
            out.rmdir()  # fails where there is anything in it


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal acts as usual."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # handlers can be set in the main thread only; a caller elsewhere has its own way to stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def request(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, request)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shape(config: ImageModelConfig) -> dict[str, Any]:
    """The settings that weights depend on, but for the latent's size: neurons and sampling hold none."""
    return config.model_dump(
        exclude={"neuron", "latent_neuron", "learned_readout", "sampler", "sampling_gradient", "latent_dim"}
    )


def _widened(given: dict[str, Tensor], own: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a network with fewer latent neurons, placed in those of one with more.

    The first latent neurons keep their weights. The others keep their random ones towards the encoder and get 0 towards
    the decoder, so that the wider network decodes as the given one does. The prior starts anew, since it mixes all
    neurons.
    """
    placed = {}
    for name, weights in given.items():
        wide = own[name].clone()
        if wide.shape == weights.shape:
            wide = weights
        elif not name.startswith("prior."):
            if name.startswith("from_latent."):
                wide.zero_()
            wide[tuple(slice(size) for size in weights.shape)] = weights
        placed[name] = wide
    return placed


def _clocks() -> tuple[float, float]:
    """The wall's and the processor's clock, in seconds."""
    return time.monotonic(), time.process_time()


def extended(state: RunState, config: RunConfig, out: Path) -> RunConfig:
    """The settings with which a run goes on: its own, or its own with another number of epochs.

    Phases of `grow_time` keep their epochs, so that T does not fall again; the learning rate follows its schedule over
    the new number of epochs.

    Raises:
        TrainingError: other settings than the number of epochs differ, or the run is longer than that already.
    """
    where = f"{out / 'state.pt'}"
    try:
        settings = json.loads(state.config)
    except (ValueError, RecursionError) as error:
        raise TrainingError(f"{where}: expected the run's settings as JSON") from error
    own = parse(RunConfig, settings, where)
    before, epochs = own.train.epochs, config.train.epochs
    if own.model_copy(update={"train": own.train.model_copy(update={"epochs": epochs})}) != config:
        raise TrainingError(
            f"{out}: the run there has other settings; resume it with its own config.json, of which only train.epochs "
            "can change"
        )
    if epochs == before:
        return own
    started = state.epoch + (state.batch > 0)
    if epochs < started:
        raise TrainingError(f"{out}: train.epochs: expected {started} or more, which the run has begun, got {epochs}")
    phases = tuple((share * before / epochs, steps) for share, steps in own.train.grow_time)
    if any(share >= 1 for share, _ in phases):
        raise TrainingError(f"{out}: train.epochs: {epochs} would end while T still grows; expected more")
    train = own.train.model_copy(update={"epochs": epochs, "grow_time": phases})
    return own.model_copy(update={"train": train})


class _Run:
    def __init__(
        self,
        fabric: Fabric,
        config: RunConfig,
        out: Path,
        data: TrainingData,
        kept: RunState | None,
        loggers: Sequence[Logger] = DEFAULT_LOGGERS,
    ) -> None:
        self.fabric, self.config, self.out, self.data = fabric, config, out, data
        train = config.train
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(train.seed)
            self.model = build(config.model)
        if isinstance(self.model, SpikingCoder):  # its last layer's feature maps are as many as all others together
            bound_memory(self.model.decoder[-1], train.micro_batch)
        self.objective: Objective[ImageModel] = objective_of(self.model, train)
        self.state = RunState(config.model_dump_json(), data.images.sha256)
        self.steps_now = time_steps(config.model, train, 0)
        if kept is None:
            self._begin()
        optimizer = optimizer_of(self.model, train, fused=fabric.device.type == "cuda")
        if kept is not None:
            self._resume(kept, optimizer)
        self.forward: Any
        self.forward, self.optimizer = fabric.setup(self.objective, optimizer)
        self.graphs: Graphs | None = None
        capturable = self.objective.capturable and not own_parts(config.model, None)
        if fabric.device.type == "cuda" and fabric.world_size == 1 and capturable:
            self.graphs = Graphs(self.objective, low=train.precision == "bf16-mixed")
        self.weights = self.model.state_dict()  # asked for once: its tensors are those of the model
        self.average = self._average(kept)
        self.clocks = _clocks()
        self.loggers = self._open_folder(loggers) if fabric.is_global_zero else []

    def close(self) -> None:
        for logger in self.loggers:
            logger.close()

    # ---- setting up ----------------------------------------------------------------------------------------------

    def _average(self, kept: RunState | None) -> WeightAverage | None:
        if not self.config.train.ema_decay:
            return None
        average = WeightAverage(self.config.train.ema_decay, self.weights)
        if kept is not None:
            average.state = {k: v.to(self.fabric.device) for k, v in kept.average.items()}
        return average

    def _open_folder(self, loggers: Sequence[Logger]) -> list[RunLogger]:
        _make_folder(self.out)
        write_atomically(self.out / "config.json", (self.config.model_dump_json(indent=2) + "\n").encode())
        _make_folder(self.out / "samples")
        return open_loggers(loggers, self.out, self.config.model_dump(mode="json"), self.state.step + 1)

    def _resume(self, state: RunState, optimizer: torch.optim.Optimizer) -> None:
        if state.dataset_sha256 != self.data.images.sha256:
            raise TrainingError(
                f"{self.out}: the run there saw {self.data.images.name} with hash {state.dataset_sha256[:12]}, "
                f"these files have {self.data.images.sha256[:12]}"
            )
        try:
            self.model.load_state_dict(state.model)
            optimizer.load_state_dict(state.optimizer)
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainingError(f"{self.out / 'state.pt'}: expected weights and averages of the run's model") from error
        self.state = state
        state.config = self.config.model_dump_json()
        self.steps_now = time_steps(self.config.model, self.config.train, max(state.epoch - (state.batch == 0), 0))

    def _begin(self) -> None:
        """First weights: those of a checkpoint, or random ones, with the bias of the mean image if asked for."""
        if self.config.train.start_from is not None:
            self._start_from(Path(self.config.train.start_from))
        elif self.config.train.mean_image_bias:
            self._init_output_bias()

    def _start_from(self, path: Path) -> None:
        """Take the weights of a checkpoint of the same shape, or of one with fewer latent neurons.

        Its readout was made for the model's own T. Neurons and sampling may be others: a network can be taught on with
        a surrogate or a reset that it did not have.
        """
        found = checkpoint.load(path)
        start = found.model
        if isinstance(start, ESVAE):
            start = start.with_prior(None)  # one that was fitted fits other weights
        if _shape(start.config) != _shape(self.config.model):
            raise TrainingError(f"{path}: its model has another shape than the run's; see `esvae info {path}`")
        before, wanted = start.config.latent_dim, self.config.model.latent_dim
        if before > wanted or (before < wanted and not isinstance(start, ESVAE)):
            raise TrainingError(
                f"{path}: it has {before} latent neurons, the run {wanted}; expected as many, or fewer of an ESVAE"
            )
        given, own = start.state_dict(), self.model.state_dict()
        if unknown := [name for name in given if name not in own]:
            raise TrainingError(f"{path}: it has learned leaks ({unknown[0]}), which the run's neurons would not have")
        self.model.load_state_dict({name: x for name, x in own.items() if learns_leak(name)} | _widened(given, own))
        self.steps_now = time_steps(self.config.model, self.config.train, self.config.train.epochs - 1)
        if found.header.training is not None:
            self.state.before = found.header.training.model_dump_json()

    def _init_output_bias(self) -> None:
        """Output bias under which a silent decoder gives the mean colour of the training images."""
        images = self.data.images.images
        every = tuple(axis for axis in range(images.ndim) if axis != images.ndim - 3)
        mean = torch.from_numpy(images.mean(every) / 127.5 - 1).float()
        self.objective.init_output_bias(mean.clamp(-0.99, 0.99), self.steps_now)

    # ---- the loop ------------------------------------------------------------------------------------------------

    def loop(self, report: Callable[[Progress], None], stop: threading.Event) -> None:
        epochs = self.config.train.epochs
        while self.state.epoch < epochs:
            self._grow_time()
            self._epoch(report, stop)
        self.clocks = _clocks()

    def _epoch(self, report: Callable[[Progress], None], stop: threading.Event) -> None:
        state, train = self.state, self.config.train
        order = torch.randperm(len(self.data.images), generator=generator(train.seed, "order", state.epoch))
        epoch, started, first = state.epoch + 1, time.monotonic(), state.batch
        saved = started
        for batch in range(first + 1, self.data.batches + 1):
            loss, terms = self._step(order[(batch - 1) * train.batch_size : batch * train.batch_size])
            state.batch = batch
            now = time.monotonic()
            left = (now - started) / (batch - first) * self._batches_left()
            row = self._end_epoch() if batch == self.data.batches else None
            if self.fabric.is_global_zero:
                report(Progress(epoch, train.epochs, batch, self.data.batches, loss, terms, left, row))
            if state.epoch < train.epochs and self._asked_to_stop(stop):
                self._save()
                raise Interrupted(f"stopped in epoch {epoch}, batch {batch}; {self.out} can be resumed")
            if row is None and now - saved > SAVE_EVERY:
                saved = now
                self._save()

    def _step(self, rows: Tensor) -> tuple[float, dict[str, float]]:
        """One optimiser step; the loss and its terms."""
        state, train, model = self.state, self.config.train, self.model
        model.train()
        world, rank = self.fabric.world_size, self.fabric.global_rank
        mine = slice(rank * len(rows) // world, (rank + 1) * len(rows) // world)
        noise_source = generator(train.seed, "noise", state.step)
        pixels, factors = self._batch(rows, mine)
        context = StepContext(state.step, state.epoch, train.epochs, self.steps_now, factors)
        noise = self.objective.noise(len(rows), mine, noise_source, context)
        flip = torch.rand(len(rows), generator=noise_source)[mine] < 0.5
        images = scaled(pixels)
        if self.config.data.mirror:
            images = mirrored(images, flip)
        if furthest := self.config.data.shift:
            by = torch.randint(-furthest, furthest + 1, (2, len(rows)), generator=noise_source)[:, mine]
            images = moved(images, *by)
        images, noise = images.to(self.fabric.device), tuple(x.to(self.fabric.device) for x in noise)
        lr = learning_rate(train, state.step, train.epochs * self.data.batches)
        for group in self.optimizer.param_groups:
            group["lr"] = lr * group["factor"]
        terms = self.objective.terms(images, self._through(images, *noise), context, self._gather)
        self.fabric.backward(terms.total)
        limit = train.gradient_clip or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), limit)  # that of the whole gradient before
        total, parts, watched = self._finite(terms, norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        state.step += 1
        if self.average:
            self.average.follow(self.weights, state.step)
        for name, value in {"loss": total, **parts, **watched}.items():
            state.sums[name] = state.sums.get(name, 0.0) + value
        return total, parts

    def _through(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What the objective says of images and noise; by graphs where they can be had."""
        if self.graphs is not None:
            try:
                return self.graphs(*inputs)
            except RuntimeError as error:
                _log.warning("no CUDA graphs for this model, steps take longer without: %s", error)
                self.graphs = None
        outputs: tuple[Tensor, ...] = self.forward(*inputs)
        return outputs

    def _batch(self, rows: Tensor, mine: slice) -> tuple[NDArray[np.uint8], Tensor | None]:
        """Images of a batch that this process takes; the rates that are taught, of the whole batch."""
        told, images = self.data.taught, self.data.images.images
        if told is None:
            return images[rows[mine].numpy()], None
        if not self.config.train.factor_pairs:
            return images[rows[mine].numpy()], told.rates[rows].to(self.fabric.device)
        asked = torch.rand(
            (len(rows) // 2, len(told.names)), generator=generator(self.config.train.seed, "pairs", self.state.step)
        )
        whole, rates = pairs(told, images[rows.numpy()], rows.numpy(), asked.double().numpy())
        return whole[mine], rates.to(self.fabric.device)

    def _gather(self, values: Tensor) -> Tensor:
        """(n, ...) of this process -> (N, ...) of all, differentiable."""
        if self.fabric.world_size == 1:
            return values
        gathered = self.fabric.all_gather(values, sync_grads=True)
        assert isinstance(gathered, Tensor)
        return gathered.flatten(0, 1)

    def _finite(self, terms: LossTerms, norm: Tensor) -> tuple[float, dict[str, float], dict[str, float]]:
        """The loss, its parts and what else is watched, means over the processes; asked for once, since a GPU waits."""
        scalars = (terms.total, norm, *terms.parts.values(), *terms.watched.values())
        means = self.fabric.all_reduce(torch.stack([x.detach().float() for x in scalars]), reduce_op="mean")
        assert isinstance(means, Tensor)
        total, length, *values = means.tolist()
        named = dict(zip((*terms.parts, *terms.watched), values, strict=True))
        parts = {name: named[name] for name in terms.parts}
        watched = {name: named[name] for name in terms.watched} | {"gradient_norm": length}
        where = f"epoch {self.state.epoch + 1}, step {self.state.step + 1}"
        kept = f"the last good state, if one was saved, is in {self.out}; try a lower learning rate"
        if not all(map(math.isfinite, (total, *parts.values()))):
            detail = ", ".join(f"{name} {value}" for name, value in parts.items())
            raise NonFiniteError(f"{where}: the loss is {total} ({detail}); {kept} or gradient_clip")
        if not math.isfinite(length):
            raise NonFiniteError(f"{where}: the gradient is {length}; {kept}")
        return total, parts, watched

    def _grow_time(self) -> None:
        """Change T where the schedule says so."""
        steps = time_steps(self.config.model, self.config.train, self.state.epoch)
        if steps != self.steps_now:
            for state in (self.model.state_dict(), self.average.state if self.average else None):
                if state is not None:
                    self.objective.rescale_time(state, self.steps_now, steps)
        self.steps_now = steps

    def _asked_to_stop(self, stop: threading.Event) -> bool:
        if self.fabric.world_size == 1:
            return stop.is_set()
        asked = self.fabric.all_reduce(torch.tensor(float(stop.is_set()), device=self.fabric.device), reduce_op="sum")
        assert isinstance(asked, Tensor)
        return bool(asked > 0)  # all processes leave the loop at the same step

    def _batches_left(self) -> float:
        """Batches still to come, each counted by its T beside the present one."""
        state, config = self.state, self.config
        later = later_steps(config.model, config.train, state.epoch)
        return self.data.batches - state.batch + self.data.batches * later / self.steps_now

    # ---- the end of an epoch -------------------------------------------------------------------------------------

    def _end_epoch(self) -> dict[str, float]:
        state, train = self.state, self.config.train
        evaluated = self._evaluation_copy()
        means = {name: total / self.data.batches for name, total in state.sums.items()}
        validated = self._validate(evaluated)
        self._count_time()
        row = {
            "epoch": state.epoch + 1,
            "step": state.step,
            **({"time_steps": self.steps_now} if isinstance(self.config.model, SpikingModelConfig) else {}),
            "lr": learning_rate(train, state.step - 1, train.epochs * self.data.batches),
            **means,
            **{f"validation_{name}": value for name, value in validated.items()},
            "seconds": state.seconds,
        }
        state.log.append(row)
        if self.fabric.is_global_zero and (warning := latent_warning(state.log)):
            _log.warning("%s", warning)
        state.epoch, state.batch, state.sums = state.epoch + 1, 0, {}
        final = self.steps_now == time_steps(self.config.model, train, train.epochs - 1)
        if self.fabric.is_global_zero:
            if not final or validated["mse"] < state.best:
                self._save_checkpoint(evaluated.state_dict())
            write_csv(self.out / "log.csv", state.log)
            picture = self._preview(evaluated)
            drawn = io.BytesIO()
            picture.save(drawn, "PNG")
            write_atomically(self.out / "samples" / f"epoch-{state.epoch:03d}.png", drawn.getvalue())
            for logger in self.loggers:
                logger.scalars({k: v for k, v in row.items() if k not in ("epoch", "step")}, state.step)
                logger.picture("reconstructions and samples", picture, state.step)
        if final:
            state.best = min(state.best, validated["mse"])
        self._save()
        return row

    def _evaluation_copy(self) -> ImageModel:
        """A copy as it is evaluated and kept: averaged weights, evaluation mode, T of this epoch."""
        evaluated = copy.deepcopy(self.model)
        if self.average:
            evaluated.load_state_dict(self.average.state)
        if isinstance(evaluated.config, SpikingModelConfig):
            evaluated.config = evaluated.config.model_copy(update={"time_steps": self.steps_now})
        if self.config.train.calibration_images and isinstance(evaluated, ESVAE):
            calibrate(evaluated, self.data.images, self.config.train.calibration_images, self.config.train.seed)
        self.objective.finalize(evaluated.eval(), self.data.images)
        return evaluated

    def _validate(self, model: ImageModel) -> dict[str, float]:
        """Figures on the validation split, by name; every process does all of it."""
        batches = (self.data.validation.tensor(slice(i, i + 256)) for i in range(0, len(self.data.validation), 256))
        source = generator(self.config.train.seed, "validation")
        return self.objective.validate(model, (images.to(self.fabric.device) for images in batches), source)

    def _preview(self, model: ImageModel) -> Any:
        """Validation images over their reconstructions, then new pictures: rows of 16; of recordings a row each."""
        if model.config.takes_frames:
            return self._preview_of_recordings(model)
        source = generator(self.config.train.seed, "preview")
        images = self.data.validation.tensor(slice(0, _PREVIEWS)).to(self.fabric.device)
        pictures = model.reconstruct(images, source)
        samples = model.sample(_PREVIEWS, source).images
        rows = [part[i : i + 16] for i in range(0, len(images), 16) for part in (images, pictures)]
        return grid(torch.cat([*rows, samples]).cpu(), 16, scale=2)

    def _preview_of_recordings(self, model: ImageModel) -> Any:
        source = generator(self.config.train.seed, "preview")
        recordings = self.data.validation.tensor(slice(0, _RECORDINGS)).to(self.fabric.device)
        pairs = torch.stack([recordings, model.reconstruct(recordings, source)], 1).flatten(0, 1)
        return film_strips(torch.cat([pairs, model.sample(_RECORDINGS, source).images]).cpu(), scale=2)

    def _count_time(self) -> None:
        before, self.clocks = self.clocks, _clocks()
        self.state.seconds += self.clocks[0] - before[0]
        self.state.cpu_seconds += self.clocks[1] - before[1]

    # ---- saving --------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        if not self.fabric.is_global_zero:
            return
        state = self.state
        self._count_time()
        state.model = self.model.state_dict()
        state.average = self.average.state if self.average else {}
        state.optimizer = self.optimizer.state_dict()
        save_state(self.out / "state.pt", state)

    def _save_checkpoint(self, weights: dict[str, Tensor]) -> None:
        state, config, train = self.state, self.config, self.config.train
        training = checkpoint.TrainingRecord(
            epochs=state.epoch,
            steps=state.step,
            seconds=round(state.seconds, 1),
            cpu_seconds=round(state.cpu_seconds, 1),
            device=str(self.fabric.device.type),
            curve=tuple({k: float(f"{v:.6g}") for k, v in row.items()} for row in state.log),
        )
        if state.before:
            training = training.after(checkpoint.TrainingRecord.model_validate_json(state.before))
        if train.start_from is not None:  # where a file lay on this machine is of no use elsewhere
            train = train.model_copy(update={"start_from": Path(train.start_from).name})
        told = self.data.taught
        header = checkpoint.Header(
            name=config.name,
            model=config.model,
            data=config.data,
            train=train,
            dataset=checkpoint.DataRecord(
                name=self.data.images.name,
                sha256=self.data.images.sha256,
                class_names=self.data.images.class_names,
                factor_names=told.names if told else self.data.images.factor_names,
                factor_levels=told.levels() if told else (),
            ),
            training=training,
        )
        checkpoint.save(self.out / "model.safetensors", weights, checkpoint.stamped(header))
