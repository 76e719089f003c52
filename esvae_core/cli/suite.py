"""What `esvae evaluate --suite` does: measure group by group, keep what is finished, show it."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from esvae_core.cli import console
from esvae_core.cli.options import SamplerName, SplitName
from esvae_core.cli.sources import dataset_of
from esvae_core.errors import InputError
from esvae_core.files import write_atomically

if TYPE_CHECKING:
    from esvae_core.checkpoint import Header
    from esvae_core.data import ImageSet
    from esvae_core.evaluation.disentanglement import TaughtFactors
    from esvae_core.evaluation.feature_net import FeatureFile
    from esvae_core.evaluation.results import Curve, Figure
    from esvae_core.evaluation.suite import SuiteReport


GROUPS = ("reconstruction", "sampling", "generation", "latent", "disentanglement", "robustness", "cost")
"""Here for the help, because importing the suite takes seconds; a test holds it to the suite's own."""


def run(
    suite: str,
    checkpoint: Path,
    *,
    dataset: str | None,
    split: SplitName,
    data_dir: Path | None,
    steps: int | None,
    sampler: SamplerName | None,
    other_hash: bool,
    out_file: Path | None,
    fad_net: Path | None,
    inception: Path | None,
    record: bool,
    as_json: bool,
) -> None:
    """Measure and print; `out_file` gets the JSON, a file beside it the finished groups."""
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import load
    from esvae_core.checkpoint import record as keep
    from esvae_core.evaluation.adapter import adapter_of
    from esvae_core.evaluation.suite import EvaluationTask, parse_suite, run_suite

    plan, groups = parse_suite(suite)
    if out_file is not None:
        suffix_of(out_file, (".json",))
    if inception is not None and not inception.is_file():
        raise InputError(f"{inception}: no such file; expected Inception weights")
    loaded = load(checkpoint)
    test = dataset_of(loaded.header, dataset, split, data_dir, other_hash)

    @cache
    def train() -> ImageSet:
        return dataset_of(loaded.header, dataset, SplitName.train, data_dir, other_hash)

    net = _feature_net(fad_net, test, checkpoint)
    if record and "reconstruction" not in groups and ("generation" not in groups or net is None):
        raise InputError(
            "--record: of a suite it keeps MSE and FAD; expected reconstruction, or generation and a feature network"
        )
    evaluation = EvaluationTask(
        adapter_of(loaded.model, steps=steps, sampler=sampler.value if sampler else None),
        test,
        train,
        plan,
        net,
        inception,
        taught=_taught(loaded.header),
    )
    with console.bar() as bar:
        task = bar.add_task(loaded.header.name, total=None, left="")

        def report(group: str, done: int, total: int) -> None:
            bar.update(task, description=f"{loaded.header.name}: {group}", completed=done, total=total)

        kept = None if out_file is None else out_file.with_suffix(".groups.json")
        result = run_suite(evaluation, loaded.header.name, groups, kept=kept, report=report)
    if out_file is not None:
        write_atomically(out_file, (result.model_dump_json(indent=2) + "\n").encode())
    if as_json:
        console.say_json(result)
    else:
        _show(result)
    if record:
        keep(checkpoint, loaded, result.metrics())


def _taught(header: Header) -> TaughtFactors | None:
    """What a model's first neurons were taught; None: nothing."""
    from esvae_core.evaluation.disentanglement import TaughtFactors

    return TaughtFactors(header.taught, header.taught_levels) if header.taught else None


def _feature_net(path: Path | None, test: ImageSet, checkpoint: Path) -> FeatureFile | None:
    """The network that was named, or the one for this data set in a folder `fad` beside the checkpoint or in
    checkpoints/, if its images are of this size.
    """
    from esvae_core.evaluation.feature_net import load_features

    if path is not None:
        return load_features(path)
    for folder in (checkpoint.parent, Path("checkpoints")):
        beside = folder / "fad" / f"{test.name.partition(':')[0]}.safetensors"
        if beside.is_file():
            file = load_features(beside)
            config = file.header.config
            if (config.image_channels, config.image_size, config.image_size) == test.images.shape[1:]:
                return file
    return None


def _show(result: SuiteReport) -> None:
    how = "".join(f", {word}" for word in (result.time_steps and f"T = {result.time_steps}", result.sampler) if word)
    console.say(False, f"{result.name} on {result.dataset}, {result.split} split{how}, suite {result.plan.name}")
    for group in result.groups:
        table = Table(
            title=console.text(f"{group.name}: {group.protocol}"), title_justify="left", caption_justify="left"
        )
        table.add_column("figure", overflow="fold", ratio=2)
        table.add_column("value", justify="right", overflow="fold", ratio=1)
        table.add_column("note", overflow="fold", ratio=2)
        for figure in group.figures:
            table.add_row(console.text(figure.name), _value(figure), console.text(figure.note))
        for curve in group.curves:
            table.add_row(console.text(f"{curve.name}, along {curve.along}"), "", _points(curve))
        console.out.print(table)


def _value(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    return _number(figure.value) + ("" if figure.deviation is None else f" ± {_number(figure.deviation)}")


def _points(curve: Curve) -> str:
    spread: Any = curve.deviation or (None,) * len(curve.x)
    parts = []
    for x, mean, deviation in zip(curve.x, curve.mean, spread, strict=True):
        parts.append(f"{x:g}: {_number(mean)}" + (f" ± {_number(deviation)}" if deviation else ""))
    return "  ".join(parts)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"
