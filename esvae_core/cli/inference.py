"""Images, rates and pictures: `esvae encode`, `decode`, `sample`, `interpolate`."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.encode_in_parts import EncodingOptions, encode_in_parts
from esvae_core.cli.export import PICTURES, take_along
from esvae_core.cli.model_kinds import controlled, encoder_of, refuse, sample_pictures
from esvae_core.cli.options import (
    AcceleratorOfParts,
    AsJson,
    Checkpoint,
    Columns,
    Control,
    DataDir,
    DevicesOfParts,
    NodesOfParts,
    OtherHash,
    PathName,
    PriorChoice,
    SamplerName,
    Sampling,
    Scale,
    Seed,
    SplitName,
    Steps,
    group,
    names_folder,
)
from esvae_core.cli.recordings import decoded, decoded_of, images_only, recording, write_frames
from esvae_core.cli.sample_in_parts import sample_in_parts
from esvae_core.cli.sources import dataset_of, end_of_path, picture
from esvae_core.errors import DataError, InputError

if TYPE_CHECKING:
    from esvae_core.config import PriorName
    from esvae_core.data import ImageSet

app = group()

_MOST = 1_000_000  # pictures of one file


@app.command(
    epilog="Examples: `esvae encode checkpoints/mnist.safetensors cat.png --out rates.npz` ·"
    " `esvae encode checkpoints/digits.safetensors digits --split test --out rates.parquet` ·"
    " `esvae encode checkpoints/mnist.safetensors tar:shards --devices 2 --out rates/`"
)
def encode(
    checkpoint: Checkpoint,
    sources: Annotated[
        list[str], typer.Argument(help="Files of images or events, or one data set.", show_default=False)
    ],
    out_file: Annotated[
        str,
        typer.Option("--out", help=".npz or .parquet of rates; FOLDER/ for parquet in parts.", show_default=False),
    ],
    split: Annotated[SplitName, typer.Option(help="Part of the data set.")] = SplitName.test,
    data_dir: DataDir = None,
    steps: Steps = None,
    accelerator: AcceleratorOfParts = "cpu",
    devices: DevicesOfParts = 1,
    nodes: NodesOfParts = 1,
    accept_other_hash: OtherHash = False,
    as_json: AsJson = False,
) -> None:
    """Images to firing rates; with a model that has none, to its latent vectors.

    With --out FOLDER/ a data set is read piece by piece, however large, by one process or many, and the rates become
    parquet files that are one table together.
    """
    if names_folder(out_file):
        options = EncodingOptions(split, data_dir, steps, accelerator, devices, nodes)
        encode_in_parts(checkpoint, sources, Path(out_file), options, as_json=as_json)
        return
    _one_process(out_file, devices, nodes)
    _encode_whole(checkpoint, sources, Path(out_file), split, data_dir, steps, accept_other_hash, as_json=as_json)


def _one_process(out_file: str, devices: int, nodes: int) -> None:
    if devices * nodes > 1:
        raise InputError(f"--out {out_file}: expected FOLDER/ with more than one process, which write parts")


def _encode_whole(
    checkpoint: Path,
    sources: list[str],
    out_file: Path,
    split: SplitName,
    data_dir: Path | None,
    steps: int | None,
    accept_other_hash: bool,
    *,
    as_json: bool,
) -> None:
    import numpy as np
    import torch

    from esvae_core.arrays import suffix_of, write_rates
    from esvae_core.checkpoint import load
    from esvae_core.data import DATASETS

    suffix_of(out_file, (".npz", ".parquet"))
    loaded = load(checkpoint)
    model = loaded.model
    encoder = encoder_of(model, steps)
    labels = None
    if len(sources) == 1 and sources[0].partition(":")[0] in DATASETS and not Path(sources[0]).is_file():
        data = dataset_of(loaded.header, sources[0], split, data_dir, accept_other_hash)
        if not as_json:
            _say_share(sources[0], data, data_dir)
        names, labels = [f"{data.name}/{data.split}/{i}" for i in data.indices], data.labels
        batches = (data.tensor(slice(i, i + 250)) for i in range(0, len(data), 250))
        count = len(data)
    else:
        if model.config.takes_frames:
            pictures = torch.stack([recording(Path(source), model.config) for source in sources])
        else:
            pictures = torch.stack([picture(Path(source), model) for source in sources])
        names, batches, count = sources, (pictures[i : i + 250] for i in range(0, len(pictures), 250)), len(pictures)
    rates = []
    with console.bar() as bar, torch.no_grad():
        task = bar.add_task("encoding", total=count, left="")
        for images in batches:
            rates.append(encoder.encode(images).numpy())
            bar.advance(task, len(images))
    write_rates(out_file, np.concatenate(rates), names, labels, called=encoder.called)
    text = f"{out_file}: {count:,} x {model.config.latent_dim} {encoder.called}s"
    text += f" ({encoder.what})" if encoder.what else ""
    console.say(as_json, text, file=str(out_file), images=count)


def _say_share(source: str, data: ImageSet, data_dir: Path | None) -> None:
    """Say of how many images a split is one, and which options take the others."""
    from esvae_core.data import DATASETS

    spec = DATASETS[source.partition(":")[0]]
    whole = sum(spec.split_sizes.values()) or _size_of(source, data, data_dir)
    if len(data) < whole:
        others = " and ".join(f"--split {name}" for name in SplitName if name != data.split)
        parts = "; --out FOLDER/ takes all" if spec.stream is not None else ""
        line = (
            f"{data.name}: {len(data):,} of {whole:,} images, the {data.split} split; {others} take the others{parts}"
        )
        console.err.print(console.text(line), soft_wrap=True)


def _size_of(source: str, data: ImageSet, data_dir: Path | None) -> int:
    """Images of all splits of one's own data, whose number their files alone say."""
    from esvae_core.data import load

    *front, channels, _, size = data.images.shape
    frames, count = front[1] if len(front) == 2 else None, 0
    for split in SplitName:
        with suppress(DataError):  # one that is empty
            part = load(source, split.value, image_size=size, channels=channels, frames=frames, data_dir=data_dir)
            count += len(part)
    return count


