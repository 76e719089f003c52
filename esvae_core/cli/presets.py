"""`esvae presets`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, group

app = group()


@app.command(epilog="Examples: `esvae presets` · `esvae presets published-mnist`")
def presets(
    name: Annotated[str | None, typer.Argument(help="One preset, whole.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Settings that come with names."""
    from esvae_core.config import SpikingModelConfig
    from esvae_core.presets import PRESETS, preset

    if name:
        run = preset(name)
        if as_json:
            console.say_json(run)
            return
        table = console.table("setting", "value", "meaning")
        for part in ("model", "data", "train"):
            group = getattr(run, part)
            for field, about in type(group).model_fields.items():
                cells = (f"{part}.{field}", console.plain(getattr(group, field)), about.description or "")
                table.add_row(*map(console.text, cells))
        console.out.print(table)
        return
    if as_json:
        print(json.dumps({key: run.model_dump() for key, run in PRESETS.items()}, indent=2))
        return
    table = console.table("preset", "kind", "data", "images", "d", "T", "epochs", "batch", "rate", compact=True)
    for key, run in PRESETS.items():
        m, t = run.model, run.train
        steps = m.time_steps if isinstance(m, SpikingModelConfig) else "-"
        row = (f"{m.image_channels}x{m.image_size}²", m.latent_dim, steps, t.epochs, t.batch_size, f"{t.lr:g}")
        table.add_row(*map(console.text, (key, m.kind, run.data.dataset, *row)))
    console.out.print(table)
