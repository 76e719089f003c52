"""`esvae export`: networks for other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, Checkpoint, Steps, group
from esvae_core.errors import InputError

if TYPE_CHECKING:
    from esvae_core.esvae import ESVAE

app = group()


class Target(StrEnum):
    """Formats and libraries that networks are exported to."""

    onnx = "onnx"
    nir = "nir"
    snntorch = "snntorch"
    spikingjelly = "spikingjelly"


_SUFFIX = {Target.onnx: ".onnx", Target.nir: ".nir", Target.snntorch: ".py", Target.spikingjelly: ".py"}


@app.command(
    epilog="Examples: `esvae export checkpoints/mnist.safetensors --to onnx --out mnist.onnx` ·"
    " `esvae export checkpoints/mnist.safetensors --to snntorch --out mnist_snntorch.py`"
)
def export(
    checkpoint: Checkpoint,
    to: Annotated[Target, typer.Option(help="Format, or library whose neurons to use.", show_default=False)],
    out_file: Annotated[
        Path,
        typer.Option("--out", help="NAME.onnx, .nir or .py; see the table in docs/other-tools.md.", show_default=False),
    ],
    steps: Steps = None,
    as_json: AsJson = False,
) -> None:
    """Write a network for another tool: ONNX, NIR, snnTorch or SpikingJelly.

    ONNX: NAME-encoder.onnx (images to rates) and NAME-decoder.onnx (spikes to images). NIR: the encoder. snnTorch and
    SpikingJelly: NAME.py, a module that needs no esvae, and its weights in NAME.safetensors.
    """
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import load
    from esvae_core.esvae import ESVAE

    suffix_of(out_file, (_SUFFIX[to],))
    if steps is not None and to is not Target.onnx:
        raise InputError(f"--steps is for --to onnx, whose encoder has a fixed T; with {to.value} any T can be run")
    files = _write(load(checkpoint, ESVAE).model, to, out_file, steps)
    lines = [f"{file}: {file.stat().st_size / 2**20:.1f} MB" for file in files]
    console.say(as_json, lines, to=to.value, files=[str(file) for file in files])


def _write(model: ESVAE, to: Target, out_file: Path, steps: int | None) -> list[Path]:
    """Write the network and return the files."""
    from esvae_core.export import network_files, to_nir_bytes, to_onnx
    from esvae_core.files import write_atomically

    if to is Target.onnx:
        parts = to_onnx(model, out_file.stem, steps=steps)
        contents = {
            out_file.with_name(f"{out_file.stem}-{part}.onnx"): made.SerializeToString()
            for part, made in parts._asdict().items()
        }
    elif to is Target.nir:
        contents = {out_file: to_nir_bytes(model)}
    else:
        return list(network_files(model, "snntorch" if to is Target.snntorch else "spikingjelly", out_file))
    for file, content in contents.items():
        write_atomically(file, content)
    return list(contents)
