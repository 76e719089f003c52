"""Group "disentanglement": DCI, MIG and SAP of the latent, where it is known what each image was made from."""

from __future__ import annotations

import numpy as np

from esvae_core.data import ImageSet
from esvae_core.evaluation.adapter import EvaluationAdapter, RateAdapter, collect
from esvae_core.evaluation.factor_intervention import factor_intervention
from esvae_core.evaluation.factors import BINS, dci, mig, sap
from esvae_core.evaluation.results import Figure, Group, Report, over_seeds, silent

TEST_SHARE = 0.4


def disentanglement(
    adapter: EvaluationAdapter, test: ImageSet, *, taught: bool = False, seeds: int = 3, report: Report = silent
) -> Group:
    """DCI, MIG and SAP of the codes of the test images; of a model that was taught factors, whether pictures follow.

    A factor with at most 20 values, all whole numbers, is taken for classes; every other for a number.

    Args:
        adapter: the model.
        test: images with `factors`; without them the group says that it does not apply.
        taught: whether the first latent neurons were taught these factors, which are those of sprites then.
        seeds: splits of the test images into those that DCI and SAP learn on and those that they score; of the noise.
        report: progress.
    """
    if test.factors is None:
        note = "do not apply: what the images were made from is not known"
        return Group(name="disentanglement", protocol="", figures=(Figure(name="DCI, MIG, SAP", note=note),))
    codes = collect(test, adapter.features, report).numpy().astype(np.float64)
    factors = test.factors
    classes = np.array([len(np.unique(column)) <= BINS and np.all(column % 1 == 0) for column in factors.T])
    splits = [np.random.default_rng(seed).random(len(codes)) < TEST_SHARE for seed in range(seeds)]
    found = [dci(codes, factors, classes, split, seed) for seed, split in enumerate(splits)]
    gaps = [sap(codes, factors, classes, split) for split in splits]
    protocol = (
        f"{len(test):,} test images of {test.name}, {', '.join(test.factor_names)}; "
        f"{TEST_SHARE:.0%} of them scored, the split drawn by seeds 0 to {seeds - 1}"
    )
    names = {"disentanglement": "Eastwood and Williams, ICLR 2018", "completeness": "", "informativeness": ""}
    figures = [over_seeds(f"DCI {name}", [getattr(one, name) for one in found], note) for name, note in names.items()]
    for k, name in enumerate(test.factor_names):
        shares = np.mean([one.importance[:, k] for one in found], axis=0)
        most = int(shares.argmax())
        note = f"{'accuracy' if classes[k] else 'R²'}; {shares[most]:.0%} of it from dimension {most}"
        figures.append(over_seeds(f"informativeness of {name}", [one.read[k] for one in found], note))
    figures += [
        Figure(name="MIG", value=mig(codes, factors), note="Chen et al., NeurIPS 2018"),
        over_seeds("SAP", gaps, "Kumar et al., ICLR 2018"),
    ]
    if taught and isinstance(adapter, RateAdapter):
        by_factor = zip(*(factor_intervention(adapter, test, seed) for seed in range(seeds)), strict=True)
        for k, (name, shares) in enumerate(zip(test.factor_names, by_factor, strict=True)):
            figures.append(over_seeds(f"{name} followed", shares, f"share of a change that neuron {k} alone makes"))
    return Group(name="disentanglement", protocol=protocol, figures=tuple(figures))
