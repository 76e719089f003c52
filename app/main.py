"""The app object that `streamlit run app/main.py` finds: the script, and routes for the page's files and models."""

import sys
import threading
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # Streamlit puts this folder on the import path; `app` itself lies above it

from app.routes import ROUTES, models  # noqa: E402 - needs the line above
from app.trouble import report  # noqa: E402

app = st.App(HERE / "frame" / "explorer.py", routes=ROUTES, on_script_error=report)
# PyTorch loads while the browser fetches the page.
threading.Thread(target=models, name="loads the models' routes", daemon=True).start()
