"""Arguments and options that several commands share."""

from __future__ import annotations

import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from esvae_core import shipped

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def group(help_text: str | None = None) -> typer.Typer:
    """An empty group of commands that formats its help as all of them do."""
    return typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help=help_text)


def _louder(wanted: bool) -> None:
    if wanted:
        log = logging.getLogger("esvae_core")
        log.setLevel(logging.INFO)
        for handler in log.handlers:
            handler.setLevel(logging.INFO)


class SamplerName(StrEnum):
    """How rates become spikes."""

    bernoulli = "bernoulli"
    systematic = "systematic"


class SplitName(StrEnum):
    """Part of a data set."""

    train = "train"
    validation = "validation"
    test = "test"


class PathName(StrEnum):
    """Way between two rate vectors."""

    linear = "linear"
    logit = "logit"
    arcsine = "arcsine"


class PriorChoice(StrEnum):
    """Where new rates come from."""

    learned = "learned"
    fitted = "fitted"


def _checkpoint(path: Path) -> Path:
    """A path as it is; that of a model that ships, if only its name was given and no such file is here.

    Of a folder, and of a repository of the Hub, the checkpoint in it.
    """
    if os.path.isdir(path) or str(path).startswith("hf:"):  # noqa: PTH112 - which raises nothing
        from esvae_core.checkpoint import located

        return located(path)
    return path if path.exists() else shipped.named(str(path)) or path


Checkpoint = Annotated[
    Path,
    typer.Argument(
        help="A checkpoint (.safetensors), a folder or hf://user/name that has one, or the name of one that ships, e.g."
        " mnist-poisson.",
        show_default=False,
        callback=_checkpoint,
    ),
]
DataDir = Annotated[
    Path | None, typer.Option(envvar="ESVAE_DATA_DIR", help="Folder with data files; the user's cache unless given.")
]
Steps = Annotated[int | None, typer.Option(min=1, max=1024, help="Time steps T; the model's unless given.")]
MAX_SEED = 2**64 - 1
Seed = Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of the noise.")]
Sampling = Annotated[SamplerName | None, typer.Option(help="How rates become spikes; the model's unless given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Dataset = Annotated[str | None, typer.Option(help="A data set; that of the training unless given.")]
Columns = Annotated[int | None, typer.Option(min=1, help="Pictures per row of a .png; about a square unless given.")]
Control = Annotated[
    list[str] | None,
    typer.Option(help="Move every latent by a control: NAME=AMOUNT, e.g. thickness=+1.5, or FILE.json=+1."),
]
Scale = Annotated[int, typer.Option(min=1, max=32, help="Every pixel of a .png becomes this wide and high.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", callback=_louder, help="Say more, e.g. every file of a folder that was skipped.")
]
OtherHash = Annotated[bool, typer.Option("--accept-other-hash", help="Take files that are not the published ones.")]
Accelerator = Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")]
Devices = Annotated[int, typer.Option(min=1, help="Processes per node, one device each.")]
Nodes = Annotated[int, typer.Option(min=1, help="Machines.")]
AcceleratorOfParts = Annotated[str, typer.Option(help="With FOLDER/: auto, cpu, cuda, mps.")]
DevicesOfParts = Annotated[int, typer.Option(min=1, help="With FOLDER/: processes per node, one device each.")]
NodesOfParts = Annotated[int, typer.Option(min=1, help="With FOLDER/: machines.")]


def processes(accelerator: str, devices: int, nodes: int) -> Fabric:
    """Fabric for so many processes that share work without training, not yet launched.

    Raises:
        TrainingError: devices that are not there, or processes that could not come.
    """
    from esvae_core.hardware import Hardware, fabric_of

    strategy = "ddp" if devices * nodes > 1 else "auto"
    return fabric_of(Hardware(accelerator, devices, nodes, strategy), "32-true")


def names_folder(path: str) -> bool:
    """Whether a path for output names a folder, which is for parts; one with a file's ending does not."""
    return path.endswith("/") or (not Path(path).suffix and Path(path).is_dir())
