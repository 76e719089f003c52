import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from esvae_core.data import open_image, to_model_input
from esvae_core.data.pictures import MAX_PIXELS, resize_all
from esvae_core.errors import DataError

from .made import picture_bytes

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLOUR = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def test_bytes_and_paths_open_alike(tmp_path):
    content = picture_bytes(COLOUR)
    (tmp_path / "x.png").write_bytes(content)
    for source in (content, tmp_path / "x.png"):
        assert np.array_equal(np.asarray(open_image(source, "it")), COLOUR)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bit_gray_is_scaled_and_not_clipped(kind):
    wide = RAMP.astype(np.uint16) * 257
    image = open_image(picture_bytes(wide, kind), "it")
    assert image.mode == "L"
    assert np.array_equal(np.asarray(image), RAMP)


def test_pixels_of_32_bits_are_refused():
    with pytest.raises(DataError, match=r"it: .*gray values from 0 to 70000, expected 0 to 65535"):
        open_image(picture_bytes(np.array([[0, 70000]], np.int32), "TIFF"), "it")
    with pytest.raises(DataError, match=r"it: .*floating-point"):
        open_image(picture_bytes(np.array([[0, 0.5]], np.float32), "TIFF"), "it")


def test_transparency_lies_over_white():
    clear = np.zeros((2, 2, 4), np.uint8)
    clear[0, 0] = [255, 0, 0, 255]
    clear[0, 1] = [0, 0, 0, 128]
    assert np.asarray(open_image(picture_bytes(clear), "it")).tolist() == [
        [[255, 0, 0], [127, 127, 127]],
        [[255, 255, 255], [255, 255, 255]],
    ]
    gray = open_image(picture_bytes(clear[:, :, [0, 3]]), "it")
    assert gray.mode == "L"
    assert np.asarray(gray).tolist() == [[255, 127], [255, 255]]


def test_palette_with_a_transparent_entry():
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    content = picture_bytes(image, transparency=0)
    assert np.asarray(open_image(content, "it")).tolist() == [[[255, 255, 255], [40, 50, 60]]]


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by a quarter clockwise
    content = picture_bytes(COLOUR, exif=exif)
    assert np.array_equal(np.asarray(open_image(content, "it")), np.rot90(COLOUR, -1))


def test_black_and_white_and_cmyk():
    assert np.asarray(open_image(picture_bytes(Image.new("1", (2, 2), 1)), "it")).tolist() == [[255, 255], [255, 255]]
    cmyk = open_image(picture_bytes(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF"), "it")
    assert cmyk.getpixel((0, 0)) == (255, 0, 0)


def test_a_large_jpeg_is_decoded_small():
    image = open_image(picture_bytes(Image.new("RGB", (4096, 4200), "red"), "JPEG"), "it")
    assert image.size == (1024, 1050)


def png_of_size(width: int, height: int, colour: int = 0) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_001, 10_000, 40_000])
def test_too_many_pixels_are_refused_before_decoding(side):
    assert side**2 > MAX_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns, too, in the middle of this range
        with pytest.raises(DataError, match=r"^upload\.png: too large .* at most 64 million pixels$"):
            open_image(png_of_size(side, side), "upload.png")
    with pytest.raises(DataError, match=r"upload\.png: too large"):  # and as errors, as in all other tests
        open_image(png_of_size(side, side), "upload.png")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a known picture format"),
        (b"hello", "not a known picture format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a known picture format"),
        (picture_bytes(COLOUR)[:-40], "cannot be read"),
        (picture_bytes(COLOUR, "JPEG")[:-60], "cannot be read"),
    ],
)
def test_what_is_no_whole_picture_is_refused_in_one_line(content, message):
    with pytest.raises(DataError, match=f"^cat: {message}.*expected a picture") as caught:
        open_image(content, "cat")
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(DataError, match="cat: cannot be read"):
            open_image(path, "cat")


formats = {kind: picture_bytes(COLOUR, kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")}


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(sorted(formats)), data=st.data())
def test_damaged_bytes_give_a_picture_or_the_one_error(kind, data):
    content = bytearray(formats[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = open_image(bytes(content), "it")
    except DataError:
        return
    assert image.mode in ("L", "RGB")


def test_crop_pad_and_stretch():
    wide = np.zeros((4, 8), np.uint8)
    wide[:, 2:6] = 200
    image = Image.fromarray(wide)
    assert (to_model_input(image, image_size=4, channels=1) == 200).all()
    padded = to_model_input(image, image_size=8, channels=1, fit="pad", background=7)
    assert np.array_equal(padded[0, 2:6], wide)
    assert (padded[0, [0, 1, 6, 7]] == 7).all()
    stretched = to_model_input(image, image_size=8, channels=3, fit="stretch")
    assert stretched.shape == (3, 8, 8)
    assert np.array_equal(stretched[:, 4], np.stack([wide[0]] * 3))


def test_channels_come_out_as_planes():
    planes = to_model_input(Image.fromarray(COLOUR), image_size=16, channels=3)
    assert planes.dtype == np.uint8
    assert np.array_equal(planes, COLOUR.transpose(2, 0, 1))


def test_resize_all_converts_channels_both_ways():
    images = np.stack([COLOUR, 255 - COLOUR]).transpose(0, 3, 1, 2)
    gray = resize_all(images, 16, 1)
    assert np.array_equal(gray[1, 0], np.asarray(Image.fromarray(255 - COLOUR).convert("L")))
    again = resize_all(gray, 16, 3)
    assert np.array_equal(again, np.repeat(gray, 3, axis=1))
    assert resize_all(images, 16, 3) is images
    assert resize_all(images, 8, 3).shape == (2, 3, 8, 8)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("L", (4, 4), level) for level in (50, 200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert np.unique(np.asarray(open_image(buffer.getvalue(), "it"))).tolist() == [50]


def test_a_picture_that_takes_too_much_memory_to_decode_is_refused():
    content = picture_bytes(Image.new("RGB", (16383, 1300)), "WEBP", quality=1, method=0)
    with pytest.raises(DataError, match="MB to decode as WEBP"):
        open_image(content, "it")
    with pytest.raises(DataError, match="MB to decode as PNG"):
        open_image(png_of_size(7000, 7000, colour=6), "it")
    with pytest.raises(
        DataError, match="cannot be read"
    ):  # the same number of pixels without transparency is looked at
        open_image(png_of_size(7000, 7000, colour=2), "it")


def test_strips_give_what_the_whole_gives():
    tall = np.random.default_rng(1).integers(0, 256, (1500, 1400, 4), dtype=np.uint8)
    white = Image.new("RGBA", (1400, 1500), "white")
    expected = np.asarray(Image.alpha_composite(white, Image.fromarray(tall)).convert("RGB"))
    assert np.array_equal(np.asarray(open_image(picture_bytes(tall, compress_level=1), "it")), expected)


def test_half_broken_metadata_is_no_warning(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01")
    with warnings.catch_warnings(action="error"):
        assert open_image(tmp_path / "a.jpg", "a.jpg").size == (8, 8)
