"""CIFAR-10: its binary archive, or its python archive read without running the pickles in it; or what they unpack to.

A pickle is a program. The one that holds a CIFAR batch only stacks up bytes, numbers, lists and a dictionary, and twice
names a numpy function. `parse` follows that program over plain data: it knows those steps and refuses all others, it
imports nothing and calls nothing that the file names, and an array is taken from its bytes once its size has been
checked.
"""

from __future__ import annotations

import gzip
import pickletools
import tarfile
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.pictures import resize_all
from esvae_core.errors import CorruptDataError
from esvae_core.files import open_regular

FILE = "cifar-10-python.tar.gz"
TRAIN_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST_BATCHES = ("test_batch",)
FOLDER = "cifar-10-batches-py"
BINARY_FILE = "cifar-10-binary.tar.gz"
BINARY_FOLDER = "cifar-10-batches-bin"
_ROW = 3 * 32 * 32  # bytes of one image: red plane, green plane, blue plane
_BATCH_LIMIT = 64 << 20  # bytes; a published batch has 31 million
_ARCHIVE_LIMIT = 512 << 20  # bytes unpacked; the published archive has 186 million

_DATA = {
    *("BININT", "BININT1", "BININT2", "LONG1"),
    *("SHORT_BINSTRING", "BINSTRING", "SHORT_BINBYTES", "BINBYTES"),
    *("SHORT_BINUNICODE", "BINUNICODE"),
}
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_NOTHING = {"PROTO", "FRAME"}
_RECONSTRUCT = {"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"}
_NDARRAY, _DTYPE, _ENCODE = "numpy ndarray", "numpy dtype", "_codecs encode"
_NAMES = {*_RECONSTRUCT, _NDARRAY, _DTYPE, _ENCODE}


class _Name(str):
    """A global that the pickle names, kept as its name."""


class _Array:
    """An array under construction: bytes only, checked before it becomes one."""

    def __init__(self) -> None:
        self.values: NDArray[np.uint8] | None = None

    def build(self, state: Any) -> None:
        _version, shape, dtype, fortran_order, content = state
        if not isinstance(dtype, _DType):
            raise ValueError("an array without a dtype")
        if fortran_order or not isinstance(content, bytes) or len(shape) != 2:
            raise ValueError(f"an array of shape {shape!s:.40}, expected rows of bytes")
        if not all(type(size) is int and size >= 0 for size in shape) or shape[0] * shape[1] != len(content):
            raise ValueError(f"an array of shape {shape!s:.40} with {len(content)} bytes")
        self.values = np.frombuffer(content, np.uint8).reshape(shape)


class _DType:
    """numpy.dtype("u1"); there is no other in a CIFAR batch."""

    def __init__(self, code: Any) -> None:
        if code not in (b"u1", "u1"):
            raise ValueError(f"an array of dtype {code!r:.40}, expected u1")

    def build(self, state: Any) -> None:
        """The state repeats byte order and size, which a byte does not have or need."""


def parse(content: bytes) -> dict[Any, Any]:
    """The dictionary that a pickle of plain data and arrays of bytes stands for.

    Python 2's strings are bytes. Protocols 2 to 4 are read.

    Args:
        content: The pickle.

    Returns:
        Bytes or text to numbers, bytes, text, lists, tuples, dictionaries, or arrays (rows, columns) uint8.

    Raises:
        CorruptDataError: if it is no pickle, or would do anything else than build such a dictionary.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pickletools warns of odd text before its opcode can be refused
            return _run(content)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise CorruptDataError(f"not a pickle of plain data: {error}") from error


def _run(content: bytes) -> dict[Any, Any]:
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}

    def since_mark() -> list[Any]:
        start = marks.pop()
        items = stack[start:]
        del stack[start:]
        return items

    operations: Any = pickletools.genops(content)
    for opcode, argument, position in operations:
        name = opcode.name
        if name in _DATA:
            python2 = name in ("SHORT_BINSTRING", "BINSTRING")
            stack.append(argument.encode("latin-1") if python2 else argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "MARK":
            marks.append(len(stack))
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name == "TUPLE":
            stack.append(tuple(since_mark()))
        elif name in _TUPLES:
            items = [stack.pop() for _ in range(_TUPLES[name])]
            stack.append(tuple(reversed(items)))
        elif name in ("APPEND", "APPENDS"):
            items = [stack.pop()] if name == "APPEND" else since_mark()
            _expect(stack[-1], list).extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = [stack.pop(-2), stack.pop()] if name == "SETITEM" else since_mark()
            _expect(stack[-1], dict).update(zip(items[::2], items[1::2], strict=True))
        elif name == "GLOBAL":
            stack.append(_named(argument))
        elif name == "STACK_GLOBAL":
            attribute = stack.pop()
            stack.append(_named(f"{stack.pop()} {attribute}"))
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_stand_in(stack.pop(), arguments))
        elif name == "BUILD":
            state = stack.pop()
            _expect(stack[-1], _Array | _DType).build(state)
        elif name == "STOP":
            return _finish(stack.pop())
        elif name not in _NOTHING:
            raise ValueError(f"step {name} at byte {position} is none that plain data needs")
    raise ValueError("no end")


def _expect(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"found {type(value).__name__} where {kind} belongs")
    return value


def _named(name: str) -> _Name:
    if name not in _NAMES:
        raise ValueError(f"it names {name.replace(' ', '.'):.80}, which is refused and was not run")
    return _Name(name)


def _stand_in(function: Any, arguments: Any) -> Any:
    """What the call of one of the known names stands for; nothing is called."""
    _expect(function, _Name)
    _expect(arguments, tuple)
    if function in _RECONSTRUCT:
        return _Array()
    if function == _DTYPE:
        return _DType(arguments[0])
    if function == _ENCODE:  # how Python 3 writes bytes in protocol 2
        text, _encoding = arguments
        return text.encode("latin-1")
    raise ValueError(f"it calls {function.replace(' ', '.')}")


def _finish(value: Any) -> dict[Any, Any]:
    """Put the finished arrays in place of those under construction."""
    return {key: item.values if isinstance(item, _Array) else item for key, item in _expect(value, dict).items()}


class _Limited(gzip.GzipFile):
    """A gzip file that ends in an error when it has unpacked too much, which a small one can do, too."""

    left = _ARCHIVE_LIMIT

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self.left -= len(content)
        if self.left < 0:
            raise CorruptDataError(f"unpacks to more than {_ARCHIVE_LIMIT} bytes")
        return content


def read(path: Path, batches: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read batches out of the archive, without unpacking it to disk.

    Args:
        path: The .tar.gz file, or the folder of batches that was in it; its name tells a binary one from a python one.
        batches: Names of batches, e.g. "test_batch".

    Returns:
        images: (N, 3, 32, 32), batch after batch.
        labels: (N,), 0 to 9.

    Raises:
        CorruptDataError: if the archive is damaged, lacks a batch, or holds anything else in its place.
    """
    binary = path.name in (BINARY_FILE, BINARY_FOLDER)
    folder, batch_of = (BINARY_FOLDER, _binary_batch) if binary else (FOLDER, _batch)
    names = [f"{batch}.bin" if binary else batch for batch in batches]
    try:
        unpacked = path.is_dir()
        members = {name: _file(path / name) for name in names} if unpacked else _members(path, folder, set(names))
        pairs = [batch_of(members[name], name) for name in names]
    except CorruptDataError as error:
        raise CorruptDataError(f"{path}: {error}") from error
    except (OSError, EOFError, ValueError, zlib.error, tarfile.TarError) as error:
        raise CorruptDataError(f"{path}: expected a whole .tar.gz archive or its folder, found: {error}") from error
    return np.concatenate([images for images, _ in pairs]), np.concatenate([labels for _, labels in pairs])


