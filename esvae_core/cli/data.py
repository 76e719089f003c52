"""`esvae data list`, `fetch`, `verify`."""

from __future__ import annotations

import json
import sys

from esvae_core.cli import console
from esvae_core.cli.options import AsJson, DataDir, group

app = group("Data sets: list, fetch, verify.")


@app.command("list")
def data_list(as_json: AsJson = False) -> None:
    """All data sets."""
    from esvae_core.data import DATASETS

    if as_json:
        rows = {
            name: {
                "title": spec.title,
                "classes": list(spec.class_names),
                "channels": spec.image_channels,
                "sizes": spec.split_sizes,
                "licence": spec.licence,
                "files": [{"name": f.name, "sha256": f.sha256} for f in spec.files],
            }
            for name, spec in DATASETS.items()
        }
        print(json.dumps(rows, indent=2))
        return
    table = console.table("name", "what", "colours", "classes", "licence")
    for spec in DATASETS.values():
        table.add_row(
            spec.usage,
            spec.title,
            str(spec.image_channels),
            str(len(spec.class_names) or "any"),
            spec.licence,
        )
    console.out.print(table)


@app.command("fetch")
def data_fetch(name: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make sure that a data set's files are there; download those that are missing."""
    from esvae_core.data import fetch

    paths = fetch(name, data_dir)
    lines = [str(path) for path in paths] or [f"{name}: needs no files"]
    console.say(as_json, lines, files=[str(path) for path in paths])


@app.command("verify")
def data_verify(name: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check the hashes of a data set's files; exit code 2 if one is missing or wrong."""
    from esvae_core.data import verify

    states = verify(name, data_dir)
    if as_json:
        rows = [{"name": s.name, "state": s.state, "path": str(s.path) if s.path else None} for s in states]
        print(json.dumps(rows, indent=2))
    else:
        for s in states:
            console.say(False, f"{s.state:>10}  {s.name}  {s.path or ''}")
        if not states:
            console.say(False, f"{name}: needs no files")
    if any(s.state != "ok" for s in states):
        sys.exit(2)
