"""Files that nobody made in good faith, for all who read files: the page and `esvae replay`."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

BOMB = 2**26  # bytes that a few thousand unpack to


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: tuple[bytes, bytes], width: int = 4, height: int = 4) -> bytes:
    """A gray PNG of 4 x 4 pixels with more chunks in front of them; its header may say another size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0\x20\x60\xa0\xe0" * 4)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def carrying(text: str) -> bytes:
    """A PNG with this text where a recipe is looked for."""
    return png((b"iTXt", b"esvae\0\0\0\0\0" + text.encode("utf-8", "surrogatepass")))


def huge() -> bytes:
    """A picture of 20,000 x 20,000 pixels, in 50 kB."""
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    return file.getvalue()


def npz_bomb() -> bytes:
    """A zip file whose recipe unpacks to far more than a recipe may be."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("recipe.npy", bytes(BOMB))
    return file.getvalue()


PACKED = zlib.compress(bytes(BOMB), 9)
BOMBS: dict[str, Callable[[], bytes]] = {
    "packed.png": lambda: png((b"zTXt", b"esvae\0\0" + PACKED)),
    "packed-utf8.png": lambda: png((b"iTXt", b"esvae\0\1\0\0\0" + PACKED)),
    "packed-beside.png": lambda: png((b"iTXt", b"Comment\0\1\0\0\0" + PACKED)),
}
"""Pictures of 4 x 4 pixels with a text that unpacks to 64 MB; what reads the picture alone may take them."""

PICTURES: dict[str, Callable[[], bytes]] = {
    "huge.png": huge,
    "boast.png": lambda: png(width=2**31 - 1, height=2**31 - 1),
    "cut.png": lambda: png()[:50],
    "text.png": lambda: b"I am a letter, not a picture.",
    "empty.png": lambda: b"",
    "bomb.npz": npz_bomb,
}
"""What is no picture, or too large."""


def recipes(good: Mapping[str, Any]) -> dict[str, bytes]:
    """Wrong recipes, each in a PNG, by file name; `good` is the right one of several pictures with one seed."""
    text = json.dumps(good)
    wrong: dict[str, str] = {
        "array": "[" * 100_000,
        "name": json.dumps(good | {"checkpoint": {"name": "\ud800", "sha256": "0" * 64}}),
        "nan": text.replace(f'"steps": {good["steps"]}', '"steps": NaN'),
        "infinite": json.dumps(good | {"layout": {"gap": float("inf")}}),
        "overflow": text.replace('"seeds": [', '"seeds": [1e999, '),
        "prototype": text[:-1] + ', "__proto__": {"kind": "film"}}',
        "types": json.dumps(good | {"rates": {"length": 8}}),
        "many": json.dumps(good | {"seeds": [1] * 1_000_000}),
        "captions": json.dumps(good | {"layout": {"captions": ["x" * 64] * 30_000}}),
        "columns": json.dumps(good | {"layout": {"columns": 10**30}}),
        "later": json.dumps(good | {"version": 99}),
        "null": json.dumps(dict.fromkeys(good)),
        "other": json.dumps(good | {"checkpoint": {"name": "x", "sha256": "0" * 64}}),
    }
    return {f"{name}.png": carrying(content) for name, content in wrong.items()}


def header_changed(path: Path, out: Path, changes: Mapping[str, Any]) -> None:
    """A copy of a checkpoint with other values in its header, whatever JSON makes of them."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    layout = json.loads(raw[8 : 8 + length])
    layout["__metadata__"]["esvae"] = json.dumps(json.loads(layout["__metadata__"]["esvae"]) | changes)
    head = json.dumps(layout).encode()
    out.write_bytes(len(head).to_bytes(8, "little") + head + raw[8 + length :])
