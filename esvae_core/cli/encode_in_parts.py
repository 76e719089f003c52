"""What `esvae encode --out FOLDER/` does: a data set of any size, read in pieces by one process or many."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from esvae_core.cli import console
from esvae_core.cli.model_kinds import encoder_of
from esvae_core.cli.options import SplitName, processes
from esvae_core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from esvae_core.encode_parts import Encoded


class EncodingOptions(NamedTuple):
    """Options of the command, by their names there."""

    split: SplitName
    data_dir: Path | None
    steps: int | None
    accelerator: str
    devices: int
    nodes: int


def encode_in_parts(
    checkpoint: Path, sources: list[str], out: Path, options: EncodingOptions, *, as_json: bool
) -> None:
    """Encode a data set into parquet parts, and say how many images that were."""
    import torch

    from esvae_core.checkpoint import load
    from esvae_core.data.streamed import Share
    from esvae_core.encode_parts import batches_of, check_source, encode_to_parts, prepare_folder

    if len(sources) != 1:
        raise InputError(f"--out {out}/: expected one data set, got {len(sources)} sources")
    (source,) = sources
    check_source(source)
    model = load(checkpoint).model
    if model.config.takes_frames:
        raise InputError(f"{checkpoint}: it takes recordings, for which there are no parts; use .npz or .parquet")
    encoder = encoder_of(model, options.steps)
    fabric = processes(options.accelerator, options.devices, options.nodes)
    if fabric.is_global_zero:
        prepare_folder(out)
    fabric.launch()
    model = model.to(fabric.device)

    @torch.no_grad()
    def encode(images: Tensor) -> Tensor:
        return encoder.encode(images.to(fabric.device)).cpu()

    batches = batches_of(
        source,
        Share(fabric.global_rank, fabric.world_size),
        image_size=model.config.image_size,
        channels=model.config.image_channels,
        split=options.split.value,
        data_dir=options.data_dir,
    )
    with console.bar() as bar:
        task = bar.add_task("encoding", total=None, left="")
        found = encode_to_parts(
            encode,
            batches,
            out,
            rank=fabric.global_rank,
            called=encoder.called,
            report=lambda count: bar.advance(task, count),
        )
    counts = fabric.all_reduce(torch.tensor([found.images, found.skipped_count], device=fabric.device), reduce_op="sum")
    if fabric.is_global_zero:
        images, skipped = (int(count) for count in counts)
        _say(out, found, images, skipped, encoder.called, as_json=as_json)


def _say(out: Path, found: Encoded, images: int, skipped: int, called: str, *, as_json: bool) -> None:
    if skipped:
        few = " | ".join(found.skipped[:5])
        logging.getLogger(__name__).warning("%s: %d pictures skipped: %s", out, skipped, few)
    text = f"{out}/: {called}s of {images:,} images in part-*.parquet"
    console.say(as_json, text, folder=str(out), images=images, skipped=skipped)
