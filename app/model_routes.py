"""What the page asks of the models: lists, parts by content hash, maps, and a picture for those who cannot decode.

A map that is asked for is drawn in the background and kept, and so is a checkpoint that a visitor opens; nothing else
here changes anything. Only names and hashes that are known are answered; everything else is 404, and nothing of a
request ever becomes a path. PyTorch is imported by what needs it alone: pictures that are drawn here. What reads models
takes a while to import, too, so `routes` leaves it until the page is on its way.
"""

from __future__ import annotations

import contextlib
import gzip
import re
from collections.abc import Callable

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app import catalogue, maps, server_decode, server_previews, standalone_page, uploads
from app.handlers import FOREVER, FRESH, answer, guarded
from app.limits import AsyncHandler, BusyError, Gate, busy
from app.packed import FIRST, packed
from app.preload import OPENING
from app.responses import SHARED, Bytes, Json
from app.security import FromPage
from app.state import PARAMETER, LinkError, State, decode, unpack
from esvae_core.engine.bundle_parts import PARTS
from esvae_core.errors import EsvaeError, InputError
from esvae_core.explore.array_format import map_parts, write_arrays

_MAX_LINK = 32_768  # characters
_AS_FILE = {"Content-Disposition": 'attachment; filename="explorer.html"'}
_OCTETS = "application/octet-stream"
_reading = Gate("reads")
"""Parts of models, which are read once and kept: they do not wait for what is drawn."""
_drawing = Gate("draws")
"""What is worked out for one visitor."""


@guarded
def models(request: Request) -> Response:
    """All checkpoints, good and bad, as the page lists them; `turn`: in which a visit without a link tries them."""
    entries = catalogue.find()
    turns = {entry.name: turn for turn, entry in enumerate(_in_turn(entries))}
    return Json([catalogue.listed(entry) | {"turn": turns.get(entry.name)} for entry in entries], headers=FRESH)


def _in_turn(entries: list[catalogue.Entry]) -> list[catalogue.Entry]:
    found = catalogue.opening_order(entries)
    OPENING.note_first(found[0].name if found else "")
    return found


def open_first() -> None:
    """Read the model that a visit without a link opens, so that it waits for no page to ask."""
    for entry in _in_turn(catalogue.find())[:1]:
        with contextlib.suppress(EsvaeError):  # the page tries the next one
            loaded = catalogue.take(entry)
            OPENING.note(catalogue.described(loaded))
            for what in FIRST:
                packed(loaded, what)


@_reading
@guarded
def model(request: Request) -> Response:
    """One checkpoint by name: the hashes of its parts."""
    loaded = catalogue.named(request.path_params["name"])
    described = catalogue.described(loaded, uploads.from_this_machine(request))
    OPENING.note(described)
    return Json(described, headers=FRESH)


@_reading
@guarded
def thumbnails(request: Request) -> Response:
    """A few small pictures of one checkpoint by name, without loading its model."""
    found = catalogue.thumbnails(request.path_params["name"])
    return answer(None) if found is None else Bytes([found], _OCTETS, FRESH)


async def checkpoint(request: Request) -> Response:
    """Open the checkpoint that is the request's body, and list it with all others; what the list says of it."""
    if refused := uploads.refusal(request):
        return Json({"error": refused}, 403, headers=FRESH)
    try:
        async with uploads.received(request) as path:
            opened = guarded(lambda _: Json(catalogue.listed(catalogue.opened(path)), headers=FRESH))
            return await _reading.run(path, lambda: opened(request))
    except BusyError as error:
        return busy(str(error), soon=False)
    except InputError as error:
        return Json({"error": str(error)}, 400, headers=FRESH)


def _part(of: Callable[[Request], str]) -> AsyncHandler:
    @_reading
    @guarded
    def part(request: Request) -> Response:
        loaded = catalogue.hashed(request.path_params["digest"])
        found = None if loaded is None else packed(loaded, of(request))
        if found is None:
            return answer(None)
        takes = "gzip" in request.headers.get("accept-encoding", "")
        content, encoding = (found, "gzip") if takes else (gzip.decompress(found), "identity")
        size = {"X-ESVAE-Size": str(int.from_bytes(found[-4:], "little"))}  # of the content, which gzip ends with
        return Bytes([content], _OCTETS, FOREVER | size | {"Vary": "Accept-Encoding"}, encoding=encoding)

    return part


def _part_of_bundle(request: Request) -> str:
    part: str = request.path_params["part"]
    return part if part in PARTS else ""


@_reading
@guarded
def originals(request: Request) -> Response:
    """The test images of a model's atlas."""
    loaded = catalogue.hashed(request.path_params["digest"])
    if loaded is None:
        return answer(None)
    local = uploads.from_this_machine(request)
    made = SHARED.get(("originals", loaded, local), lambda: catalogue.originals_pack(loaded, local) or b"")
    return answer(made or None)


