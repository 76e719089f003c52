"""Errors put into valid content at random: pure functions of the content and a random generator.

Blind changes of bytes seldom get past a checksum or a length. So containers are taken apart, one thing in them is
changed, and they are put together again with the right lengths and checksums.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

EXTREMES = (0, 1, -1, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**64 - 1)
_ODD_VALUES = (
    None, True, False, 0, -1, 1, 2**31, 2**64, 10**30, 1e308, -1e308, float("nan"), float("inf"), "", "x" * 5000,
    "\ud800", "\x00", "\x1b[31m", "../../x", "/dev/zero", "~nosuch/x", "nan", [], [[]] * 100, {}, {"a": {"a": {}}},
)  # fmt: skip
_ODD_WORDS = (
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\x00",
    b"\n" * 50,
)

Mutation = Callable[[bytes, random.Random], bytes]


def mutate(content: bytes, rng: random.Random) -> bytes:
    """The content with one to three errors in it, of the kinds that its format allows."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        content = rng.choice(_mutations_for(content))(content, rng)
    return content


def _mutations_for(content: bytes) -> list[Mutation]:
    blind: list[Mutation] = [_flip_bit, _set_byte, _cut, _repeat, _remove, _write_integer, _write_word]
    if content.startswith(b"PK"):
        return [*blind, *[_in_zip] * 8]
    if content.startswith(b"\x1f\x8b"):
        return [*blind, *[_in_gzip] * 8]
    if content.startswith(b"\x89PNG"):
        return [*blind, *[_in_png] * 6]
    if content.startswith(b"\x93NUMPY"):
        return [*blind, *[_in_npy] * 4]
    if content[8:9] == b"{" and len(content) > 8:
        return [*blind, *[_in_safetensors] * 8]
    if content[:1] in (b"{", b"["):
        return [*blind, *[_in_json] * 8]
    if b"\0" not in content[:1000]:
        return [*blind, *[_number_in_text] * 6]
    return blind


# ---- whatever the format


def _place(content: bytes, rng: random.Random) -> int:
    """A position; every second one near the start, where headers are."""
    size = max(len(content), 1)
    return rng.randrange(min(size, 64) if rng.random() < 0.5 else size)


def _flip_bit(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :] if content else b"\1"


def _set_byte(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + bytes([rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))]) + content[at + 1 :]


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: _place(content, rng)]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    start, length = _place(content, rng), rng.choice((1, 8, 100, 4096))
    return (
        content[: start + length] + content[start : start + length] * rng.choice((1, 2, 20)) + content[start + length :]
    )


def _remove(content: bytes, rng: random.Random) -> bytes:
    start = _place(content, rng)
    return content[:start] + content[start + rng.choice((1, 2, 8, 100)) :]


def _write_integer(content: bytes, rng: random.Random) -> bytes:
    size, at = rng.choice((1, 2, 4, 8)), _place(content, rng)
    value = (rng.choice(EXTREMES) % 2 ** (8 * size)).to_bytes(size, rng.choice(("little", "big")))
    return content[:at] + value + content[at + size :]


