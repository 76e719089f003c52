"""The app object that `streamlit run app/main.py` finds: the script, and routes for the page's files and models."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # Streamlit puts this folder on the import path; `app` itself lies above it

from app import security, settings, uploads  # noqa: E402 - needs the line above
from app.error_handler import report  # noqa: E402
from app.limits import Patience  # noqa: E402
from app.preload import Preload  # noqa: E402
from esvae_core.errors import ConfigError, InputError  # noqa: E402

settings.apply()
try:
    from app.routes import below, open_first  # reads translations

    allowed = security.hosts(st.get_option("server.address"), os.environ.get(security.HOSTS_OPTION, ""))
    embedders = security.ancestors(os.environ.get(security.ANCESTORS_OPTION, ""))
except (ConfigError, InputError) as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)

app: Any = st.App(
    HERE / "explorer.py",
    routes=below(st.get_option("server.baseUrlPath")),
    middleware=[
        Middleware(security.Guard, allowed, security.content_security_policy(embedders)),
        Middleware(Preload),
    ],
    on_script_error=report,
)
# Under the same name: Streamlit looks for an st.App in this text, and serves what then has the name.
app = uploads.RemovedAtEnd(Patience(app))
# What reads models is imported, and the first one read, while the browser fetches the page.
threading.Thread(target=open_first, name="opens the first model", daemon=True).start()
