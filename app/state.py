"""The one description of what is on the screen, and the link that carries it.

A state fixes every pixel of the picture: the model, the rates, and the noise by its seed, sampler and number of steps.
The page owns it; `esvae_core/web/state/url_state.js` is the twin of this file, and both are held against
`tests/app/link_vectors.json`. `encode` writes a state as one short text for the address bar, `decode` reads it back and
believes nothing.

    2~mnist~t42~b16~7~e~k16x32.AAAAtAAA...~tab:draw
    | |     |   |   | | |                  what else a view remembers: name:value, separated by commas
    | |     |   |   | | rates, see `pack`
    | |     |   |   | order of the dimensions: e(ffect), u(sage) or i(ndex)
    | |     |   |   noise seed
    | |     |   sampler b(ernoulli) or s(ystematic), and T
    | |     source: t(est image) and its index, p(rior) and its seed, or o(wn picture) and its rates
    | model
    version
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from app.link_error import LinkError as LinkError
from esvae_core.explore.fixed_point import GRID, rounded

if TYPE_CHECKING:
    from esvae_core.config import Sampler

VERSION = 2
PARAMETER = "s"
MAX_STEPS = 64
MAX_SEED = 2**31 - 1
MAX_INDEX = 10**9 - 1
MAX_DIMS = 4096
MAX_VIEW = 64  # remembered things
MAX_VALUE = 4000  # characters of one of them

Rates = tuple[int, ...]
Order = Literal["effect", "usage", "index"]
View = tuple[tuple[str, str], ...]

_SAMPLERS: dict[str, Sampler] = {"b": "bernoulli", "s": "systematic"}
_ORDERS: dict[str, Order] = {"e": "effect", "u": "usage", "i": "index"}
_UNITS = tuple(unit for unit in range(1, 65) if GRID % unit == 0)


@dataclass(frozen=True)
class TestImage:
    """An image of the data set's test split."""

    index: int
    __test__ = False  # no test, whatever pytest makes of its name


@dataclass(frozen=True)
class Prior:
    """A draw from the model's prior."""

    seed: int


@dataclass(frozen=True)
class UserImage:
    """A picture that someone brought or drew; only its rates travel with the link."""

    rates: Rates


Source = TestImage | Prior | UserImage


@dataclass(frozen=True)
class State:
    """What is on the screen.

    Attributes:
        model: Name of the checkpoint.
        source: Where the rates came from.
        rates: d rates in units of 1/GRID.
        seed: Names the noise.
        sampler: How rates become spikes.
        steps: Time steps T.
        order: In which the dimensions are shown.
        view: What else a view remembers, by name.
    """

    model: str
    source: Source
    rates: Rates
    seed: int
    sampler: Sampler
    steps: int
    order: Order = "effect"
    view: View = ()


def to_grid(values: Iterable[float] | NDArray[np.floating]) -> Rates:
    """Rates in [0, 1] -> units of 1/GRID, rounded half up; what is outside or no number is moved inside."""
    inside = np.clip(np.nan_to_num(np.asarray(list(values), np.float64)), 0, 1)
    return tuple(rounded(inside).tolist())


def from_grid(rates: Rates) -> NDArray[np.float32]:
    """FixedPointRates of 1/GRID -> (d,) rates in [0, 1], as the model takes them."""
    return (np.asarray(rates, np.float64) / GRID).astype(np.float32)


def encode(state: State) -> str:
    """The state as a text."""
    noise = f"{state.sampler[0]}{state.steps}"
    fields = [
        str(VERSION),
        _escaped(state.model),
        _source(state.source),
        noise,
        str(state.seed),
        state.order[0],
        pack(state.rates),
    ]
    if state.view:
        fields.append(",".join(f"{_escaped(name)}:{_escaped(value)}" for name, value in state.view))
    return "~".join(fields)


def decode(text: str) -> State:
    """Read a link's text.

    Raises:
        LinkError: if any part of it is not what it should be.
    """
    fields = text.split("~")
    if fields[0] != str(VERSION):
        raise LinkError(f"version: expected {VERSION}, found {_short(fields[0])}")
    if len(fields) not in (7, 8):
        raise LinkError(f"expected 7 or 8 parts, found {len(fields)}; the link may have been cut short")
    _, name, source, noise, seed, order, rates = fields[:7]
    if order not in _ORDERS:
        raise LinkError(f"order: expected {', '.join(_ORDERS)}, found {_short(order)}")
    if noise[:1] not in _SAMPLERS:
        raise LinkError(f"sampler: expected {' or '.join(_SAMPLERS)}, found {_short(noise)}")
    return State(
        model=_text(name, "model", 200),
        source=_read_source(source),
        rates=unpack(rates, "rates"),
        seed=_number(seed, "noise seed", 0, MAX_SEED),
        sampler=_SAMPLERS[noise[0]],
        steps=_number(noise[1:], "time steps", 1, MAX_STEPS),
        order=_ORDERS[order],
        view=_read_view(fields[7]) if len(fields) == 8 else (),
    )


