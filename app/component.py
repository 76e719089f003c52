"""The one component: it places a view of `web/views` in a page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.assets import PREFIX, TRANSLATIONS, VERSION
from esvae_core.explore.views import SERVED

# Components run from a blob, so the page's modules are imported by absolute address; the browser's module cache then
# makes all of a page's parts share one session. The words of another language come before all that has words.
_JS = """
export default function (component) {
  const { parentElement, data } = component;
  const base = new URL(data.base, document.baseURI).href; // all pages lie side by side, whatever path is before them
  let gone = false;
  let leave = () => {};
  const web = `${base}/web/${data.version}`;
  const language = data.languages.length ? import(`${web}/language.js`) : null;
  Promise.resolve(language?.then(({ loadLanguage }) => loadLanguage(data.languages)))
    .then(() => import(`${web}/mount.js`))
    .then(({ mountView }) => mountView(parentElement, { ...data, base }, component.setStateValue))
    .then((dispose) => (gone ? dispose() : (leave = dispose)))
    .catch((error) => {
      parentElement.textContent = `The explorer could not be loaded: ${error.message}. A reload may help.`;
    });
  return () => {
    gone = true;
    leave();
  };
}
"""

_PAGES = tuple(view.name for view in SERVED if view.standalone)  # a list makes Streamlit import pandas
"""Views that can be taken along in one file."""
_LANGUAGES = tuple(TRANSLATIONS)


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component("esvae-stage", js=_JS)


def place_view(view: str, *, tells_model: bool = False) -> str | None:
    """Place a view.

    Args:
        view: Name of a module in web/views.
        tells_model: Whether the script hears which model is open, and runs again when that changes. Nothing else that
            happens in the page makes it run.

    Returns:
        Name of the model that is open in the page, as the page says it; None if it has not said so.
    """
    told = _component()(
        key=f"stage-{view}",
        data={
            "view": view,
            "base": PREFIX.lstrip("/"),
            "version": VERSION,
            "pages": _PAGES,
            "languages": _LANGUAGES,
            "tellsModel": tells_model,
        },
        default={"model": None},
        on_model_change=lambda: None,
    )
    model = told["model"]
    return model if isinstance(model, str) else None