def _write_word(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + rng.choice(_ODD_WORDS) + content[at:]


# ---- containers


def _in_zip(content: bytes, rng: random.Random) -> bytes:
    """Change one entry, its name or how it is packed; now and then leave one out or write it twice."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    except Exception:  # broken by an earlier change
        return _flip_bit(content, rng)
    if not entries:
        return content
    chosen = rng.randrange(len(entries))
    name, inner = entries[chosen]
    kind = rng.randrange(10)
    if kind == 0:
        del entries[chosen]
    elif kind == 1:
        entries.append((name, inner))
    elif kind == 2:
        entries[chosen] = (rng.choice(("../x.npy", "x" * 3000, ".npy", "a/b.npy")), inner)
    elif kind == 3:
        entries[chosen] = (name, bytes(2**24))  # packs to a few kilobytes
    else:
        entries[chosen] = (name, mutate(inner, rng))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for entry, inner in entries:
            archive.NameToInfo.pop(entry, None)  # a name that is there twice is meant
            archive.writestr(zipfile.ZipInfo(entry), inner, archive.compression)
    return out.getvalue()


def _in_gzip(content: bytes, rng: random.Random) -> bytes:
    try:
        inner = gzip.decompress(content)
    except Exception:
        return _flip_bit(content, rng)
    return gzip.compress(bytes(2**24) if rng.random() < 0.05 else mutate(inner, rng), 1, mtime=0)


def _in_png(content: bytes, rng: random.Random) -> bytes:
    """Change one chunk's data, and give it the right checksum."""
    chunks, at = [], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return _flip_bit(content, rng)
    chosen = rng.randrange(len(chunks))
    kind, data = chunks[chosen]
    if rng.random() < 0.1:
        chunks.insert(chosen, (kind, data))
    elif kind == b"IDAT" and rng.random() < 0.5:
        chunks[chosen] = (kind, zlib.compress(rng.randbytes(rng.choice((1, 100, 10_000)))))
    else:
        chunks[chosen] = (kind, mutate(data, rng))
    parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    return content[:8] + b"".join(parts)


_DTYPES = ("<f8", "<f2", "|O", "<U99999999", "<c16", "|b1", "|V8", "<M8[s]", ">i4", "<f4", "|S0", "")
_SHAPES = (
    "()",
    "(0,)",
    "(-1, 4)",
    "(4294967296, 4294967296)",
    "(99999999999,)",
    f"({'1,' * 40})",
    "(2, 3)",
    "(1, 1, 1, 1)",
)


def _in_npy(content: bytes, rng: random.Random) -> bytes:
    """Another type or shape in the header, the length of which stays right."""
    wide = content[6] > 1
    size = 4 if wide else 2
    length = int.from_bytes(content[8 : 8 + size], "little")
    header = content[8 + size : 8 + size + length].decode("latin1")
    choices = (
        (r"'descr': *'[^']*'", f"'descr': '{rng.choice(_DTYPES)}'"),
        (r"'shape': *\([^)]*\)", f"'shape': {rng.choice(_SHAPES)}"),
        (r"'fortran_order': *\w+", "'fortran_order': True"),
    )
    changed = re.sub(*rng.choice(choices), header).encode("latin1")
    return content[:8] + len(changed).to_bytes(size, "little") + changed + content[8 + size + length :]


def _in_safetensors(content: bytes, rng: random.Random) -> bytes:
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError):
        return _flip_bit(content, rng)
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    if isinstance(metadata, dict) and metadata and rng.random() < 0.6:  # values of it are JSON themselves
        name = rng.choice(sorted(metadata))
        if isinstance(metadata[name], str) and metadata[name][:1] in "{[":
            metadata[name] = _in_json(metadata[name].encode("utf-8", "surrogatepass"), rng).decode("utf-8", "replace")
            changed = json.dumps(header).encode()
            return len(changed).to_bytes(8, "little") + changed + content[8 + length :]
    changed = _in_json(json.dumps(header).encode(), rng)
    return len(changed).to_bytes(8, "little") + changed + content[8 + length :]


def _in_json(content: bytes, rng: random.Random) -> bytes:
    """Replace, add or remove one value, wherever it stands."""
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        return _flip_bit(content, rng)
    if rng.random() < 0.05:
        return b"[" * rng.choice((100, 100_000))
    places: list[tuple[dict | list, str | int]] = []
    queue = [whole]
    while queue:
        node = queue.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        places += [(node, key) for key in keys]
        queue += [node[key] for key in keys]
    if not places:
        return content
    node, key = rng.choice(places)
    kind = rng.randrange(6)
    if kind == 0:
        del node[key]
    elif kind == 1 and isinstance(node, dict):
        node[rng.choice(("extra", "", "x" * 3000, "__proto__", "\ud800"))] = rng.choice(_ODD_VALUES)
    elif kind == 2 and isinstance(node[key], int | float):
        node[key] = rng.choice((*EXTREMES, node[key] * 1000, -node[key], 0.5))
    elif kind == 3 and isinstance(node[key], str):
        node[key] = mutate(node[key].encode("utf-8", "surrogatepass"), rng).decode("utf-8", "surrogateescape")
    else:
        node[key] = rng.choice(_ODD_VALUES)
    return json.dumps(whole).encode("utf-8", "surrogatepass")


def _number_in_text(content: bytes, rng: random.Random) -> bytes:
    numbers = list(re.finditer(rb"-?\d+(?:\.\d+)?", content))
    if not numbers:
        return _write_word(content, rng)
    found = rng.choice(numbers)
    new = rng.choice((*_ODD_WORDS, *(str(value).encode() for value in EXTREMES)))
    return content[: found.start()] + new + content[found.end() :]
