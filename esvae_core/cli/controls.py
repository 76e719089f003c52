"""What images are like, and what moves it: `esvae attributes`, `esvae controls`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, Checkpoint, DataDir, Dataset, OtherHash, SplitName, group
from esvae_core.cli.recordings import images_only
from esvae_core.cli.sources import dataset_of
from esvae_core.errors import InputError

if TYPE_CHECKING:
    from esvae_core.checkpoint import Checkpoint as Loaded
    from esvae_core.controls.directions import Control, Controls
    from esvae_core.data import ImageSet

app = group()


@app.command(
    epilog="Examples: `esvae attributes mnist --out mnist.parquet --data-dir data` ·"
    " `esvae attributes folder:my/pictures --split train --out pictures.csv`"
)
def attributes(
    dataset: Annotated[str, typer.Argument(help="A data set, see `esvae data list`.", show_default=False)],
    out_file: Annotated[Path, typer.Option("--out", help=".parquet or .csv, a row per image.", show_default=False)],
    split: Annotated[SplitName, typer.Option(help="Part of the data set.")] = SplitName.test,
    image_size: Annotated[int, typer.Option(min=1, max=1024, help="Height and width to resize to, pixels.")] = 32,
    channels: Annotated[int | None, typer.Option(help="1 or 3; those of the data set unless given.")] = None,
    data_dir: DataDir = None,
    accept_other_hash: OtherHash = False,
    as_json: AsJson = False,
) -> None:
    """Measure a data set's images: thickness of strokes, hue and the like, and what else is known of them."""
    from esvae_core.arrays import suffix_of, write_columns
    from esvae_core.controls.attributes import table_of, words_of
    from esvae_core.data import load

    suffix_of(out_file, (".parquet", ".csv"))
    data = load(
        dataset,
        split.value,
        image_size=image_size,
        channels=channels,
        data_dir=data_dir,
        accept_other_hash=accept_other_hash,
    )
    table = table_of(data)
    columns: dict[str, object] = {"image": [f"{data.name}/{data.split}/{i}" for i in data.indices]}
    for attribute, values in zip(table.attributes, table.values.T, strict=True):
        columns[attribute.name] = words_of(attribute, values) if attribute.kind == "category" else values
    write_columns(out_file, columns)
    names = [attribute.name for attribute in table.attributes]
    text = f"{out_file}: {len(table):,} images, {len(names)} attributes: {', '.join(names)}"
    console.say(as_json, text, file=str(out_file), images=len(table), attributes=names)


@app.command(
    epilog="Examples: `esvae controls checkpoints/mnist-plus.safetensors --data-dir data` ·"
    " `esvae controls checkpoints/mnist-plus.safetensors --show`"
)
def controls(
    checkpoint: Checkpoint,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="The .npz file; NAME.controls.npz beside the checkpoint unless given.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the controls that there are, and make none.")] = False,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Measure attributes anew and leave the controls that there are as they are."),
    ] = False,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="Measure the evidence on test images anew and leave the controls that there are as they are.",
        ),
    ] = False,
    dataset: Dataset = None,
    images: Annotated[int, typer.Option(min=20, help="Test images moved for the evidence.")] = 300,
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every choice and of the noise.")] = 0,
    accept_other_hash: OtherHash = False,
    as_json: AsJson = False,
) -> None:
    """Make the controls of a model: directions of its latent, named, calibrated and with the evidence for each.

    With them, correlations of every attribute with every latent number are measured on training images, and the
    attributes of the atlas' test images, if there is an atlas beside the checkpoint.
    """
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import load, weights_hash
    from esvae_core.controls.correlation import measure as measure_attributes
    from esvae_core.controls.directions import Controls
    from esvae_core.controls.file import beside, write_controls

    loaded = load(checkpoint)
    if show:
        _print(loaded.controls, as_json)
        return
    images_only(loaded.model, "esvae controls")
    path = out_file or beside(checkpoint)
    suffix_of(path, (".npz",))
    _check_kept(checkpoint, loaded, measure, evidence)
    splits = [dataset_of(loaded.header, dataset, split, data_dir, accept_other_hash) for split in SplitName]
    train, _, test = splits
    if (measure or evidence) and loaded.controls.dataset_sha256 != train.sha256:
        raise InputError(f"{checkpoint}: its controls were made with other images than those of {train.name}")
    made = tuple(loaded.controls.values()) if measure else _made(loaded, splits, images, seed, evidence)
    measured = loaded.controls.measured if evidence else None
    if measured is None:
        measured = measure_attributes(loaded.model, train, _of_atlas(checkpoint, loaded, test), seed)
    write_controls(
        path,
        made,
        dataset=train.name,
        dataset_sha256=train.sha256,
        checkpoint_sha256=weights_hash(loaded.model.state_dict()),
        measured=measured,
    )
    if not (as_json or measure):
        _print(Controls(made), as_json)
    followed = [control.name for control in made if control.steerable]
    text = (
        f"{path}: {len(made)} controls; pictures follow {len(followed)}; {len(measured.attributes)} attributes measured"
        f" on {measured.train_images:,} training images and {len(measured.images):,} test images of the atlas"
    )
    console.say(as_json, text, file=str(path), controls=len(made), followed=followed, measured=len(measured.images))


