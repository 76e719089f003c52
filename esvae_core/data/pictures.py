"""Pictures from outside: opened with suspicion, and brought to the one form that a model takes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from esvae_core.errors import DataError
from esvae_core.files import open_regular

Fit = Literal["crop", "pad", "stretch"]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # of all that Pillow knows, those people have
MAX_PIXELS = 64_000_000
MAX_BYTES = 320_000_000  # of memory while a picture is decoded
_MORE_BYTES = {"WEBP": 12, "TIFF": 4}  # per pixel, that these decoders take beside the picture
_STRIP = 2**20  # pixels that are converted at a time
_DRAFT = 1024  # a JPEG may be decoded at a fraction of its size, but never smaller than this
_EXPECTED = f"expected a picture ({', '.join(FORMATS)}) of at most 64 million pixels"


def open_image(source: bytes | Path, what: str) -> Image.Image:
    """Open a picture that may be anything.

    The first frame is taken and turned upright by its EXIF tag, 16-bit gray is scaled to 8 bits, transparency is laid
    over white. A large JPEG is decoded at a fraction of its size.

    Args:
        source: The file, or its bytes.
        what: What to call it in the error message.

    Returns:
        A picture of mode "L" if it was gray, else "RGB".

    Raises:
        DataError: if it is not a whole picture of a known format, or too large.
    """
    try:
        with (
            warnings.catch_warnings(action="ignore", category=UserWarning),  # of half-broken metadata
            io.BytesIO(source) if isinstance(source, bytes) else open_regular(source) as file,
            Image.open(file, formats=FORMATS) as image,
        ):
            check_size(image)
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            return _flatten(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{what}: too large ({error}), {_EXPECTED}") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{what}: not a known picture format, {_EXPECTED}") from error
    except Exception as error:  # the decoders raise nearly anything on bad bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{what}: cannot be read ({reason}), {_EXPECTED}") from error


def check_size(image: Image.Image, most: int = MAX_PIXELS) -> None:
    """Refuse a picture that is too large, before it is decoded; have a large JPEG decoded at a fraction of its size.

    Args:
        image: As Image.open gives it.
        most: Pixels of a frame.

    Raises:
        PIL.Image.DecompressionBombError: it has more pixels, or takes more than MAX_BYTES to decode.
    """
    pixels = image.width * image.height
    if pixels > most:
        raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels")
    coefficients = 2 * len(image.getbands()) * pixels if "progressive" in image.info else 0
    image.draft(None, (_DRAFT, _DRAFT))
    own = 1 if image.mode in ("1", "L", "P") else 4
    result = 0 if image.mode in ("L", "RGB") else 4
    size = image.width * image.height * (own + result + _MORE_BYTES.get(str(image.format), 0)) + coefficients
    if size > MAX_BYTES:
        raise Image.DecompressionBombError(
            f"{image.width} x {image.height} pixels take {size >> 20:,} MB to decode as {image.format}, "
            f"at most {MAX_BYTES >> 20} may be used"
        )


def _flatten(image: Image.Image) -> Image.Image:
    """Any mode to "L" or "RGB"; transparency becomes white. Strip by strip, so that no more than the result is needed.

    Raises:
        ValueError: if the pixels have neither 8 nor 16 bits per channel.
    """
    if image.mode in ("L", "RGB") and not image.has_transparency_data:
        return image
    rows = max(_STRIP // image.width, 1)
    gray = image.mode in ("1", "L", "LA", "La") or image.mode.startswith("I")
    flat = Image.new("L" if gray else "RGB", image.size)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        flat.paste(_flatten_whole(strip), (0, top))
    return flat


def _flatten_whole(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # one channel of more than 8 bits
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError(f"gray values from {values.min()} to {values.max()}, expected 0 to 65535")
        return Image.fromarray(np.round(values / 257).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("floating-point pixels, expected 8 or 16 bits per channel")
    mode = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return image if image.mode == mode else image.convert(mode)


def to_model_input(
    image: Image.Image, *, image_size: int, channels: int, fit: Fit = "crop", background: int = 0
) -> NDArray[np.uint8]:
    """The one way in which a picture from outside becomes a model's input.

    Args:
        image: Any picture.
        image_size: Height and width of the result in pixels.
        channels: 1 (luma) or 3.
        fit: What to do if it is not square: "crop" its centre, "pad" it, or "stretch" it.
        background: Gray level for the padding, 0 to 255.

    Returns:
        (channels, image_size, image_size) uint8.

    Raises:
        ValueError: if the pixels have neither 8 nor 16 bits per channel, which `open_image` refuses.
    """
    image = _flatten(image).convert("L" if channels == 1 else "RGB")
    if fit == "crop":
        image = center_crop(image, min(image.size))
    elif fit == "pad":
        side = max(image.size)
        square = Image.new(image.mode, (side, side), background if channels == 1 else (background,) * 3)
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        image = square
    return _planes(image.resize((image_size, image_size), Image.Resampling.BILINEAR))


def center_crop(image: Image.Image, side: int) -> Image.Image:
    """The square of `side` pixels in the middle, or the largest square if the picture is smaller."""
    side = min(side, *image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def center_square(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest square in the middle of images (N, C, H, W)."""
    height, width = images.shape[2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return images[:, :, top : top + side, left : left + side]


def resize_all(images: NDArray[np.uint8], image_size: int, channels: int) -> NDArray[np.uint8]:
    """Resize raw images with Pillow's bilinear filter; 3 channels become 1 by luma, 1 becomes 3 by repetition.

    Args:
        images: (N, C, H, W), C 1 or 3.
        image_size: New height and width in pixels.
        channels: New C, 1 or 3.

    Returns:
        (N, channels, image_size, image_size) uint8.
    """
    if images.shape[1:] == (channels, image_size, image_size):
        return images
    out = np.empty((len(images), channels, image_size, image_size), np.uint8)
    for raw, place in zip(images, out, strict=True):
        picture = Image.fromarray(raw[0] if len(raw) == 1 else np.ascontiguousarray(raw.transpose(1, 2, 0)))
        place[:] = to_model_input(picture, image_size=image_size, channels=channels, fit="stretch")
    return out


def read_all(
    sources: Sequence[Path | bytes], names: Iterable[str], convert: Callable[[Image.Image], NDArray[np.uint8]]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...]]:
    """Read many pictures, on all cores; those that cannot be read are left out.

    Args:
        sources: N files, or their bytes.
        names: What to call each.
        convert: Turns an opened picture into (C, H, W).

    Returns:
        images: (n, C, H, W) of those that could be read.
        kept: (n,) their positions in `sources`.
        skipped: One line for each of the others: name and reason.
    """

    def read(source: Path | bytes, name: str) -> NDArray[np.uint8] | str:
        try:
            return convert(open_image(source, name))
        except DataError as error:
            return str(error)

    kept: list[int] = []
    skipped: list[str] = []
    images: NDArray[Any] | None = None
    with ThreadPoolExecutor() as pool:
        for position, result in enumerate(pool.map(read, sources, names)):
            if isinstance(result, str):
                skipped.append(result)
                continue
            if images is None:  # one array from the start: a list and then a stack would need twice the memory
                images = np.empty((len(sources), *result.shape), np.uint8)
            images[len(kept)] = result
            kept.append(position)
    if images is None:
        images = np.empty((0, 0, 0, 0), np.uint8)
    return images[: len(kept)], np.array(kept, np.int64), tuple(skipped)


def _planes(image: Image.Image) -> NDArray[np.uint8]:
    values = np.array(image)
    return values[None] if values.ndim == 2 else np.ascontiguousarray(values.transpose(2, 0, 1))
