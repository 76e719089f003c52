"""What images are like, and what moves it: `esvae attributes`, `esvae controls`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, DataDir, OtherHash, SplitName, group

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