def _check_kept(checkpoint: Path, loaded: Loaded[Any], measure: bool, evidence: bool) -> None:
    """Raise InputError if what is to be kept is not there, or both options are given that keep it."""
    if measure and evidence:
        raise InputError("--measure, --evidence: expected one of them at a time")
    if (measure or evidence) and not loaded.controls:
        option = "--measure" if measure else "--evidence"
        raise InputError(f"{checkpoint}: there are no controls beside it to add to; leave out {option} to make them")


def _made(
    loaded: Loaded[Any], splits: Sequence[ImageSet], images: int, seed: int, evidence: bool
) -> tuple[Control, ...]:
    """New controls, or those that there are with new evidence; says how far it is."""
    from esvae_core.controls.make import judged_again, make_controls

    train, validation, test = splits
    with console.bar() as bar:
        task = bar.add_task("", total=None, left="")

        def report(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        if evidence:
            known = loaded.controls.values()
            return judged_again(loaded.model, known, train, validation, test, images=images, seed=seed, report=report)
        return make_controls(loaded.model, train, validation, test, images=images, seed=seed, report=report)


def _of_atlas(checkpoint: Path, loaded: Loaded[Any], test: ImageSet) -> ImageSet:
    """The test images that the atlas beside a checkpoint holds; none of them if there is no atlas that fits."""
    import numpy as np

    from esvae_core.errors import CorruptDataError
    from esvae_core.explore import atlas as atlases

    path = atlases.beside(checkpoint)
    try:
        atlas = atlases.load_for(loaded, path) if path.exists() else None
    except CorruptDataError:
        atlas = None  # the atlas says so itself where it is used
    known = atlas is not None and atlas.dataset_sha256 == test.sha256
    shown = np.isin(test.indices, atlas.indices if atlas is not None and known else ())
    return test.take(np.flatnonzero(shown), test.split)


def _print(controls: Controls, as_json: bool) -> None:
    """A table of controls, or all that is known of them as JSON."""
    if as_json:
        import json
        from dataclasses import asdict

        fields = ("name", "source", "attribute", "unit", "size", "steerable", "why", "reach")
        rows = [
            {field: getattr(control, field) for field in fields}
            | {"evidence": [asdict(evidence) for evidence in control.evidence]}
            for control in controls.values()
        ]
        print(json.dumps(rows, indent=2))
        return
    steered = [control for control in controls.values() if not control.why]
    if steered:
        titles = ("+1 is", "\nread", "\ngot", "side effect\nat 1", "class\nkept", "\nreach")
        table = console.table("control", *titles, compact=True)
        for control in steered:
            table.add_row(*map(console.text, _row(control)))
        console.out.print(table)
        if asked := _asked(steered):
            console.out.print(console.text(f"got: {asked}"), soft_wrap=True)
    for control in controls.values():
        if control.why:
            console.out.print(console.text(f"cannot be steered: {control.name}: {control.why}"), soft_wrap=True)


def _asked(controls: Sequence[Control]) -> str:
    """What was asked of controls of each source, as "of -2, +2 (component)"."""
    asked = dict.fromkeys(
        (", ".join(f"{each.asked:+g}" for each in control.evidence[-1].responses), control.source)
        for control in controls
        if control.evidence
    )
    return "; ".join(f"of {values} ({source})" for values, source in asked)


def _row(control: Control) -> tuple[str, ...]:
    size = f"{control.size:.3g} {control.unit}".strip() if control.source == "attribute" else ""
    resembled = control.attribute.removeprefix("class=") if control.source == "component" else ""
    if not control.evidence:
        return control.name, size
    evidence = control.evidence[-1]
    got = " ".join(f"{each.got:+.2f}" for each in evidence.responses)
    at_one = [each for each in evidence.responses if abs(each.asked) == 1] or list(evidence.responses)
    worst = max(at_one, key=lambda each: abs(each.side_effect))
    side = f"{worst.side} {worst.side_effect:+.2f}" if worst.side else ""
    kept = [each.class_kept for each in at_one if each.class_kept is not None]
    return (
        control.name,
        size or (f"like {resembled}" if resembled else ""),
        f"{evidence.reading:.2f}",
        got,
        side,
        f"{min(kept):.0%}" if kept else "",
        f"{control.reach[0]:.1f} to {control.reach[1]:.1f}",
    )
