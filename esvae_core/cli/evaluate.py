"""`esvae evaluate`."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from esvae_core.cli import console
from esvae_core.cli import suite as suites
from esvae_core.cli.options import (
    Accelerator,
    AsJson,
    Checkpoint,
    DataDir,
    Devices,
    Nodes,
    OtherHash,
    SamplerName,
    Sampling,
    Seed,
    SplitName,
    Steps,
    group,
    processes,
)
from esvae_core.cli.sources import dataset_of
from esvae_core.errors import InputError, KindError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from esvae_core.checkpoint import Checkpoint as Loaded
    from esvae_core.esvae import ESVAE
    from esvae_core.evaluation.evaluate import Report

app = group()


@app.command(
    epilog="Examples: `esvae evaluate checkpoints/digits.safetensors --json` ·"
    " `esvae evaluate checkpoints/mnist.safetensors --suite full --out mnist.json` ·"
    " `esvae evaluate checkpoints/digits.safetensors --suite reconstruction,latent`"
)
def evaluate(
    checkpoint: Checkpoint,
    dataset: Annotated[str | None, typer.Option(help="Data set; the one it was trained on unless given.")] = None,
    split: Annotated[SplitName, typer.Option(help="Part of the data set.")] = SplitName.test,
    data_dir: DataDir = None,
    steps: Steps = None,
    sampler: Sampling = None,
    seed: Seed = 0,
    accept_other_hash: OtherHash = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Read folder:, huggingface: or tar: data piece by piece, whole.")
    ] = False,
    record: Annotated[bool, typer.Option(help="Write the figures (of a suite: MSE, FAD) into the header.")] = False,
    suite: Annotated[
        str | None,
        typer.Option(metavar="full|quick|GROUP,...", help=f"More figures, by group: {', '.join(suites.GROUPS)}."),
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="JSON of the suite; finished groups are kept beside it.")
    ] = None,
    fad_net: Annotated[Path | None, typer.Option(help="Feature network of FAD; checkpoints/fad/DATASET else.")] = None,
    inception: Annotated[Path | None, typer.Option(help="Local Inception weights, for FID, KID and IS.")] = None,
    accelerator: Accelerator = "cpu",
    devices: Devices = 1,
    nodes: Nodes = 1,
    as_json: AsJson = False,
) -> None:
    """Measure a model on a whole split: error, MMD, firing rates, cost; with --suite, all of docs/evaluation.md.

    The figures are the same however many processes share the images; a suite is measured by one.
    """
    if suite is not None:
        if stream:
            raise InputError("--stream: is for the figures without --suite")
        if devices * nodes > 1 or accelerator != "cpu":
            raise InputError("--suite: is measured by one process on the CPU; leave --accelerator, --devices out")
        if seed:
            raise InputError("--suite: has seeds of its own; leave --seed out")
        suites.run(
            suite,
            checkpoint,
            dataset=dataset,
            split=split,
            data_dir=data_dir,
            steps=steps,
            sampler=sampler,
            other_hash=accept_other_hash,
            out_file=out_file,
            fad_net=fad_net,
            inception=inception,
            record=record,
            as_json=as_json,
        )
        return
    if out_file or fad_net or inception:
        raise InputError("--out, --fad-net and --inception go with --suite")
    alone = devices * nodes == 1 and accelerator == "cpu"  # to import Fabric takes longer than a small set to measure
    fabric = None if alone else processes(accelerator, devices, nodes)
    if stream:
        loaded, result = _streamed(checkpoint, dataset, steps, sampler, seed, fabric)
    else:
        loaded, result = _measured(
            checkpoint, dataset, split, data_dir, steps, sampler, seed, accept_other_hash, fabric
        )
    if fabric is not None and not fabric.is_global_zero:
        return
    if as_json:
        console.say_json(result)
    else:
        _show(loaded.header.name, result)
    if record:
        from esvae_core.checkpoint import record as keep

        keep(checkpoint, loaded, result.metrics())


def _measured(
    checkpoint: Path,
    dataset: str | None,
    split: SplitName,
    data_dir: Path | None,
    steps: int | None,
    sampler: SamplerName | None,
    seed: int,
    accept_other_hash: bool,
    fabric: Fabric | None,
) -> tuple[Loaded[ESVAE], Report]:
    """An ESVAE, and what is measured of it on a whole split, with a bar of how far it is.

    Raises:
        KindError: a model of another kind.
    """
    from esvae_core.checkpoint import load
    from esvae_core.esvae import ESVAE
    from esvae_core.evaluation.evaluate import evaluate as measure

    try:
        loaded = load(checkpoint, ESVAE)
    except KindError as error:
        raise KindError(f"{error}; --suite measures models of any kind") from None
    data = dataset_of(loaded.header, dataset, split, data_dir, accept_other_hash)
    training = None
    if loaded.header.model.takes_frames:
        training = dataset_of(loaded.header, dataset, SplitName.train, data_dir, accept_other_hash)
    _launch(fabric, loaded.model)  # other processes begin when what they read is at hand
    with console.bar() as bar:
        task = bar.add_task(f"evaluating {loaded.header.name}", total=len(data), left="")
        result = measure(
            loaded.model,
            data,
            steps=steps,
            sampler=sampler.value if sampler else None,
            seed=seed,
            training=training,
            fabric=fabric,
            report=lambda done, total: bar.update(task, completed=done),
        )
    return loaded, result


def _streamed(
    checkpoint: Path,
    dataset: str | None,
    steps: int | None,
    sampler: SamplerName | None,
    seed: int,
    fabric: Fabric | None,
) -> tuple[Loaded[ESVAE], Report]:
    """As `_measured`, of a data set that need not fit into memory.

    Raises:
        InputError: the data set cannot be read so.
    """
    from esvae_core.checkpoint import load
    from esvae_core.data.streamed import Share
    from esvae_core.data.table import find
    from esvae_core.encode_parts import batches_of
    from esvae_core.esvae import ESVAE
    from esvae_core.evaluation.evaluate_stream import evaluate_stream
    from esvae_core.hardware import place

    loaded = load(checkpoint, ESVAE)
    config, trained_on = loaded.model.config, loaded.header.data
    source = dataset or (trained_on.dataset if trained_on else "")
    if not source or find(source)[0].stream is None:
        raise InputError(f"--stream: expected folder:PATH, huggingface:PATH or tar:PATH, found {source!r}")
    kind, _, option = source.partition(":")
    _launch(fabric, loaded.model)
    share = Share(*place(fabric))
    batches = batches_of(source, share, image_size=config.image_size, channels=config.image_channels)
    with console.bar() as bar:
        task = bar.add_task(f"evaluating {loaded.header.name}", total=None, left="")
        result = evaluate_stream(
            loaded.model,
            f"{kind}:{PurePath(option).name}",  # where it lies is nothing for a header
            (batch.images for batch in batches if len(batch.names)),
            fabric=fabric,
            steps=steps,
            sampler=sampler.value if sampler else None,
            seed=seed,
            report=lambda count: bar.advance(task, count),
        )
    return loaded, result


def _launch(fabric: Fabric | None, model: ESVAE) -> None:
    if fabric is not None:
        fabric.launch()
        model.to(fabric.device)


def _show(name: str, result: Report) -> None:
    table = Table(title=console.text(f"{name}: {result.protocol}"), title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_row("MSE on [-1, 1]", f"{result.mse:.4f} ± {result.mse_standard_error:.4f} (standard error)")
    if (frames := result.frames) is not None:
        table.add_row("PSNR", f"{frames.psnr:.2f} dB")
        for what, other in (("frame", frames.mean_frame_psnr), ("recording", frames.mean_recording_psnr)):
            gain = f"{other:.2f} dB; the model's is {frames.psnr - other:.2f} dB higher"
            table.add_row(f"PSNR of the mean training {what}", gain)
        for number, error in enumerate(frames.mse, 1):
            table.add_row(f"MSE of frame {number}", f"{error:.4f}")
    table.add_row(f"MMD, blocks of {result.mmd_block:,}, biased", f"{result.mmd_biased:.4f}")
    if result.mmd_unbiased is not None:
        table.add_row(f"MMD, blocks of {result.mmd_block:,}, unbiased", f"{result.mmd_unbiased:.4f}")
    for name, rate in result.firing_rates.items():
        table.add_row(console.text(f"firing rate of {name}"), f"{rate:.3f} spikes per step")
    table.add_row("firing rate of the sampled latent", f"{result.latent_rate:.3f} spikes per step")
    table.add_row("parameters", f"{result.parameters:,}")
    table.add_row("dense: multiply-adds per image", f"{result.costs.dense_multiply_adds / 1e6:.1f} M")
    table.add_row("spike-driven: additions per image", f"{result.costs.spike_additions / 1e6:.1f} M")
    table.add_row("spike-driven: multiplications per image", f"{result.costs.spike_multiplications / 1e6:.1f} M")
    console.out.print(table)
