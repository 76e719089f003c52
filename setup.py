"""Which folders become the package; all else is in pyproject.toml.

The explorer and two checkpoints lie beside the library in the repository, and inside it where it is installed, so that
nothing but `esvae_core` is put among other packages: `app` would be everybody's name.
"""

from setuptools import find_packages, setup

EXPLORER = "esvae_core.explorer.app"
CHECKPOINTS = "esvae_core.checkpoints"

setup(
    packages=[
        *find_packages(include=["esvae_core*"]),
        *(name.replace("app", EXPLORER, 1) for name in find_packages(include=["app*"])),
        CHECKPOINTS,
    ],
    package_dir={EXPLORER: "app", CHECKPOINTS: "checkpoints"},
    package_data={
        "esvae_core": ["py.typed", "web/**/*"],
        EXPLORER: [".streamlit/config.toml", "*.css", "*.png"],
        CHECKPOINTS: ["mnist-poisson.*", "digits-plus.*"],
    },
    include_package_data=False,
)
