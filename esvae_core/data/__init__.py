"""Data sets: a table of them, their readers, downloads and splits; and pictures from outside."""

from esvae_core.data.download import FileStatus, RemoteFile, cache_dir
from esvae_core.data.imageset import ImageSet, Split
from esvae_core.data.loading import fetch, load, verify
from esvae_core.data.pictures import open_image, to_model_input
from esvae_core.data.splits import divide
from esvae_core.data.sprites import Sprites, make_sprites
from esvae_core.data.table import DATASETS, DatasetSpec

__all__ = [
    "DATASETS",
    "DatasetSpec",
    "FileStatus",
    "ImageSet",
    "RemoteFile",
    "Split",
    "Sprites",
    "cache_dir",
    "divide",
    "fetch",
    "load",
    "make_sprites",
    "open_image",
    "to_model_input",
    "verify",
]