@_reading
@guarded
def dimensions(request: Request) -> Response:
    """What a model's dimensions are used for; the query names the atlas' version, so that it can be kept for ever."""
    loaded = catalogue.hashed(request.path_params["digest"])
    found = None if loaded is None else catalogue.dimensions(loaded)
    return answer(None) if found is None else Json(found, headers=FOREVER)


def _state(request: Request) -> State:
    text = request.query_params.get(PARAMETER, "")
    if len(text) > _MAX_LINK:
        raise LinkError(f"link: expected at most {_MAX_LINK} characters")
    return decode(text)


@_drawing
@guarded
def draw(request: Request) -> Response:
    """Spikes and picture of a link, decoded here: what a browser without the engine asks for on release."""
    drawing = server_decode.drawn(_state(request))
    content = write_arrays({}, {"spikes": drawing.spikes[:, 0].astype("uint8"), "pixels": drawing.pixels[0]})
    return Bytes([content], _OCTETS, FRESH)


@_drawing
@guarded
def recordings(request: Request) -> Response:
    """New recordings of a model that is not played."""
    seed, count = (_whole(request.query_params.get(name, ""), name) for name in ("seed", "count"))
    return Bytes([server_previews.recordings(request.path_params["name"], seed, count)], _OCTETS, FRESH)


@_drawing
@guarded
def reconstructions(request: Request) -> Response:
    """Test recordings of a model that is not played, beside what it makes of them."""
    seed, count = (_whole(request.query_params.get(name, ""), name) for name in ("seed", "count"))
    return Bytes([server_previews.reconstructions(request.path_params["name"], seed, count)], _OCTETS, FRESH)


@_drawing
@guarded
def recording(request: Request) -> Response:
    """A recording of a model that is not played, of rates that were moved by hand."""
    seed, text = _whole(request.query_params.get("seed", ""), "seed"), request.query_params.get("rates", "")
    if len(text) > _MAX_LINK:
        raise LinkError(f"rates: expected at most {_MAX_LINK} characters")
    content = server_previews.recording(request.path_params["name"], seed, unpack(text, "rates"))
    return Bytes([content], _OCTETS, FRESH)


def _whole(text: str, what: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", text):
        raise InputError(f"{what}: expected whole numbers, found {text[:24]!r}")
    return int(text)


@_reading
@guarded
def map_begin(request: Request) -> Response:
    """Begin to draw a map of a model's rates with the settings in the query."""
    loaded = catalogue.hashed(request.path_params["digest"])
    if loaded is None or loaded.atlas is None:
        return answer(None)
    settings = maps.settings_of(request.query_params)
    return Json(maps.status(maps.start(loaded.atlas.rates, settings)), headers=FRESH)


@guarded
def map_state(request: Request) -> Response:
    """How far a map is; DELETE stops it."""
    key = request.path_params["key"]
    if request.method == "DELETE":
        maps.cancel(key)
    found = maps.status(key)
    return answer(None) if found is None else Json(found, headers=FRESH)


@_reading
@guarded
def map_data(request: Request) -> Response:
    """A map that is done."""
    key = request.path_params["key"]
    found = maps.finished(key)
    return answer(None if found is None else SHARED.get(("map", key), lambda: write_arrays(*map_parts(found))))


@_drawing
@guarded
def page(request: Request) -> Response:
    """One file that holds a model and what the query's link shows of it, in the query's view and language."""
    loaded = catalogue.hashed(request.path_params["digest"])
    if loaded is None:
        return answer(None)
    view, language = request.query_params.get("view", ""), request.query_params.get("lang", "")
    pieces = standalone_page.page_of(loaded, view, _state(request), language)
    return Bytes(pieces, "text/html", FRESH | _AS_FILE)


_FROM_PAGE = [Middleware(FromPage)]

ROUTES: list[BaseRoute] = [
    Route("/models", models),
    Route("/model/{name:path}", model),
    Route("/thumbnails/{name:path}", thumbnails),
    Route("/checkpoint", checkpoint, methods=["POST"], middleware=_FROM_PAGE),
    Route("/bundle/{digest}/{part}", _part(_part_of_bundle)),
    Route("/atlas/{digest}", _part(lambda _: "atlas")),
    Route("/controls/{digest}", _part(lambda _: "controls")),
    Route("/originals/{digest}", originals, middleware=_FROM_PAGE),
    Route("/dimensions/{digest}", dimensions),
    Route("/draw", draw, middleware=_FROM_PAGE),
    Route("/recordings/{name:path}", recordings, middleware=_FROM_PAGE),
    Route("/reconstructions/{name:path}", reconstructions, middleware=_FROM_PAGE),
    Route("/recording/{name:path}", recording, middleware=_FROM_PAGE),
    Route("/page/{digest}", page, middleware=_FROM_PAGE),
    Route("/map/{digest}", map_begin, methods=["POST"], middleware=_FROM_PAGE),
    Route("/map-state/{key}", map_state, methods=["GET", "DELETE"], middleware=_FROM_PAGE),
    Route("/map-data/{key}", map_data, middleware=_FROM_PAGE),
]
