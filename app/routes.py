"""The explorer's routes: the page's own files, and what it asks of the models in `model_routes`.

Only names that are known are answered; everything else is 404, or 400 where a value in it is at fault, and nothing of a
request ever becomes a path. The page's files need nothing that reads models, so that a browser can begin meanwhile.
"""

from __future__ import annotations

from functools import cache

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from app.assets import PREFIX, web
from app.garbage import freeze
from app.handlers import Handler
from esvae_core.explore.views import SERVED


@cache
def models() -> Router:
    """The routes of `model_routes`."""
    from app import model_routes

    freeze()
    return Router(model_routes.ROUTES)


def open_first() -> None:
    """Make ready what a visit without a link asks for; what goes wrong is told to who asks for it."""
    models()
    from app import model_routes

    model_routes.open_first()


async def _models(scope: Scope, receive: Receive, send: Send) -> None:
    """What `models` answers; the first to ask waits until they are loaded, beside the server's loop."""
    await (await run_in_threadpool(models))(scope, receive, send)


def _to(place: str) -> Handler:
    """Leads to an address relative to the one asked for, which visitors may see under another path; the query stays."""

    def redirect(request: Request) -> Response:
        return RedirectResponse(f"{place}?{query}" if (query := request.url.query) else place)

    return redirect


def below(base: str = "") -> list[BaseRoute]:
    """The routes below Streamlit's base path, where its own are; slashes at its ends do not matter."""
    parts = base.strip("/")
    base = f"/{parts}" if parts else ""
    files = Route("/web/{version}/{name:path}", web)
    routes: list[BaseRoute] = [
        # Streamlit knows the first page as "/" alone; its name is what people type, since all others have theirs.
        Route(f"{base}/{SERVED[0].name}", _to("./")),
        # Streamlit answers these with /NAME, which lies outside the path of a proxy that strips one.
        *(Route(f"{base}/{view.name}/", _to(f"../{view.name}")) for view in SERVED),
        Mount(base + PREFIX, routes=[files, Mount("", app=_models)]),
    ]
    return [Route(base, _to(f"./{parts.rpartition('/')[2]}/")), *routes] if base else routes


ROUTES = below()
