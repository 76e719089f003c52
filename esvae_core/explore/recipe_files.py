"""Files that carry a recipe: PNG, GIF, WebP and npz, and SVG and MP4 to read.

Where it is inside: PNG an iTXt chunk `esvae`; GIF the comment; WebP and MP4 their XMP packet; npz an array `recipe` of
bytes; SVG its <metadata>. Twins: `esvae_core/web/formats/png.js`, `gif.js`, `webp.js`, `mp4.js`, `npz.js`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, PngImagePlugin

from esvae_core.data.pictures import check_size
from esvae_core.errors import InputError, RecipeError
from esvae_core.explore.fixed_point import to_rates
from esvae_core.explore.recipe import MAX_PIXELS, MAX_TEXT, Recipe, parse
from esvae_core.files import read_regular, write_atomically
from esvae_core.npz import read_npz
from esvae_core.pictures import sheet

Pixels = NDArray[np.uint8]

SUFFIXES = (".png", ".npz", ".gif", ".webp")
MAX_BYTES = 2**28
NAMESPACE = "https://esvae.invalid/recipe/1"
_SVG = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" width="(\d+)" height="(\d+)" viewBox="0 0 \1 \2">'
    rf'<metadata><esvae:recipe xmlns:esvae="{re.escape(NAMESPACE)}">[^<]*</esvae:recipe></metadata>'
    r'<image width="\1" height="\2" style="image-rendering:pixelated"'
    r' href="data:image/png;base64,(?P<png>[A-Za-z0-9+/=]+)"/></svg>'
)
"""An SVG as the page writes it: the picture, and nothing that could cover it."""
_KEY = "esvae"
_XMP_BOX = b"uuid" + bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # of an MP4 (XMP part 3, section 1.1.6)
_LEVELS = (6, 7, 6)  # levels of red, green and blue in a GIF of colour pictures


@dataclass(frozen=True, eq=False)
class Carried:
    """What a file holds: its recipe, and the pixels to hold it against."""

    recipe: Recipe
    pixels: tuple[Pixels, ...]
    """One (H, W, 4) for each frame; none of an .npz."""
    form: str
    """'png', 'gif', 'webp', 'mp4' or 'npz'."""
    checksum: str = ""
    """Of an MP4, which has lost some pixels and holds none here: `checksum` of its frames as they were before."""
    arrays: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    """Of an .npz: all its arrays but the recipe."""


def laid_out(recipe: Recipe, pixels: Pixels) -> tuple[Pixels, ...]:
    """Rendered pictures (N, H, W, C) -> the frames of the file, (H, W, C) each."""
    layout = recipe.layout
    if recipe.kind == "film":
        return tuple(sheet(tile[None], 1, gap=0, scale=layout.scale) for tile in pixels)
    return (sheet(pixels, layout.columns, gap=layout.gap, scale=layout.scale, captions=layout.captions),)


def shown(frames: tuple[Pixels, ...], form: str) -> tuple[Pixels, ...]:
    """Frames as that kind of file can show them, (H, W, 4): a GIF of colour pictures has 252 colours."""
    if form == "gif" and frames[0].shape[2] == 3:
        palette = _palette()
        frames = tuple(palette[_indices(frame)] for frame in frames)
    return tuple(_rgba(frame) for frame in frames)


def checksum(frames: tuple[Pixels, ...]) -> str:
    """SHA-256 of all bytes of frames (H, W, C), one after the other."""
    return hashlib.sha256(b"".join(frame.tobytes() for frame in frames)).hexdigest()


def write(path: Path, recipe: Recipe, pixels: Pixels, numbers: Mapping[str, NDArray[np.generic]] | None = None) -> None:
    """Write rendered pictures (N, H, W, C) with their recipe; the path's ending says how.

    Args:
        path: where; its ending is one of SUFFIXES.
        recipe: what made them.
        pixels: the pictures.
        numbers: arrays that an .npz has beside them, see `decode_rates.file_arrays`; the recipe's rates unless given.

    Raises:
        InputError: the ending is none of SUFFIXES, a film is to become a PNG, or there are too many pixels.
        OutputError: it cannot be written.
    """
    suffix, buffer = path.suffix.lower(), io.BytesIO()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: expected a file name that ends in {' or '.join(SUFFIXES)}")
    if suffix == ".png" and recipe.kind == "film":
        raise InputError(f"{path}: a film needs a file name that ends in .gif or .webp")
    if (drawn := recipe.pixels(pixels.shape[1])) > MAX_PIXELS:  # no reader would take it
        raise InputError(f"{path}: expected at most {MAX_PIXELS:,} pixels, found {drawn:,}")
    if suffix == ".npz":
        inside = np.frombuffer(recipe.text.encode(), np.uint8)
        numbers = {"rates": to_rates(recipe.fixed_point_rates)} if numbers is None else numbers
        write_atomically(path, npz(pixels, **numbers, recipe=inside))
        return
    frames = laid_out(recipe, pixels)
    images = [_image(frame, suffix) for frame in frames]
    more = {"save_all": True, "append_images": images[1:], "duration": recipe.layout.frame_ms, "loop": 0}
    if suffix == ".png":
        about = PngImagePlugin.PngInfo()
        about.add_itxt(_KEY, recipe.text)
        images[0].save(buffer, "PNG", pnginfo=about)
    elif suffix == ".gif":
        images[0].save(buffer, "GIF", comment=recipe.text.encode(), optimize=False, disposal=1, **more)
    else:
        images[0].save(buffer, "WEBP", lossless=True, quality=60, method=4, xmp=xmp(recipe.text), **more)
    write_atomically(path, buffer.getvalue())


def npz(pixels: Pixels, **more: NDArray[np.generic]) -> bytes:
    """Pictures and other arrays as `arrays_of` names them, in one file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays_of(pixels, more))  # type: ignore[arg-type]
    return buffer.getvalue()


