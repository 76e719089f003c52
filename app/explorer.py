"""The script that runs at every visit and every touch: the frame around all pages."""

from pathlib import Path

import streamlit as st

from app.pages import explore

HERE = Path(__file__).resolve().parent

st.set_page_config(page_title="ESVAE explorer", page_icon=HERE / "icon.png", layout="wide")
st.html(HERE / "style.css")
st.navigation([st.Page(explore.page, title="Explore", url_path="explore", default=True)], position="hidden").run()
