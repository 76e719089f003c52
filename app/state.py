"""The one description of what is on the screen, and the link that carries it.

A state fixes every pixel of the picture: the checkpoint, the rates, and the noise by its seed, sampler and number of
steps. `encode` writes it as one short text for the address bar, `decode` reads it back and believes nothing.

    1~mnist~t42~b16~7~e~AAAAtAAA...
    | |     |   |   | | rates, each two bytes, base64url
    | |     |   |   | order of the dimensions: e(ffect) or i(ndex)
    | |     |   |   noise seed
    | |     |   sampler b(ernoulli) or s(ystematic), and T
    | |     source: t(est image) and its index, p(rior) and its seed, or u(pload) and its rates
    | checkpoint
    version
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import Sampler
from esvae_core.errors import EsvaeError

VERSION = 1
PARAMETER = "s"
GRID = 46_080  # rates are multiples of 1/46080: k/T is exact for T = 2, 4, 8 ... 1024, 3, 5, 6, 10, 12, 20, and more
MAX_STEPS = 64
MAX_SEED = 2**31 - 1
MAX_INDEX = 10**9 - 1
MAX_DIMS = 4096

Rates = tuple[int, ...]
Order = Literal["effect", "index"]

_SAMPLERS: dict[str, Sampler] = {"b": "bernoulli", "s": "systematic"}
_ORDERS: dict[str, Order] = {"e": "effect", "i": "index"}


class LinkError(EsvaeError):
    """A link does not describe a state; says which part, what was found and what was expected."""


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
class Upload:
    """A picture that someone brought; only its rates travel with the link."""

    rates: Rates


Source = TestImage | Prior | Upload


@dataclass(frozen=True)
class State:
    """What is on the screen.

    Attributes:
        checkpoint: Name of the checkpoint.
        source: Where the rates came from.
        rates: d rates in units of 1/GRID.
        seed: Names the noise.
        sampler: How rates become spikes.
        steps: Time steps T.
        order: In which the dimensions are shown.
    """

    checkpoint: str
    source: Source
    rates: Rates
    seed: int
    sampler: Sampler
    steps: int
    order: Order = "effect"


def to_grid(values: Iterable[float] | NDArray[np.floating]) -> Rates:
    """Rates in [0, 1] -> units of 1/GRID, rounded; what is outside or no number is moved inside."""
    inside = np.clip(np.nan_to_num(np.asarray(list(values), np.float64)), 0, 1)
    return tuple(int(n) for n in np.rint(inside * GRID))


def from_grid(rates: Rates) -> NDArray[np.float32]:
    """Units of 1/GRID -> (d,) rates in [0, 1], as the model takes them."""
    return (np.asarray(rates, np.float64) / GRID).astype(np.float32)


def encode(state: State) -> str:
    """The state as a text of letters, digits and - _ . ~ % only."""
    name = quote(state.checkpoint, safe="").replace("~", "%7E")
    noise = f"{state.sampler[0]}{state.steps}"
    fields = (str(VERSION), name, _source(state.source), noise, str(state.seed), state.order[0], _pack(state.rates))
    return "~".join(fields)


def decode(text: str) -> State:
    """Read a link's text.

    Raises:
        LinkError: if any part of it is not what it should be.
    """
    fields = text.split("~")
    if fields[0] != str(VERSION):
        raise LinkError(f"version: expected {VERSION}, found {_short(fields[0])}")
    if len(fields) != 7:
        raise LinkError(f"expected 7 parts, found {len(fields)}; was the link cut short?")
    _, name, source, noise, seed, order, rates = fields
    if order not in _ORDERS:
        raise LinkError(f"order: expected {' or '.join(_ORDERS)}, found {_short(order)}")
    if noise[:1] not in _SAMPLERS:
        raise LinkError(f"sampler: expected {' or '.join(_SAMPLERS)}, found {_short(noise)}")
    return State(
        checkpoint=_name(name),
        source=_read_source(source),
        rates=_unpack(rates, "rates"),
        seed=_number(seed, "noise seed", 0, MAX_SEED),
        sampler=_SAMPLERS[noise[0]],
        steps=_number(noise[1:], "time steps", 1, MAX_STEPS),
        order=_ORDERS[order],
    )


def _source(source: Source) -> str:
    match source:
        case TestImage(index):
            return f"t{index}"
        case Prior(seed):
            return f"p{seed}"
        case Upload(rates):
            return f"u{_pack(rates)}"


def _read_source(text: str) -> Source:
    kind, rest = text[:1], text[1:]
    if kind == "t":
        return TestImage(_number(rest, "test image", 0, MAX_INDEX))
    if kind == "p":
        return Prior(_number(rest, "prior seed", 0, MAX_SEED))
    if kind == "u":
        return Upload(_unpack(rest, "rates of the upload"))
    raise LinkError(f"source: expected t, p or u, found {_short(text)}")


def _name(text: str) -> str:
    name = unquote(text)
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise LinkError(f"checkpoint: expected a name, found {_short(text)}")
    return name


def _number(text: str, what: str, low: int, high: int) -> int:
    if not re.fullmatch("[0-9]{1,10}", text) or not low <= int(text) <= high:
        raise LinkError(f"{what}: expected a whole number from {low} to {high}, found {_short(text)}")
    return int(text)


def _pack(rates: Rates) -> str:
    return base64.urlsafe_b64encode(np.asarray(rates, ">u2").tobytes()).decode().rstrip("=")


def _unpack(text: str, what: str) -> Rates:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        values = np.frombuffer(raw, ">u2")
    except ValueError:
        raise LinkError(f"{what}: expected base64url of 2 bytes each, found {_short(text)}") from None
    if not 1 <= len(values) <= MAX_DIMS:
        raise LinkError(f"{what}: expected 1 to {MAX_DIMS} of them, found {len(values)}")
    if int(values.max()) > GRID:
        raise LinkError(f"{what}: expected each to be at most {GRID}, found {values.max()}")
    return tuple(int(v) for v in values)


def _short(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:24] + "...")