def pack(rates: Rates) -> str:
    """Rates as a text: `k16x32.` and 32 numbers k of 5 bits each where all are k/16; else `r.` and two bytes each."""
    for unit in _UNITS:
        if all(rate * unit % GRID == 0 for rate in rates):
            bits = "".join(f"{rate * unit // GRID:0{unit.bit_length()}b}" for rate in rates)
            bits += "0" * (-len(bits) % 8)
            raw = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
            return f"k{unit}x{len(rates)}.{_base64(raw)}"
    return f"r.{_base64(np.asarray(rates, '>u2').tobytes())}"


def unpack(text: str, what: str) -> Rates:
    """Read what `pack` wrote.

    Raises:
        LinkError: if it is anything else; the message calls it `what`.
    """
    head, _, body = text.partition(".")
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise LinkError(f"{what}: expected base64url, found {_short(body)}") from None
    if head == "r":
        if len(raw) % 2 or not 1 <= len(raw) // 2 <= MAX_DIMS:
            raise LinkError(f"{what}: expected 1 to {MAX_DIMS} numbers of 2 bytes, found {len(raw)} bytes")
        rates = tuple(int(v) for v in np.frombuffer(raw, ">u2"))
        if max(rates) > GRID:
            raise LinkError(f"{what}: expected each to be at most {GRID}, found {max(rates)}")
        return rates
    match = re.fullmatch("k([0-9]{1,2})x([0-9]{1,4})", head)
    if not match or int(match[1]) not in _UNITS or not 1 <= int(match[2]) <= MAX_DIMS:
        raise LinkError(f"{what}: expected r or k(T)x(d), found {_short(head)}")
    unit, count = int(match[1]), int(match[2])
    width = unit.bit_length()
    if len(raw) != -(-width * count // 8):
        raise LinkError(f"{what}: expected {count} numbers of {width} bits, found {len(raw)} bytes")
    bits = "".join(f"{byte:08b}" for byte in raw)
    values = [int(bits[i * width : (i + 1) * width], 2) for i in range(count)]
    if max(values) > unit:
        raise LinkError(f"{what}: expected each to be at most {unit}/{unit}, found {max(values)}/{unit}")
    return tuple(value * (GRID // unit) for value in values)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _source(source: Source) -> str:
    match source:
        case TestImage(index):
            return f"t{index}"
        case Prior(seed):
            return f"p{seed}"
        case UserImage(rates):
            return f"o{pack(rates)}"


def _read_source(text: str) -> Source:
    kind, rest = text[:1], text[1:]
    if kind == "t":
        return TestImage(_number(rest, "test image", 0, MAX_INDEX))
    if kind == "p":
        return Prior(_number(rest, "prior seed", 0, MAX_SEED))
    if kind == "o":
        return UserImage(unpack(rest, "rates of the picture"))
    raise LinkError(f"source: expected t, p or o, found {_short(text)}")


def _read_view(text: str) -> View:
    pairs = [item.partition(":")[::2] for item in text.split(",")]
    if len(pairs) > MAX_VIEW:
        raise LinkError(f"view: expected at most {MAX_VIEW} entries, found {len(pairs)}")
    view = tuple((_text(name, "view", 40), _text(value, "view", MAX_VALUE, 0)) for name, value in pairs)
    if len({name for name, _ in view}) < len(view):
        raise LinkError("view: expected each name once")
    return view


def _escaped(text: str) -> str:
    return quote(text, safe="").replace("~", "%7E")


def _text(text: str, what: str, longest: int, shortest: int = 1) -> str:
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError:
        plain = ""
    if not shortest <= len(plain) <= longest or any(ord(c) < 32 or ord(c) == 127 for c in plain):
        raise LinkError(f"{what}: expected {shortest} to {longest} characters, found {_short(text)}")
    return plain


def _number(text: str, what: str, low: int, high: int) -> int:
    if not re.fullmatch("[0-9]{1,10}", text) or not low <= int(text) <= high:
        raise LinkError(f"{what}: expected a whole number from {low} to {high}, found {_short(text)}")
    return int(text)


def _short(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:24] + "...")
