"""Models for others and from others: `esvae push`, `pull`, `models`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, Checkpoint, group
from esvae_core.errors import InputError

app = group()
models = group("The models that ship: which there are, and getting those that are not here.")


@app.command(epilog="Examples: `esvae push mine.safetensors shared/` · `esvae push mine.safetensors hf://user/name`")
def push(
    checkpoint: Checkpoint,
    out_target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A folder, or hf://user/name on the Hub.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Write a model, its atlas and controls, with a model card, into a folder or a repository of the Hugging Face Hub.

    No path of this machine is in these files. A repository that is not there is made, private; HF_TOKEN says who you
    are, as does `hf auth login`.
    """
    from esvae_core import hub, model_folder

    repository = hub.repository(out_target)
    files = model_folder.contents(checkpoint)
    if repository is None:
        model_folder.write(Path(out_target), files)
    else:
        hub.upload(repository, files, f"esvae push {checkpoint.name}")
    size = sum(map(len, files.values()))
    console.say(as_json, f"{out_target}: {', '.join(files)}, {size / 2**20:.1f} MB", target=out_target, files=[*files])


@app.command(epilog="Example: `esvae pull hf://user/name --out name`, then `esvae app name`")
def pull(
    source: Annotated[str, typer.Argument(help="hf://user/name, hf://user/name@revision, or a folder.")],
    out_dir: Annotated[Path | None, typer.Option("--out", help="Folder; NAME unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Copy a shared model into a folder, once it is known to be whole."""
    from esvae_core import hub, model_folder

    repository = hub.repository(source)
    folder = Path(source) if repository is None else hub.download(repository, model_folder.NAMES)
    if repository is None and not folder.is_dir():
        raise InputError(f"{source}: expected hf://user/name or a folder, found neither")
    out_dir = out_dir or Path(repository.name.rpartition("/")[2] if repository else folder.resolve().name)
    if out_dir.resolve() == folder.resolve():
        raise InputError(f"{source}: is the folder to write; choose another one with --out")
    files = model_folder.read(folder)
    model_folder.write(out_dir, files)
    console.say(as_json, f"{out_dir}: {', '.join(files)}", folder=str(out_dir), files=[*files])


@models.command("list")
def list_(as_json: AsJson = False) -> None:
    """The models that ship, and whether they are here."""
    from esvae_core import shipped_models

    found = shipped_models.models()
    if as_json:
        rows = [{"name": name, "here": path is not None, "path": str(path or "")} for name, path in found.items()]
        console.say(True, "", models=rows)
        return
    table = console.table("model", "here", "file")
    for name, path in found.items():
        table.add_row(name, "yes" if path else "no", console.text(path or ""))
    console.out.print(table)


@models.command(epilog="Example: `esvae models fetch mnist --from hf://user/models`")
def fetch(
    names: Annotated[list[str], typer.Argument(help="Names; see `esvae models list`.", show_default=False)],
    place: Annotated[
        str,
        typer.Option(
            "--from", envvar="ESVAE_MODELS", help="A folder, or hf://user/name on the Hub.", show_default=False
        ),
    ],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder.")] = Path("checkpoints"),
    as_json: AsJson = False,
) -> None:
    """Copy models that ship, with atlas, controls and originals, from a folder or a repository; hashes are checked."""
    from esvae_core import hub, model_folder, shipped_models

    repository = hub.repository(place)
    wanted = {file: digest for name in names for file, digest in shipped_models.files_of(name).items()}
    folder = Path(place) if repository is None else hub.download(repository, [*wanted])
    files = shipped_models.read(folder, wanted)

    # which originals belong to a model is in its header
    weights = [folder / name for name in wanted if name.endswith(".safetensors")]
    originals = {file: digest for path in weights for file, digest in shipped_models.originals_of(path).items()}
    if originals and repository is not None:
        folder = hub.download(repository, [*originals])
    files |= shipped_models.read(folder, originals)
    model_folder.write(out_dir, files)
    console.say(as_json, [f"{out_dir / name}" for name in files], files=[str(out_dir / name) for name in files])
