"""Scikit-learn's bundled handwritten digits: 8x8 pixels of 17 gray levels, nothing to download."""

from __future__ import annotations

import hashlib

import numpy as np

from esvae_core.data.imageset import ImageSet, Request
from esvae_core.data.pictures import resize_all
from esvae_core.data.splits import held_out

_TEST_FRACTION = 1 / 6  # 300 of 1,797


def load(request: Request, class_names: tuple[str, ...]) -> ImageSet:
    """Load the digits; the set has no test split of its own, so a seeded sixth of each class serves as one."""
    from sklearn.datasets import load_digits  # a slow import, for this data set only

    bundle = load_digits()
    raw = np.round(bundle.images * (255 / 16)).astype(np.uint8)[:, None]
    labels = bundle.target.astype(np.int64)
    test = held_out(labels, _TEST_FRACTION, seed=0)
    indices = np.flatnonzero(test if request.part == "test" else ~test)
    images = resize_all(raw[indices], request.image_size, request.channels)
    sha256 = hashlib.sha256(raw.tobytes() + labels.tobytes()).hexdigest()
    return request.answer(images, labels[indices], class_names, sha256)
