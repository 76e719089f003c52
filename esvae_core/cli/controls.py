"""What images are like, and what moves it: `esvae attributes`, `esvae controls`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, Checkpoint, DataDir, Dataset, OtherHash, SplitName, group
from esvae_core.cli.sources import dataset_of

if TYPE_CHECKING:
    from esvae_core.controls.directions import Control, Controls

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
    dataset: Dataset = None,
    images: Annotated[int, typer.Option(min=20, help="Test images moved for the evidence.")] = 300,
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every choice and of the noise.")] = 0,
    accept_other_hash: OtherHash = False,
    as_json: AsJson = False,
) -> None:
    """Make the controls of a model: directions of its latent, named, calibrated and with the evidence for each."""
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import load, weights_hash
    from esvae_core.controls.directions import Controls
    from esvae_core.controls.file import beside, write_controls
    from esvae_core.controls.make import make_controls

    loaded = load(checkpoint)
    if show:
        _print(loaded.controls, as_json)
        return
    path = out_file or beside(checkpoint)
    suffix_of(path, (".npz",))
    splits = [dataset_of(loaded.header, dataset, split, data_dir, accept_other_hash) for split in SplitName]
    with console.bar() as bar:
        task = bar.add_task("", total=None, left="")
        made = make_controls(
            loaded.model,
            *splits,
            images=images,
            seed=seed,
            report=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )
    train = splits[0]
    weights = weights_hash(loaded.model.state_dict())
    write_controls(path, made, dataset=train.name, dataset_sha256=train.sha256, checkpoint_sha256=weights)
    if not as_json:
        _print(Controls(made), as_json)
    followed = [control.name for control in made if control.steerable]
    text = f"{path}: {len(made)} controls; pictures follow {len(followed)}"
    console.say(as_json, text, file=str(path), controls=len(made), followed=followed)


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
    table = console.table(
        "control", "+1 is", "read", "asked -2, -1, +1, +2: got", "largest side effect at 1", "class kept", "reach", ""
    )
    for control in controls.values():
        table.add_row(*_row(control))
    console.out.print(table)


def _row(control: Control) -> tuple[Any, ...]:
    from rich.text import Text

    size = f"{control.size:.3g} {control.unit}".strip() if control.source == "attribute" else ""
    like = f"like {control.attribute}" if control.source == "component" and control.attribute else ""
    if not control.evidence:
        return tuple(Text(part) for part in (control.name, size, "", "", "", "", "", control.why))
    evidence = control.evidence[-1]
    got = ", ".join(f"{each.got:+.2f}" for each in evidence.responses)
    at_one = [each for each in evidence.responses if abs(each.asked) == 1] or list(evidence.responses)
    worst = max(at_one, key=lambda each: abs(each.side_effect))
    side = f"{worst.side} {worst.side_effect:+.2f}" if worst.side else ""
    kept = [each.class_kept for each in at_one if each.class_kept is not None]
    cells = (
        control.name,
        size or like,
        f"{evidence.reading:.2f}",
        got,
        side,
        f"{min(kept):.0%}" if kept else "",
        f"{control.reach[0]:.1f} to {control.reach[1]:.1f}",
        control.why,
    )
    return tuple(Text(cell) for cell in cells)
