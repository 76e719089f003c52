"""What `esvae sample --out FOLDER/` does: any number of new pictures, drawn by one process or many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esvae_core.cli import console
from esvae_core.cli.model_kinds import refuse
from esvae_core.cli.options import PriorChoice, SamplerName, processes
from esvae_core.errors import InputError

if TYPE_CHECKING:
    from esvae_core.image_model import Drawn


def sample_in_parts(
    checkpoint: Path,
    out: Path,
    n: int,
    prior: PriorChoice | None,
    temperature: float,
    control: list[str] | None,
    steps: int | None,
    sampler: SamplerName | None,
    seed: int,
    accelerator: str,
    devices: int,
    nodes: int,
    as_json: bool,
) -> None:
    """Draw pictures into parquet parts, and say how many those were."""
    import torch

    from esvae_core.checkpoint import load
    from esvae_core.data.streamed import Share
    from esvae_core.encode_parts import prepare_folder
    from esvae_core.esvae import ESVAE
    from esvae_core.sample_parts import sample_to_parts

    if control:
        raise InputError("--control: is for pictures of one file, not for parts")
    model = load(checkpoint).model
    if model.config.takes_frames:
        raise InputError(f"{checkpoint}: it makes recordings, for which there are no parts; use .npz, .gif or .webp")
    options: dict[str, Any] = {
        "sampler": sampler.value if sampler else None,
        "steps": steps,
        "prior": prior.value if prior else None,
    }
    if isinstance(model, ESVAE):
        options["temperature"] = temperature
    else:
        refuse(model.config, **options, temperature=None if temperature == 1 else temperature)
        options = {}
    fabric = processes(accelerator, devices, nodes)
    if fabric.is_global_zero:
        prepare_folder(out)
    fabric.launch()
    sample: Callable[..., Drawn] = partial(model.to(fabric.device).sample, **options)

    @torch.no_grad()
    def draw(count: int, source: torch.Generator) -> torch.Tensor:
        return sample(count, source).images.cpu()

    share = Share(fabric.global_rank, fabric.world_size)
    with console.bar() as bar:
        task = bar.add_task("drawing", total=-(-n // share.world), left="")
        sample_to_parts(draw, n, out, share, seed=seed, report=lambda count: bar.advance(task, count))
    fabric.barrier()
    if fabric.is_global_zero:
        console.say(as_json, f"{out}/: {n:,} pictures in part-*.parquet", folder=str(out), images=n)
