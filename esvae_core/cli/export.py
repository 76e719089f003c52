"""What is taken along: pictures that carry their recipe, `esvae replay`, and `esvae page`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, Checkpoint, SamplerName, group
from esvae_core.errors import InputError
from esvae_core.explore.views import STANDALONE

if TYPE_CHECKING:
    from esvae_core.config import Sampler
    from esvae_core.explore.fixed_point import FixedPointRates
    from esvae_core.explore.latent_interface import Foldable

PICTURES = (".npz", ".png", ".gif", ".webp")

_VIEWS = [view.name for view in STANDALONE]

app = group()


def _views() -> list[str]:
    return _VIEWS


@app.command(epilog="Examples: `esvae replay samples.png` · `esvae replay path.gif --checkpoint mine.safetensors`")
def replay(
    file: Annotated[Path, typer.Argument(help="A .png, .gif, .webp, .mp4, .svg or .npz file.", show_default=False)],
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="Checkpoint, or folder of them, to look in first; may be repeated.")
    ] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="Where to write what was made again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a picture again from the recipe in its file; exit code 0 if every pixel is the same, 1 if not."""
    from esvae_core.arrays import suffix_of
    from esvae_core.explore.replay import places
    from esvae_core.explore.replay import replay as again

    if out_file is not None:
        suffix_of(out_file, PICTURES)
    done = again(file, places(checkpoint or ()), out_file)
    recipe = done.recipe
    if done.lossy:
        verdict = f"{'identical to' if done.identical else 'not'} what was filmed, by its checksum"
    elif done.identical:
        verdict = "identical"
    else:
        pixels = f"in {done.differing:,} pixels, by at most {done.largest}" if done.differing else ""
        arrays = f"in the arrays {', '.join(map(repr, done.other[:5]))}" if done.other else ""
        verdict = f"differs {'; '.join(part for part in (pixels, arrays) if part)}"
    drawn = f"{recipe.kind} of {len(recipe.fixed_point_rates):,}, " + (
        f"T = {recipe.steps}, {recipe.sampler}" if done.spiking else "no spikes"
    )
    console.say(
        as_json,
        f"{file}: {verdict} ({drawn}; {done.checkpoint})",
        file=str(file),
        identical=done.identical,
        differing=done.differing,
        largest=done.largest,
        other=list(done.other),
        checkpoint=str(done.checkpoint),
        recipe=recipe.model_dump(mode="json"),
    )
    if not done.identical:
        sys.exit(1)


@app.command(
    epilog="Examples: `esvae page checkpoints/mnist.safetensors --out explorer.html`"
    " · `esvae page checkpoints/mnist.safetensors --out map.html --view map`"
)
def page(
    checkpoint: Checkpoint,
    out_file: Annotated[Path, typer.Option("--out", help="The .html file.", show_default=False)],
    view: Annotated[
        str, typer.Option(help=f"What it opens at: {', '.join(_VIEWS)}; a map needs an atlas.", autocompletion=_views)
    ] = _VIEWS[0],
    language: Annotated[
        Path | None, typer.Option(help="A translation of its words, as in de.json; without it, English.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """One file that explores a model from disk: no server, no network, to be sent to a class."""
    from esvae_core.arrays import suffix_of
    from esvae_core.checkpoint import shown_name
    from esvae_core.explore import atlas
    from esvae_core.explore.languages import read_translation
    from esvae_core.explore.latent_interface import read_explorable
    from esvae_core.explore.original_images import originals_of
    from esvae_core.explore.page import page as whole
    from esvae_core.explore.views import standalone
    from esvae_core.files import write_atomically

    suffix_of(out_file, (".html",))
    standalone(view)
    translation = None if language is None else read_translation(language)
    beside = atlas.beside(checkpoint)
    known = atlas.load(beside) if beside.exists() else None
    stored = read_explorable(checkpoint)
    model = stored.header.model
    text = whole(
        stored,
        shown_name(checkpoint, stored.header),
        path=checkpoint.as_posix(),
        atlas=known,
        originals=originals_of(known, checkpoint, model.image_size, model.image_channels) if known else None,
        controls=stored.controls,
        view=view,
        translation=translation,
    )
    write_atomically(out_file, text.encode())
    size = len(text) / 2**20
    told = f"{out_file}: {size:.1f} MB" + ("" if known else f"; without test images: {beside} is not there")
    console.say(as_json, told, file=str(out_file), bytes=len(text.encode()), atlas=known is not None)


def take_along(
    out_file: Path,
    name: str,
    model: Foldable,
    units: FixedPointRates,
    seeds: Sequence[int],
    sampler: SamplerName | None,
    steps: int | None,
    columns: int | None,
    scale: int,
    as_json: bool,
) -> None:
    """Decode rates (N, d) in units of 1/46080, write the pictures with their recipe, and say so.

    A model without spikes decodes heights of its latent, and has no use for seeds, sampler and steps.
    """
    from esvae_core.engine.plan import Plan
    from esvae_core.explore import recipe, recipe_files
    from esvae_core.explore.decode_rates import decode_rates, file_arrays
    from esvae_core.explore.latent_interface import folded, sampler_of
    from esvae_core.files import write_atomically
    from esvae_core.pictures import about_square

    plan, count, suffix = folded(model), len(units), out_file.suffix.lower()
    how: Sampler = "bernoulli"
    if isinstance(plan, Plan):
        how = sampler.value if sampler else sampler_of(plan.config)
        steps = steps or plan.config.time_steps
    steps = steps or 1
    columns = min(columns or about_square(count), count)
    film = suffix in (".gif", ".webp")
    kind: recipe.Kind = "film" if film else "strip" if columns == count else "grid"
    made = None
    if recipe.fits(count, plan.config.latent_dim, steps):
        layout = recipe.Layout(columns=columns, gap=2, scale=scale)
        made = recipe.recipe_of(plan, name, units, seeds, kind=kind, sampler=how, steps=steps, layout=layout)
        drawn = made.pixels(plan.config.image_size)
        if drawn > recipe.MAX_PIXELS:
            made = None
            if suffix != ".npz":
                raise InputError(
                    f"{out_file}: expected a picture of at most {recipe.MAX_PIXELS:,} pixels, {count:,} at scale"
                    f" {scale} would have {drawn:,}; choose a smaller --scale, or write an .npz"
                )
    elif suffix != ".npz":
        raise InputError(f"{out_file}: {count:,} pictures are too many for one picture; write an .npz")
    pixels = decode_rates(plan, units, seeds, sampler=how, steps=steps)
    numbers = file_arrays(plan, units, seeds, sampler=how, steps=steps) if suffix == ".npz" else None
    if made is not None:
        recipe_files.write(out_file, made, pixels, numbers)
    else:
        write_atomically(out_file, recipe_files.npz(pixels, **numbers or {}))
    fits = made is not None
    text = f"{out_file}: {count:,} pictures" + ("" if fits else ", too many for a recipe")
    console.say(as_json, text, file=str(out_file), images=count, recipe=fits)
