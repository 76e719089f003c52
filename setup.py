"""Which folders become the package, and how a package index shows README.md; all else is in pyproject.toml.

The explorer and two checkpoints lie beside the library in the repository, and inside it where it is installed, so that
nothing but `esvae_core` is put among other packages: `app` would be everybody's name.

An index has none of the files that README.md links to. Where `ESVAE_SOURCE_URL` names the repository, as
https://github.com/USER/NAME, the links of the package's description lead there, and its pictures come from there.
Without it, the description has no pictures, and of links to files only their words.
"""

import os
import re
from pathlib import Path

from setuptools import find_packages, setup

EXPLORER = "esvae_core.explorer.app"
CHECKPOINTS = "esvae_core.checkpoints"

_PICTURE = re.compile(r"^!\[[^\]]*\]\((?![a-z]+:)[^)]*\)\n\n?", re.M)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def description(source: str) -> str:
    """README.md with the links and pictures of a repository at this address; with neither if that is empty."""
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    if not source:
        return _LINK.sub(r"\2", _PICTURE.sub("", text))

    def absolute(link: re.Match[str]) -> str:
        place = f"{source.rstrip('/')}/{'raw' if link[1] else 'blob'}/HEAD/{link[3]}{link[4] or ''}"
        return f"{link[1]}[{link[2]}]({place})"

    return _LINK.sub(absolute, text)


if __name__ == "__main__":
    setup(
        long_description=description(os.environ.get("ESVAE_SOURCE_URL", "")),
        long_description_content_type="text/markdown",
        packages=[
            *find_packages(include=["esvae_core*"]),
            *(name.replace("app", EXPLORER, 1) for name in find_packages(include=["app*"])),
            CHECKPOINTS,
        ],
        package_dir={EXPLORER: "app", CHECKPOINTS: "checkpoints"},
        package_data={
            "esvae_core": ["py.typed", "web/**/*"],
            EXPLORER: [".streamlit/config.toml", "*.css", "*.png"],
            CHECKPOINTS: ["SHA256SUMS", "mnist-poisson.*", "digits-plus.*", "mnist-32.originals.npz"],
        },
        include_package_data=False,
    )