def _file(path: Path) -> bytes:
    with open_regular(path) as file:
        content = file.read(_BATCH_LIMIT + 1)
    if len(content) > _BATCH_LIMIT:
        raise CorruptDataError(f"{path.name} is larger than {_BATCH_LIMIT} bytes")
    return content


def _members(path: Path, folder: str, wanted: set[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with open_regular(path) as raw, _Limited(fileobj=raw) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            place, _, name = member.name.rpartition("/")
            if place != folder or name not in wanted - found.keys():
                continue
            if not member.isreg() or member.size > _BATCH_LIMIT:
                kind = "a link or folder" if not member.isreg() else f"{member.size} bytes"
                raise CorruptDataError(f"{member.name} is {kind}, expected a file of at most {_BATCH_LIMIT} bytes")
            file = tar.extractfile(member)
            content = file.read() if file is not None else b""
            if len(content) != member.size:
                raise CorruptDataError(f"{member.name} ends after {len(content)} of {member.size} bytes")
            found[name] = content
            if found.keys() == wanted:
                return found
    missing = ", ".join(f"{folder}/{name}" for name in sorted(wanted - found.keys()))
    raise CorruptDataError(f"{missing} is missing")


def _batch(content: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        table = parse(content)
    except CorruptDataError as error:
        raise CorruptDataError(f"{name}: {error}") from error
    table = {key.encode() if isinstance(key, str) else key: v for key, v in table.items()}
    images, labels = table.get(b"data"), table.get(b"labels")
    if not isinstance(images, np.ndarray) or images.shape[1] != _ROW:
        raise CorruptDataError(f"{name}: no 'data' of rows of {_ROW} bytes")
    if not isinstance(labels, list) or len(labels) != len(images):
        raise CorruptDataError(f"{name}: no 'labels' for its {len(images)} images")
    if not all(type(label) is int and 0 <= label <= 9 for label in labels):
        raise CorruptDataError(f"{name}: labels that are not 0 to 9")
    return images.reshape(-1, 3, 32, 32), np.array(labels, np.int64)


def _binary_batch(content: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Rows of a label and an image."""
    if not content or len(content) % (1 + _ROW):
        raise CorruptDataError(f"{name}: expected rows of {1 + _ROW} bytes, found {len(content)} bytes")
    rows = np.frombuffer(content, np.uint8).reshape(-1, 1 + _ROW)
    if rows[:, 0].max() > 9:
        raise CorruptDataError(f"{name}: labels that are not 0 to 9")
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0].astype(np.int64)


def load(request: Request, class_names: tuple[str, ...]) -> ImageSet:
    """Load CIFAR-10."""
    path = request.files[FILE]

    def make() -> Arrays:
        images, labels = read(path, TRAIN_BATCHES if request.part == "train" else TEST_BATCHES)
        return {"images": resize_all(images, request.image_size, request.channels), "labels": labels}

    arrays = request.remember(f"{request.part} {request.sha256}", make)
    return request.answer(arrays["images"], arrays["labels"], class_names, request.sha256)