@app.command(epilog="Example: `esvae decode checkpoints/mnist.safetensors rates.npz --out pictures.png`")
def decode(
    checkpoint: Checkpoint,
    rates_file: Annotated[Path, typer.Argument(help="What `encode` writes, or a .csv.", show_default=False)],
    out_file: Annotated[Path, typer.Option("--out", help=".png grid, .gif or .webp film, .npz.", show_default=False)],
    steps: Steps = None,
    sampler: Sampling = None,
    seed: Seed = 0,
    columns: Columns = None,
    scale: Scale = 2,
    as_json: AsJson = False,
) -> None:
    """Firing rates to pictures or recordings; with a model that has none, latent vectors."""
    from esvae_core.arrays import read_features, read_rates, suffix_of
    from esvae_core.checkpoint import read_header
    from esvae_core.engine.plan import Plan
    from esvae_core.explore.decode_rates import to_normalized
    from esvae_core.explore.fixed_point import to_fixed_point
    from esvae_core.explore.latent_interface import folded, read_explorable
    from esvae_core.explore.recipe import seeds_from

    suffix_of(out_file, PICTURES)
    if read_header(checkpoint).model.takes_frames:
        write_frames(decoded_of(checkpoint, rates_file, sampler, seed, steps), out_file, columns, scale, as_json)
        return
    plan = folded(read_explorable(checkpoint))
    if isinstance(plan, Plan):
        units = to_fixed_point(read_rates(rates_file, plan.config.latent_dim))
    else:
        refuse(plan.config, steps=steps, sampler=sampler)
        units = to_normalized(plan, read_features(rates_file, plan.config.latent_dim))
    seeds = seeds_from(seed, len(units))
    take_along(out_file, checkpoint.stem, plan, units, seeds, sampler, steps, columns, scale, as_json)