def arrays_of(pixels: Pixels, numbers: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Arrays of an .npz: pictures (N, H, W, C) as 'images' (of gray ones (N, H, W)), and others."""
    return {"images": pixels[..., 0] if pixels.shape[-1] == 1 else pixels, **numbers}


def xmp(text: str) -> bytes:
    """An XMP packet that holds a recipe and nothing else."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:esvae="{NAMESPACE}"><esvae:recipe>{html.escape(text, quote=False)}</esvae:recipe>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def read_recipe(path: Path) -> Carried:
    """Read recipe and pixels of a file, which may be anything.

    Raises:
        RecipeError: one line: not there, damaged, of another kind, too large, or without a recipe.
    """
    try:
        raw = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {error.strerror or error}") from None
    with _read(path):
        if raw[:4] == b"PK\x03\x04":
            return _from_npz(raw, path)
        if raw.lstrip()[:4] in (b"<svg", b"<?xm"):
            text = raw.decode()
            recipe = _recipe_in(text, path)
            inside = _SVG.fullmatch(text.strip())
            if inside is None:
                raise RecipeError(f"{path}: shows more than the picture of its recipe, or another; it was changed")
            with _opened(base64.b64decode(inside["png"])) as image:
                return Carried(recipe, _frames(image, recipe, path), "png")
        if raw[4:8] == b"ftyp":
            text = _xmp_of_mp4(raw).decode()
            return Carried(_recipe_in(text, path), (), "mp4", _between("pixels", text))
        return _from_picture(raw, path)


@contextmanager
def _read(path: Path) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of half-broken files, and of large ones
            yield
    except RecipeError:
        raise
    except Exception as error:  # the decoders raise nearly anything on bad bytes
        reason = (" ".join(str(error).split()) or type(error).__name__)[:200]
        raise RecipeError(
            f"{path}: expected a PNG, GIF, WebP, MP4, SVG or npz with a recipe inside ({reason})"
        ) from error


def _from_picture(raw: bytes, path: Path) -> Carried:
    """Recipe and frames of a picture file."""
    with _opened(raw) as image:
        form = str(image.format).lower()
        place = {"png": _KEY, "gif": "comment", "webp": "xmp"}[form]
        found = getattr(image, "text", image.info).get(place, "")
        text = found.decode() if isinstance(found, bytes) else str(found)
        recipe = _recipe_in(text, path) if form == "webp" else _parsed(text, path)
        return Carried(recipe, _frames(image, recipe, path), form)


def _opened(raw: bytes) -> Image.Image:
    if raw[:4] == b"\x89PNG" and raw[24:25] > b"\x08":
        raise ValueError(f"expected at most 8 bits a sample, found {raw[24]}")  # half of which Pillow would drop
    image = Image.open(io.BytesIO(raw), formats=("PNG", "GIF", "WEBP"))
    check_size(image, most=MAX_PIXELS)
    return image


def _frames(image: Image.Image, recipe: Recipe, path: Path) -> tuple[Pixels, ...]:
    """Frames (H, W, 4): no more than the recipe makes, and one. A GIF would be read to its end to know how many."""
    frames: list[Pixels] = []
    for frame in islice(ImageSequence.Iterator(image), len(recipe.fixed_point_rates) + 1):
        if (len(frames) + 1) * image.width * image.height > MAX_PIXELS:
            raise RecipeError(f"{path}: expected at most {MAX_PIXELS:,} pixels, found more in {len(frames) + 1} frames")
        frames.append(np.asarray(frame.convert("RGBA")))
    return tuple(frames)


def _from_npz(raw: bytes, path: Path) -> Carried:
    arrays = read_npz(raw)
    if "recipe" not in arrays:
        raise RecipeError(f"{path}: carries no recipe")
    text = arrays.pop("recipe")
    if text.dtype != np.uint8:
        raise RecipeError(f"{path}: recipe: expected bytes, found {text.dtype}")
    return Carried(_parsed(text.tobytes().decode(), path), (), "npz", arrays=arrays)


def _xmp_of_mp4(raw: bytes) -> bytes:
    """The XMP packet among the outermost boxes, b"" if there is none."""
    at = 0
    while at + 8 <= len(raw):
        length = int.from_bytes(raw[at : at + 4], "big")
        if length < 8 or at + length > len(raw):
            break
        if raw[at + 4 : at + 24] == _XMP_BOX:
            return raw[at + 24 : at + length]
        at += length
    return b""


def _recipe_in(text: str, path: Path) -> Recipe:
    return _parsed(_between("recipe", text), path)


def _between(tag: str, text: str) -> str:
    found = re.search(rf"<esvae:{tag}\b[^<>]*>([^<]*)</esvae:{tag}>", text)
    return html.unescape(found[1]) if found else ""


def _parsed(text: str, path: Path) -> Recipe:
    if not text:
        raise RecipeError(f"{path}: carries no recipe")
    if len(text) > MAX_TEXT:
        raise RecipeError(f"{path}: expected a recipe of at most {MAX_TEXT:,} bytes, found {len(text):,}")
    return parse(text, str(path))


def _image(frame: Pixels, suffix: str) -> Image.Image:
    if frame.shape[2] == 1:
        return Image.fromarray(frame[:, :, 0])
    if suffix == ".gif":
        image = Image.fromarray(_indices(frame), "P")
        image.putpalette(_palette().tobytes())
        return image
    return Image.fromarray(frame)


def _rgba(frame: Pixels) -> Pixels:
    colours = np.broadcast_to(frame, (*frame.shape[:2], 3))
    return np.concatenate([colours, np.full((*frame.shape[:2], 1), 255, np.uint8)], axis=2)


def _indices(frame: Pixels) -> Pixels:
    """The nearest of 6 x 7 x 6 evenly spaced colours, as a number: no two programs may differ in it."""
    index = np.zeros(frame.shape[:2], np.int64)
    for channel, levels in enumerate(_LEVELS):
        index = index * levels + (frame[:, :, channel].astype(np.int64) * (levels - 1) * 2 + 255) // 510
    return index.astype(np.uint8)


def _palette() -> Pixels:
    """(252, 3) colours of `_indices`."""
    axes = [np.arange(levels) * 255 // (levels - 1) for levels in _LEVELS]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.uint8)
