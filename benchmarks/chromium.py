"""Debian's Chromium, as tests and benchmarks start it."""

from __future__ import annotations

import shutil

PATH = shutil.which("chromium") or shutil.which("chromium-browser")
"""Where it is; None where there is none."""
# From version 156 on, each window draws two lists of suggestions for an address line that nobody sees: .7 s of a core a
# page. Chromium takes the last such option, so those that Playwright switches off are named again.
_UNUSED = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--disable-features={','.join(_UNUSED)}"]
"""Of a browser that runs as root and opens no address but the tests'."""