@app.command(
    epilog="Examples: `esvae sample checkpoints/mnist.safetensors --n 64 --seed 1 --out samples.png` ·"
    " `esvae sample checkpoints/mnist.safetensors --n 100000 --devices 2 --out samples/`"
)
def sample(
    checkpoint: Checkpoint,
    out_file: Annotated[
        str,
        typer.Option(
            "--out", help=".png grid, .gif or .webp film, .npz; FOLDER/ for parquet in parts.", show_default=False
        ),
    ],
    n: Annotated[int, typer.Option(min=1, max=10**9, help="How many; in one file at most 1,000,000.")] = 64,
    prior: Annotated[PriorChoice | None, typer.Option(help="The fitted one, if there is one, unless given.")] = None,
    temperature: Annotated[float, typer.Option(min=0, help="Scales the prior's deviations.")] = 1.0,
    control: Control = None,
    steps: Steps = None,
    sampler: Sampling = None,
    seed: Seed = 0,
    columns: Columns = None,
    scale: Scale = 2,
    accelerator: AcceleratorOfParts = "cpu",
    devices: DevicesOfParts = 1,
    nodes: NodesOfParts = 1,
    as_json: AsJson = False,
) -> None:
    """New pictures, or recordings, from the prior.

    With --out FOLDER/ they are drawn piece by piece, however many, by one process or many, and become parquet files
    that are one data set of images; there, other pictures belong to a seed than in a single file.
    """
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import read_header
    from esvae_core.engine.mersenne import Mersenne
    from esvae_core.engine.plan import Plan
    from esvae_core.engine.prior_draws import can_draw, prior_rates
    from esvae_core.explore.fixed_point import to_fixed_point
    from esvae_core.explore.latent_interface import folded, read_explorable
    from esvae_core.explore.recipe import seeds_from
    from esvae_core.seeds import number

    if names_folder(out_file):
        sample_in_parts(
            checkpoint,
            Path(out_file),
            n,
            prior,
            temperature,
            control,
            steps,
            sampler,
            seed,
            accelerator,
            devices,
            nodes,
            as_json,
        )
        return
    _one_process(out_file, devices, nodes)
    if n > _MOST:
        raise InputError(f"--n {n}: expected at most {_MOST:,} pictures in one file; --out FOLDER/ takes more")
    out = Path(out_file)
    suffix_of(out, PICTURES)
    if not can_draw(read_header(checkpoint).model, n):
        _sample_by_pytorch(
            checkpoint, out, n, prior, temperature, control, steps, sampler, seed, columns, scale, as_json
        )
        return
    stored = read_explorable(checkpoint)
    plan = folded(stored)
    assert isinstance(plan, Plan)
    source = Mersenne(number(seed, "prior"))
    rates = prior_rates(plan, n, source, prior=prior.value if prior else None, temperature=temperature)
    units = controlled(stored, to_fixed_point(rates), control)
    take_along(out, checkpoint.stem, plan, units, seeds_from(seed, n), sampler, steps, columns, scale, as_json)


