"""The script that runs at every visit and after every gesture: navigation, and the page that it chose."""

from pathlib import Path

import streamlit as st

from app.pages import dimensions, explore, generate, how, interpolate, map, models, spikes

HERE = Path(__file__).resolve().parent

PAGES = [
    st.Page(explore.page, title="Explore", url_path="explore", default=True),
    st.Page(spikes.page, title="Spikes", url_path="spikes"),
    st.Page(interpolate.page, title="Interpolate", url_path="interpolate"),
    st.Page(map.page, title="Map", url_path="map"),
    st.Page(generate.page, title="Generate", url_path="generate"),
    st.Page(dimensions.page, title="Dimensions", url_path="dimensions"),
    st.Page(models.page, title="Models", url_path="models"),
    st.Page(how.page, title="How it works", url_path="how"),
]

st.set_page_config(page_title="ESVAE explorer", page_icon=HERE / "icon.png", layout="wide")
st.html(HERE / "frame.css")
st.navigation(PAGES, position="top").run()
