"""Where a run's figures and pictures go while it trains: its log.csv, and loggers by name.

>>> train(preset("digits"), Path("runs/digits"), loggers=["tensorboard", "wandb"])
"""

from __future__ import annotations

import csv
import importlib
import io
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from esvae_core.errors import TrainingError
from esvae_core.files import read_regular, write_atomically

Settings = dict[str, Any]


def write_csv(path: Path, rows: list[dict[str, float]]) -> None:
    """The whole log anew, one row per epoch, so that a resumed run never repeats or loses one."""
    text = io.StringIO(newline="")
    names = list(dict.fromkeys(name for row in rows for name in row))  # a later version may log more than the first did
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in rows)
    write_atomically(path, text.getvalue().encode())


class RunLogger(Protocol):
    """What a run tells of every epoch."""

    def scalars(self, values: dict[str, float], step: int) -> None:
        """One point on each curve."""

    def picture(self, name: str, picture: Image.Image, step: int) -> None:
        """Reconstructions and samples of the epoch."""

    def close(self) -> None:
        """The run ended, or stops for now."""


@runtime_checkable
class LightningLogger(Protocol):
    """What Lightning's loggers have in common, those of Fabric included."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Figures of one step."""

    def finalize(self, status: str) -> None:
        """The last call."""


class TensorBoardLogger:
    """TensorBoard's event file; imported only when a run starts."""

    def __init__(self, out: Path, settings: Settings, first_step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(out / "tensorboard"), purge_step=first_step)

    def scalars(self, values: dict[str, float], step: int) -> None:
        """One point on each curve."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def picture(self, name: str, picture: Image.Image, step: int) -> None:
        """One picture on the image tab."""
        import numpy as np

        pixels = np.asarray(picture.convert("RGB"))
        self._writer.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()


class WandbLogger:
    """A run of Weights & Biases in project 'esvae'; WANDB_PROJECT, WANDB_MODE and others of its variables count."""

    def __init__(self, out: Path, settings: Settings, first_step: int) -> None:
        self._wandb = _package("wandb")
        known = out / "wandb-id.txt"
        identity = _read_id(known)
        place = {"project": _variable("WANDB_PROJECT"), "dir": str(out)}
        self._run = self._wandb.init(**place, name=out.name, id=identity, resume="allow", config=settings)
        write_atomically(known, f"{self._run.id}\n".encode())

    def scalars(self, values: dict[str, float], step: int) -> None:
        """One row of its history."""
        self._run.log(values, step=step)

    def picture(self, name: str, picture: Image.Image, step: int) -> None:
        """One picture, in the same row as the figures of that step."""
        self._run.log({name: self._wandb.Image(picture)}, step=step)

    def close(self) -> None:
        """Send what is left, and end the run."""
        self._run.finish()


class MLflowLogger:
    """A run of MLflow in experiment 'esvae'; MLFLOW_TRACKING_URI and others of its variables count."""

    def __init__(self, out: Path, settings: Settings, first_step: int) -> None:
        self._mlflow = _package("mlflow")
        self._mlflow.set_experiment(_variable("MLFLOW_EXPERIMENT_NAME"))
        known = out / "mlflow-id.txt"
        if identity := _read_id(known):
            self._mlflow.start_run(run_id=identity)
            return
        run = self._mlflow.start_run(run_name=out.name)
        write_atomically(known, f"{run.info.run_id}\n".encode())
        for part in ("model", "data", "train"):
            self._mlflow.log_params({f"{part}.{name}": str(value)[:500] for name, value in settings[part].items()})

    def scalars(self, values: dict[str, float], step: int) -> None:
        """One point on each curve."""
        self._mlflow.log_metrics(values, step=step)

    def picture(self, name: str, picture: Image.Image, step: int) -> None:
        """One file among the run's artifacts."""
        self._mlflow.log_image(picture.convert("RGB"), f"{name.replace(' ', '-')}-{step:07d}.png")

    def close(self) -> None:
        """End the run."""
        self._mlflow.end_run()


class _Lightning:
    """A logger of Lightning's kind, such as `lightning_fabric.loggers.CSVLogger`; pictures are not for it."""

    def __init__(self, logger: LightningLogger) -> None:
        self._logger = logger

    def scalars(self, values: dict[str, float], step: int) -> None:
        self._logger.log_metrics(values, step)

    def picture(self, name: str, picture: Image.Image, step: int) -> None:
        pass

    def close(self) -> None:
        self._logger.finalize("success")


LOGGERS: dict[str, Callable[[Path, Settings, int], RunLogger]] = {
    "tensorboard": TensorBoardLogger,
    "wandb": WandbLogger,
    "mlflow": MLflowLogger,
}
"""Made of the run folder, the run's settings and the first step."""

Logger = str | RunLogger | LightningLogger
DEFAULT_LOGGERS: Sequence[Logger] = ("tensorboard",)


def check_loggers(loggers: Iterable[Logger]) -> None:
    """Refuse names that no logger has, before anything is trained.

    Raises:
        TrainingError: names the wrong one and the known ones.
    """
    for logger in loggers:
        if isinstance(logger, str) and logger not in LOGGERS:
            raise TrainingError(f"logger {logger!r:.40}: expected {', '.join(LOGGERS)}; log.csv is always written")
        if logger in ("wandb", "mlflow"):
            _package(str(logger))


def open_loggers(loggers: Iterable[Logger], out: Path, settings: Settings, first_step: int) -> list[RunLogger]:
    """Open those that are called by name, and take the others as they are.

    Args:
        loggers: names in LOGGERS, objects with the methods of RunLogger, or loggers of Lightning's kind.
        out: the run folder, which is there.
        settings: of the run, as plain values.
        first_step: optimiser step of the first point; later ones that an interrupted run left are dropped.
    """
    opened: list[RunLogger] = []
    for logger in loggers:
        if isinstance(logger, str):
            opened.append(LOGGERS[logger](out, settings, first_step))
        else:
            opened.append(_Lightning(logger) if isinstance(logger, LightningLogger) else logger)
    return opened


def _read_id(known: Path) -> str | None:
    """What a service called the run when it was first told of it."""
    return read_regular(known, 200).decode(errors="replace").strip() if known.is_file() else None


def _package(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise TrainingError(f"logger {name}: the package is not installed: pip install {name}") from None


def _variable(name: str) -> str:
    return os.environ.get(name) or "esvae"