def _sample_by_pytorch(
    checkpoint: Path,
    out_file: Path,
    n: int,
    prior: PriorChoice | None,
    temperature: float,
    control: list[str] | None,
    steps: int | None,
    sampler: SamplerName | None,
    seed: int,
    columns: int | None,
    scale: int,
    as_json: bool,
) -> None:
    """As `sample`, of any model and any number: the same pictures, after PyTorch has been imported."""
    import numpy as np

    from esvae_core.baselines.ann import ANNCoder
    from esvae_core.baselines.fsvae import FSVAE
    from esvae_core.checkpoint import load
    from esvae_core.engine.plan import plan_of
    from esvae_core.engine.prior import prior as prior_shares
    from esvae_core.esvae import ESVAE
    from esvae_core.explore.decode_rates import to_normalized
    from esvae_core.explore.fixed_point import to_fixed_point
    from esvae_core.explore.latent_interface import why_not_explorable
    from esvae_core.explore.recipe import seeds_from
    from esvae_core.seeds import generator

    loaded = load(checkpoint)
    model = loaded.model
    which: PriorName | None = prior.value if prior else None
    problem = "" if model.config.takes_frames else why_not_explorable(checkpoint, model.config)
    if isinstance(model, ESVAE) and problem:  # a part of it is not what recipes are decoded with
        if control:
            raise InputError(f"--control: {problem}")
        how = sampler.value if sampler else None
        draw = partial(model.sample, sampler=how, steps=steps, prior=which, temperature=temperature)
        sample_pictures(draw, model.config.image_size, out_file, n, seed, columns, scale, as_json)
        return
    if isinstance(model, ESVAE):
        source = generator(seed, "prior")
        drawn = model.prior_rates(n, generator=source, prior=which, temperature=temperature)
        if model.config.takes_frames:
            if control:
                images_only(model, "--control")
            write_frames(decoded(model, drawn.detach(), sampler, seed, steps), out_file, columns, scale, as_json)
            return
        units = to_fixed_point(drawn.detach().numpy())
    else:
        refuse(
            model.config,
            prior=prior,
            temperature=None if temperature == 1 else temperature,
            steps=steps,
            sampler=sampler,
        )
        if isinstance(model, FSVAE) and control and not problem:
            plan = plan_of(model)
            units = to_fixed_point(np.stack([prior_shares(plan, each) for each in seeds_from(seed, n)]))
        elif problem or not isinstance(model, ANNCoder):
            refuse(model.config, control=control or None)
            sample_pictures(model.sample, model.config.image_size, out_file, n, seed, columns, scale, as_json)
            return
        else:
            codes = model.sample_codes(n, generator(seed, "sample"))
            units = to_normalized(model, codes.numpy())
    units = controlled(loaded, units, control)
    take_along(out_file, checkpoint.stem, model, units, seeds_from(seed, n), sampler, steps, columns, scale, as_json)


@app.command(
    epilog="Examples: `esvae interpolate checkpoints/digits.safetensors digits:0 digits:5 --out path.png` ·"
    " `esvae interpolate checkpoints/mnist.safetensors a.png b.png --frames 16 --path linear --out path.npz`"
)
def interpolate(
    checkpoint: Checkpoint,
    start: Annotated[str, typer.Argument(help="Image file, or DATASET:N, the N-th test image.", show_default=False)],
    end: Annotated[str, typer.Argument(help="The same.", show_default=False)],
    out_file: Annotated[Path, typer.Option("--out", help=".png strip, .gif or .webp film, .npz.", show_default=False)],
    frames: Annotated[int, typer.Option(min=2, max=1000, help="Pictures, both ends included.")] = 12,
    path: Annotated[
        PathName | None, typer.Option(help="The way between the rates; arcsine unless given, without rates linear.")
    ] = None,
    control: Control = None,
    data_dir: DataDir = None,
    steps: Steps = None,
    sampler: Sampling = None,
    seed: Seed = 0,
    columns: Columns = None,
    scale: Scale = 2,
    as_json: AsJson = False,
) -> None:
    """A path between two images, through the rates, under frozen noise; without rates, through the latent."""
    import torch

    from esvae_core.arrays import suffix_of
    from esvae_core.esvae import SpikingCoder
    from esvae_core.explore.decode_rates import to_normalized
    from esvae_core.explore.fixed_point import to_fixed_point, to_rates
    from esvae_core.explore.interpolate import interpolate as between
    from esvae_core.explore.latent_interface import counts_of, load_explorable

    suffix_of(out_file, PICTURES)
    loaded = load_explorable(checkpoint)
    model = loaded.model
    spiking = isinstance(model, SpikingCoder)
    if not spiking:
        refuse(model.config, path=path if path != PathName.linear else None, steps=steps, sampler=sampler)
    ends = torch.stack([end_of_path(loaded.header, model, source, data_dir) for source in (start, end)])
    with torch.no_grad():
        if isinstance(model, SpikingCoder):
            counts = torch.from_numpy(counts_of(model, ends, steps))
            first, last = (counts / (steps or model.config.time_steps)).float()
        else:
            first, last = torch.from_numpy(to_rates(to_normalized(model, model.features(ends).numpy())))
    way = path or (PathName.arcsine if spiking else PathName.linear)
    units = controlled(loaded, to_fixed_point(between(first, last, frames, way.value).numpy()), control)
    take_along(out_file, checkpoint.stem, model, units, (seed,), sampler, steps, columns or frames, scale, as_json)
