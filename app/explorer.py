"""The script that runs at every visit and change of view: navigation, and the page that it chose."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app import models_page
from app.component import place_view
from esvae_core.explore.views import SERVED, View

HERE = Path(__file__).resolve().parent


def _page(view: View) -> Callable[[], None]:
    """What draws a view."""
    if view.name == "models":
        return models_page.page

    def page() -> None:
        place_view(view.module)

    return page


PAGES = [st.Page(_page(view), title=view.title, url_path=view.name, default=view is SERVED[0]) for view in SERVED]

st.set_page_config(page_title="ESVAE explorer", page_icon=HERE / "icon.png", layout="wide")
st.html(HERE / "explorer.css")
st.navigation(PAGES, position="top").run()
