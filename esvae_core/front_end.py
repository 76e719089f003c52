"""Where the files lie of which the page consists: plain ES modules, style sheets and the WebAssembly engine.

They are data of the package, so that an installed library can serve them, or write them into a file of their own.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

FRONT_END = Path(str(files("esvae_core"))) / "web"
