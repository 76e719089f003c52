"""What pictures would lose if weights came to the page as float16: `python -m benchmarks.half_precision NAME ...`.

Half the bytes, so a first picture sooner on a slow link; but a membrane that lies at its threshold fires or does not by
its last bits. Pictures of 200 test images' rates (the first of the model's atlas), own sampler and T, noise seed 7.
"""

from __future__ import annotations

import argparse

import numpy as np

from esvae_core.engine.plan import Plan
from esvae_core.errors import InputError
from esvae_core.explore import atlas as atlases
from esvae_core.explore.decode_rates import decode_rates
from esvae_core.explore.fixed_point import rounded
from esvae_core.explore.latent_interface import folded, read_explorable, sampler_of
from esvae_core.shipped import named

IMAGES, SEED = 200, 7


def compared(name: str) -> str:
    """A line for one shipped model with spikes."""
    path = named(name)
    plan = folded(read_explorable(path))
    if not isinstance(plan, Plan):
        raise InputError(f"{name}: expected a model with spikes")
    half = Plan(plan.config, {key: array.astype(np.float16).astype(np.float32) for key, array in plan.tensors.items()})
    units = rounded(atlases.load(atlases.beside(path)).rates[:IMAGES].astype(np.float64))
    sampler, steps = sampler_of(plan.config), plan.config.time_steps
    whole, less = (
        decode_rates(each, units, (SEED,), sampler=sampler, steps=steps).astype(np.int16) for each in (plan, half)
    )
    off = np.abs(whole - less)
    pictures = (off.reshape(len(off), -1).max(1) <= 1).mean()
    return (
        f"{name}: {(off <= 1).mean():.1%} of pixels and {pictures:.0%} of {len(off)} pictures stay the same to one grey"
        f" level; the largest difference is {off.max()}"
    )


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("names", nargs="+", metavar="NAME", help="of shipped models")
    for each in reader.parse_args().names:
        print(compared(each), flush=True)
