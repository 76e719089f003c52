"""One file that holds a model, the engine, an atlas and the explorer's views, and needs no server and no network.

The front end's modules go into the file joined to one script, since modules in a file from disk may import nothing
beside it. Its entry is `esvae_core/web/standalone.js`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.metadata
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.checkpoint import Checkpoint, Header, StoredWeights
from esvae_core.config import SpikingModelConfig
from esvae_core.controls.attributes import UNITS
from esvae_core.controls.directions import Controls
from esvae_core.engine.bundle import content_hash, to_bundle
from esvae_core.errors import InputError
from esvae_core.explore.array_format import atlas_parts, control_parts, write_arrays
from esvae_core.explore.atlas import Atlas
from esvae_core.explore.joined_modules import joined
from esvae_core.explore.languages import Translation
from esvae_core.explore.latent_interface import earlier_hash_of, folded, latent_of
from esvae_core.explore.map import MIN_POINTS
from esvae_core.explore.views import STANDALONE, standalone
from esvae_core.files import read_regular
from esvae_core.front_end import FRONT_END

if TYPE_CHECKING:
    from esvae_core.explore.latent_interface import Explorable, earlier_hash_of

_START = "start.js"  # beside the front end's modules
_STYLED = tuple(dict.fromkeys(view.module for view in STANDALONE))
"""Modules of its views; each has a style sheet of its name."""
_MAX_FILE = 2**24  # bytes of one of the front end's
_UNSAFE = re.compile(r"<!--|</?script", re.I)

Piece = bytes | memoryview
Make = Callable[[], bytes]


def page(
    checkpoint: Checkpoint[Explorable] | StoredWeights,
    name: str,
    *,
    path: str,
    atlas: Atlas | None,
    originals: NDArray[np.uint8] | None = None,
    controls: Controls | None = None,
    view: str = STANDALONE[0].name,
    link: str = "",
    embedded: bool = False,
    translation: Translation | None = None,
) -> str:
    """The file's text.

    Args:
        checkpoint: The model, or its weights alone.
        name: What the page calls it.
        path: Of the checkpoint, as the page's lines of Python name it.
        atlas: Of that model, if there is one.
        originals: (N, H, W, C) test images of the atlas, if they may be redistributed.
        controls: Of that model, if there are any.
        view: What it opens at.
        link: What it shows first, as the explorer's links say it; "" for what the model shows first.
        embedded: Whether it tells the page around it what it shows, and does what that asks: `esvae_core.notebook`.
        translation: Its words; None for English.

    Raises:
        InputError: the atlas belongs to other weights, there is no such view, or no map to open at.
    """
    if atlas is not None and atlas.checkpoint_sha256 != checkpoint.weights_sha256:
        raise InputError(f"{name}: its atlas belongs to other weights; build it again with esvae atlas")
    plan = folded(checkpoint if isinstance(checkpoint, StoredWeights) else checkpoint.model)
    parts = pieces(
        checkpoint.header,
        name,
        path=path,
        bundle=to_bundle(plan),
        earlier=earlier_hash_of(plan),
        latent=latent_of(plan),
        atlas=atlas,
        originals=originals,
        controls=controls,
        view=view,
        link=link,
        embedded=embedded,
        translation=translation,
    )
    return b"".join(parts).decode()


def pieces(
    header: Header,
    name: str,
    *,
    path: str,
    bundle: bytes,
    earlier: str,
    latent: dict[str, Any] | None,
    atlas: Atlas | None,
    originals: NDArray[np.uint8] | None = None,
    controls: Controls | None = None,
    view: str = STANDALONE[0].name,
    link: str = "",
    embedded: bool = False,
    translation: Translation | None = None,
    share: Callable[[str, Make], Piece] = lambda what, make: make(),
) -> list[Piece]:
    """The file's bytes, UTF-8, in pieces: the large ones are the same for all pages of a model and its atlas.

    Args:
        header: What the checkpoint says of itself.
        name, path, view, link, embedded, translation: As in `page`.
        bundle: The model folded, as `bundle_of` gives it.
        earlier: Hash of the network before its prior was fitted, "" if it was not, as `earlier_hash_of` gives it.
        latent: As `latent_of` gives it.
        atlas, originals, controls: Such as fit the model.
        share: Called with 'bundle', 'atlas', 'originals' or 'controls' and what makes that piece; gives the piece,
            perhaps one made before.

    Raises:
        InputError: there is no such view, or no map to open at.
    """
    standalone(view)
    if view == "map" and (atlas is None or atlas.map is None):
        raise InputError(f"{name}: has no map to open at; esvae atlas draws one of {MIN_POINTS} test images or more")
    front = _front()
    entry = _entry(header, name, path, latent, atlas is not None, bool(controls))
    entry |= {"hash": content_hash(bundle), "earlier": earlier, "originals": originals is not None}
    about = json.dumps({"entry": entry, "view": view, "link": link, "embedded": embedded}).replace("<", "\\u003c")
    title = html.escape(f"{name}: ESVAE explorer").encode(errors="backslashreplace")
    return [
        front.before_title if translation is None else _translated(front.before_title, translation),
        title,
        front.before_held,
        about.removesuffix("}").encode() + b', "bundle": "',
        share("bundle", lambda: base64.b64encode(bundle)),
        b'", "atlas": ',
        b"null"
        if atlas is None
        else share("atlas", lambda: b'"%b"' % base64.b64encode(write_arrays(*atlas_parts(atlas)))),
        b', "originals": ',
        b"null"
        if originals is None
        else share("originals", lambda: b'"%b"' % base64.b64encode(_deflated(write_arrays({}, {"images": originals})))),
        b', "controls": ',
        share("controls", lambda: b'"%b"' % base64.b64encode(write_arrays(*control_parts(controls))))
        if controls
        else b"null",
        front.after_held,
    ]


def _deflated(content: bytes) -> bytes:
    """By deflate without a header, which the page's `inflated` reads."""
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(content) + packing.flush()


