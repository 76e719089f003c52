"""The app object that `streamlit run app/main.py` finds; routes for the front end will go here."""

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # Streamlit puts this folder on the import path; `app` itself lies above it

from app.trouble import report  # noqa: E402 - needs the line above

app = st.App(HERE / "explorer.py", on_script_error=report)
