"""One file that holds a model, the engine, an atlas and the explorer's views, and needs no server and no network.

The front end's modules go into the file as `data:` addresses behind an import map, under names of their own, since
modules in a file from disk may import nothing beside it. Its entry is `esvae_core/web/standalone.js`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.metadata
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from esvae_core.checkpoint import Checkpoint
from esvae_core.config import SpikingModelConfig
from esvae_core.controls.directions import Controls
from esvae_core.engine.bundle import content_hash
from esvae_core.errors import InputError
from esvae_core.explore.array_format import atlas_parts, control_parts, write_arrays
from esvae_core.explore.atlas import Atlas
from esvae_core.explore.atlas import weights_hash as weights_hash
from esvae_core.explore.latent_interface import Explorable, bundle_of, latent_of
from esvae_core.explore.views import STANDALONE, standalone
from esvae_core.files import read_regular
from esvae_core.front_end import FRONT_END

_ENTRY = "standalone.js"
_STYLED = tuple(dict.fromkeys(view.module for view in STANDALONE))
"""Modules of its views; each has a style sheet of its name."""
_MODULES = tuple(f"views/{name}.js" for name in _STYLED)
_MAX_FILE = 2**24  # bytes of one of the front end's
_PREFIX = "esvae/"
_COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.S | re.M)
_STATIC = re.compile(
    r"""((?:^|\s)(?:import|export)\b[^"'`;()]*?\bfrom\s*|^\s*import\s*)(["'])(\.{1,2}/[^"']+)\2""", re.M
)
_DYNAMIC = re.compile(r"""\bimport\(\s*["']\.""")


Piece = bytes | memoryview
Make = Callable[[], bytes]


def page(
    checkpoint: Checkpoint[Explorable],
    name: str,
    *,
    path: str,
    atlas: Atlas | None,
    controls: Controls | None = None,
    view: str = STANDALONE[0].name,
    link: str = "",
    embedded: bool = False,
) -> str:
    """The file's text.

    Args:
        checkpoint: The model.
        name: What the page calls it.
        path: Of the checkpoint, as the page's lines of Python name it.
        atlas: Of that model, if there is one.
        controls: Of that model, if there are any.
        view: What it opens at.
        link: What it shows first, as the explorer's links say it; "" for what the model shows first.
        embedded: Whether it tells the page around it what it shows, and does what that asks: `esvae_core.notebook`.

    Raises:
        InputError: the atlas belongs to other weights, there is no such view, or no map to open at.
    """
    if atlas is not None and atlas.checkpoint_sha256 != weights_hash(checkpoint.model.state_dict()):
        raise InputError(f"{name}: its atlas belongs to other weights; build it again with esvae atlas")
    bundle = bundle_of(checkpoint.model)
    parts = pieces(
        checkpoint,
        name,
        path=path,
        bundle=bundle,
        atlas=atlas,
        controls=controls,
        view=view,
        link=link,
        embedded=embedded,
    )
    return b"".join(parts).decode()


def pieces(
    checkpoint: Checkpoint[Explorable],
    name: str,
    *,
    path: str,
    bundle: bytes,
    atlas: Atlas | None,
    controls: Controls | None = None,
    view: str = STANDALONE[0].name,
    link: str = "",
    embedded: bool = False,
    share: Callable[[str, Make], Piece] = lambda what, make: make(),
) -> list[Piece]:
    """The file's bytes, UTF-8, in pieces: the large ones are the same for all pages of a model and its atlas.

    Args:
        checkpoint, name, path, view, link, embedded: As in `page`.
        bundle: The model folded, as `bundle_of` gives it.
        atlas, controls: Such as fit the model.
        share: Called with 'bundle', 'atlas' or 'controls' and what makes that piece; gives the piece, perhaps one made
            before.

    Raises:
        InputError: there is no such view, or no map to open at.
    """
    standalone(view)
    if view == "map" and (atlas is None or atlas.map is None):
        raise InputError(f"{name}: has no map to open at; build its atlas with esvae atlas")
    front = _front()
    entry = _entry(checkpoint, name, path, content_hash(bundle), atlas is not None, bool(controls))
    about = json.dumps({"entry": entry, "view": view, "link": link, "embedded": embedded}).replace("<", "\\u003c")
    title = html.escape(f"{name}: ESVAE explorer").encode(errors="backslashreplace")
    return [
        front.before_title,
        title,
        front.before_held,
        about.removesuffix("}").encode() + b', "bundle": "',
        share("bundle", lambda: base64.b64encode(bundle)),
        b'", "atlas": ',
        b"null"
        if atlas is None
        else share("atlas", lambda: b'"%b"' % base64.b64encode(write_arrays(*atlas_parts(atlas)))),
        b', "controls": ',
        share("controls", lambda: b'"%b"' % base64.b64encode(write_arrays(*control_parts(controls))))
        if controls
        else b"null",
        front.after_held,
    ]


@dataclass(frozen=True)
class _Front:
    """What the front end's files come to in every page."""

    before_title: bytes
    before_held: bytes
    after_held: bytes


@cache
def _front() -> _Front:
    files = {
        file.relative_to(FRONT_END).as_posix(): _content(file).decode()
        for suffix in ("js", "css")
        for file in sorted(FRONT_END.rglob(f"*.{suffix}"))
    }
    addresses = {_PREFIX + module: _address(text) for module, text in inlined([_ENTRY, *_MODULES], files).items()}
    imports = json.dumps({"imports": addresses})
    style = "".join(files[f"{name}.css"] for name in ("standalone", "look", "help", *_STYLED))
    engine = _base64(_content(FRONT_END / "engine" / "engine.wasm"))
    before_title = _BEFORE_TITLE.format(policy=_policy(imports, _START))
    before_held = _BEFORE_HELD.format(style=style, imports=imports)
    after_held = _AFTER_HELD.format(engine=engine, start=_START)
    return _Front(before_title.encode(), before_held.encode(), after_held.encode())


def _content(file: Path) -> bytes:
    """A file of the front end.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return read_regular(file, _MAX_FILE)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}") from None


def inlined(entries: Iterable[str], files: Mapping[str, str]) -> dict[str, str]:
    """Modules and all that they import, by name, with relative imports turned into names of an import map.

    Raises:
        InputError: one imports what is not there, or imports while it runs.
    """
    done: dict[str, str] = {}
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        text = files[name]
        if _DYNAMIC.search(_COMMENT.sub("", text)):
            raise InputError(f"{name}: imports a file while it runs, which one file cannot hold")
        done[name], wanted = renamed(text, name)
        for other in wanted:
            if other not in files:
                raise InputError(f"{name}: imports {other}, which is not there")
        waiting += wanted
    return done


def renamed(source: str, name: str) -> tuple[str, list[str]]:
    """A module's text with './x.js' as a name of the import map, and which modules these are.

    Args:
        source: JavaScript.
        name: Of the module, relative to the front end's folder.
    """
    wanted: list[str] = []

    def bare(match: re.Match[str]) -> str:
        head, quote, relative = match.groups()
        wanted.append(posixpath.normpath(posixpath.join(posixpath.dirname(name), relative)))
        return f"{head}{quote}{_PREFIX}{wanted[-1]}{quote}"

    return _STATIC.sub(bare, source), wanted


def _entry(
    checkpoint: Checkpoint[Explorable], name: str, path: str, digest: str, atlas: bool, controls: bool
) -> dict[str, Any]:
    """What the page says of the model; as `app/catalogue.py` describes one."""
    model, dataset = checkpoint.model.config, checkpoint.header.dataset
    return {
        "name": name,
        "problem": "",
        "kind": model.kind,
        "dims": model.latent_dim,
        "steps": model.time_steps if isinstance(model, SpikingModelConfig) else None,
        "latent": latent_of(checkpoint.model),
        "size": model.image_size,
        "channels": model.image_channels,
        "dataset": dataset.name if dataset else "",
        "taught": checkpoint.header.taught,
        "atlas": atlas,
        "atlasProblem": "",
        "controls": "held" if controls else "",
        "controlsProblem": "",
        "originals": False,
        "hash": digest,
        "path": path,
        "versions": {"esvae": importlib.metadata.version("esvae")},
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _address(module: str) -> str:
    return f"data:text/javascript;base64,{_base64(module.encode())}"


def _policy(*scripts: str) -> str:
    """Content security policy: no network, and no scripts but these, the modules (data:), and WebAssembly."""
    hashes = " ".join(f"'sha256-{_base64(hashlib.sha256(script.encode()).digest())}'" for script in scripts)
    rules = (
        "default-src 'none'",
        f"script-src data: 'wasm-unsafe-eval' {hashes}",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


_VIEWS = ", ".join(
    f"{{ name: {json.dumps(v.name)}, title: {json.dumps(v.title)}, tab: {json.dumps(v.tab)}, module: {v.module} }}"
    for v in STANDALONE
)
_IMPORTS = "\n".join(f'import * as {name} from "{_PREFIX}views/{name}.js";' for name in _STYLED)
_START = f"""
import {{ start }} from "{_PREFIX}{_ENTRY}";
{_IMPORTS}
const held = JSON.parse(document.getElementById("held").textContent);
start(document.getElementById("root"), held, [{_VIEWS}]);
"""

_BEFORE_TITLE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>"""
_BEFORE_HELD = """</title>
<link rel="icon" href="data:,">
<style>
{style}
</style>
<script type="importmap">{imports}</script>
<script type="application/json" id="held">"""
_AFTER_HELD = """, "wasm": "{engine}"}}</script>
</head>
<body>
<main id="root"><noscript>This page needs JavaScript.</noscript></main>
<script type="module">{start}</script>
</body>
</html>
"""