def _translated(before_title: bytes, translation: Translation) -> bytes:
    """A page's beginning with the words that its modules look for: `web/messages.js`."""
    active = {"code": translation.code, "messages": dict(translation.messages), "offered": []}
    words = json.dumps(active).replace("<", "\\u003c")
    element = f'<script type="application/json" id="esvae-language">{words}</script>\n<title>'
    html_in = f'<html lang="{translation.code}">'
    return before_title.replace(b'<html lang="en">', html_in.encode()).replace(b"<title>", element.encode())


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
    modules = {name: text for name, text in files.items() if name.endswith(".js")} | {_START: _start()}
    script = joined(_START, modules)
    if _UNSAFE.search(script):
        raise InputError("front end: a module holds what would end a script in a page")
    style = "".join(files[f"{name}.css"] for name in ("standalone", "look", "help", *_STYLED))
    engine = _base64(_content(FRONT_END / "engine" / "engine.wasm"))
    before_title = _BEFORE_TITLE.format(policy=_policy(script))
    before_held = _BEFORE_HELD.format(style=style)
    after_held = _AFTER_HELD.format(engine=engine, script=script)
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


def _entry(
    header: Header, name: str, path: str, latent: dict[str, Any] | None, atlas: bool, controls: bool
) -> dict[str, Any]:
    """What the page says of the model; as `app/catalogue.py` describes one."""
    model, dataset = header.model, header.dataset
    return {
        "name": name,
        "problem": "",
        "kind": model.kind,
        "dims": model.latent_dim,
        "steps": model.time_steps if isinstance(model, SpikingModelConfig) else None,
        "sampler": getattr(model, "sampler", None),
        "latent": latent,
        "size": model.image_size,
        "channels": model.image_channels,
        "dataset": dataset.name if dataset else "",
        "taught": header.taught,
        "taughtUnits": [UNITS.get(name, "") for name in header.taught],
        "taughtLevels": header.taught_levels,
        "atlas": atlas,
        "atlasProblem": "",
        "controls": "held" if controls else "",
        "controlsProblem": "",
        "path": path,
        "versions": {"esvae": importlib.metadata.version("esvae")},
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _policy(script: str) -> str:
    """Content security policy: no network, and no scripts but this one and WebAssembly."""
    rules = (
        "default-src 'none'",
        f"script-src 'wasm-unsafe-eval' 'sha256-{_base64(hashlib.sha256(script.encode()).digest())}'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def _start() -> str:
    """The module that the file begins with."""
    imports = "\n".join(f'import * as {name} from "./views/{name}.js";' for name in _STYLED)
    views = ", ".join(
        f"{{ name: {json.dumps(v.name)}, title: {json.dumps(v.title)}, tab: {json.dumps(v.tab)}, module: {v.module} }}"
        for v in STANDALONE
    )
    return f"""\
import {{ start }} from "./standalone.js";
{imports}
const held = JSON.parse(document.getElementById("held").textContent);
start(document.getElementById("root"), held, [{views}]);
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
<script type="application/json" id="held">"""
_AFTER_HELD = """, "wasm": "{engine}"}}</script>
</head>
<body>
<main id="root"><noscript>This page needs JavaScript.</noscript></main>
<script type="module">{script}</script>
</body>
</html>
"""
