"""Debian's Chromium, as tests and benchmarks start it."""

from __future__ import annotations

import shutil

PATH = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
"""Where it is; None where there is none.

The build without windows comes first: a visit takes 3.2 s of a core with it, and 5.2 s with the other.
"""
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
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--font-render-hinting=none",  # as the build with windows
    f"--disable-features={','.join(_UNUSED)}",
]
"""Of a browser that runs as root and opens no address but the tests'."""
