"""Group "disentanglement": DCI, MIG and SAP of the latent, against what images were made from or look like."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.attributes import CLASS, table_of
from esvae_core.data import ImageSet
from esvae_core.evaluation.adapter import EvaluationAdapter, RateAdapter, collect
from esvae_core.evaluation.attribute_intervention import attribute_intervention
from esvae_core.evaluation.factor_intervention import factor_intervention
from esvae_core.evaluation.factors import BINS, dci, mig, sap
from esvae_core.evaluation.random_subset import some
from esvae_core.evaluation.results import Figure, Group, Progress, over_seeds, silent

TEST_SHARE = 0.4
MEASURED = 2_000
"""Images whose attributes are measured, where it is not known what they were made from."""
FOLLOWED = 1_000
"""Of these, images whose taught neurons are made to fire otherwise."""
_FEWEST = 20  # of these


class TaughtFactors(NamedTuple):
    """What the first latent neurons of a model were taught.

    Attributes:
        names: K factors or attributes.
        levels: Of each, its values at evenly spaced rates from 0 to 1; () of factors in files of earlier versions.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[float, ...], ...] = ()


class Factors(NamedTuple):
    """What a latent is compared with.

    Attributes:
        images: N of them.
        names: F of them.
        values: (N, F).
        classes: (F,) which are classes; the others are numbers.
        measured: Whether they were measured from pixels, or came with the images as columns.
    """

    images: ImageSet
    names: tuple[str, ...]
    values: NDArray[np.float64]
    classes: NDArray[np.bool_]
    measured: bool


def factors_of(test: ImageSet) -> Factors | None:
    """The factors that images were made from, else attributes that are defined for each of some of them.

    Numbers and categories of at most BINS words count, without the data set's own classes; compounds of others and
    angles do not, nor what is undefined of more than half of the images. None if fewer than two are left.
    """
    if test.factors is not None:
        columns = test.factors
        whole = np.array([len(np.unique(column)) <= BINS and np.all(column % 1 == 0) for column in columns.T])
        return Factors(test, test.factor_names, columns, whole, measured=False)
    table = table_of(test := some(test, MEASURED))
    wanted = [
        k
        for k, attribute in enumerate(table.attributes)
        if attribute.kind != "circular"
        and not attribute.parts
        and (attribute.kind == "number" or (attribute.name != CLASS and len(attribute.categories) <= BINS))
        and np.isfinite(table.values[:, k]).mean() > 0.5
    ]
    values = table.values[:, wanted]
    known = np.isfinite(values).all(1)
    changing = [j for j, column in enumerate(values[known].T) if len(np.unique(column)) > 1]
    if known.sum() < _FEWEST or len(changing) < 2:
        return None
    kept = [table.attributes[wanted[j]] for j in changing]
    classes = np.array([attribute.kind == "category" for attribute in kept])
    names = tuple(attribute.name for attribute in kept)
    images = test.take(np.flatnonzero(known), test.split)
    return Factors(images, names, values[known][:, changing], classes, measured=True)


def disentanglement(
    adapter: EvaluationAdapter,
    test: ImageSet,
    *,
    taught: TaughtFactors | None = None,
    seeds: int = 3,
    report: Progress = silent,
) -> Group:
    """DCI, MIG and SAP of the codes of the test images; of a model that was taught factors, whether pictures follow.

    Images that were made from known factors are judged by these: one with at most 20 values, all whole numbers, is
    taken for classes, every other for a number. Of other images, attributes take their place, see `factors_of`.

    Args:
        adapter: the model.
        test: images; where nothing is known of them, the group says that it does not apply.
        taught: what the first latent neurons were taught: the factors of sprites, or attributes.
        seeds: splits of the test images into those that DCI and SAP learn on and those that they score; of the noise.
        report: progress.
    """
    compared = factors_of(test)
    if compared is None:
        note = "do not apply: nothing is known of the images"
        return Group(name="disentanglement", protocol="", figures=(Figure(name="DCI, MIG, SAP", note=note),))
    images, factor_names, factors, classes, measured = compared
    codes = collect(images, adapter.features, report).numpy().astype(np.float64)
    splits = [np.random.default_rng(seed).random(len(codes)) < TEST_SHARE for seed in range(seeds)]
    found = [dci(codes, factors, classes, split, seed) for seed, split in enumerate(splits)]
    gaps = [sap(codes, factors, classes, split) for split in splits]
    protocol = (
        f"{len(images):,} test images of {test.name}, {'measured attributes: ' if measured else ''}"
        f"{', '.join(factor_names)}; {TEST_SHARE:.0%} of them scored, the split drawn by seeds 0 to {seeds - 1}"
    )
    names = {"disentanglement": "Eastwood and Williams, ICLR 2018", "completeness": "", "informativeness": ""}
    figures = [over_seeds(f"DCI {name}", [getattr(one, name) for one in found], note) for name, note in names.items()]
    for k, name in enumerate(factor_names):
        shares = np.mean([one.importance[:, k] for one in found], axis=0)
        most = int(shares.argmax())
        note = f"{'accuracy' if classes[k] else 'R²'}; {shares[most]:.0%} of it from dimension {most}"
        figures.append(over_seeds(f"informativeness of {name}", [one.read[k] for one in found], note))
    figures += [
        Figure(name="MIG", value=mig(codes, factors), note="Chen et al., NeurIPS 2018"),
        over_seeds("SAP", gaps, "Kumar et al., ICLR 2018"),
    ]
    if taught is not None and isinstance(adapter, RateAdapter):
        figures += _followed(adapter, images, taught, seeds)
    return Group(name="disentanglement", protocol=protocol, figures=tuple(figures))


def _followed(adapter: RateAdapter, images: ImageSet, taught: TaughtFactors, seeds: int) -> list[Figure]:
    """How far pictures follow each taught neuron."""
    figures: list[Figure] = []
    if taught.names == images.factor_names:
        by_factor = zip(*(factor_intervention(adapter, images, seed) for seed in range(seeds)), strict=True)
        for k, (name, shares) in enumerate(zip(taught.names, by_factor, strict=True)):
            figures.append(over_seeds(f"{name} followed", shares, f"share of a change that neuron {k} alone makes"))
    part = some(images, FOLLOWED)
    if not taught.levels or taught.names == images.factor_names:
        return figures
    if set(taught.names) <= {attribute.name for attribute in table_of(part).attributes}:
        by_seed = [attribute_intervention(adapter, part, *taught, seed) for seed in range(seeds)]
        for k, (name, responses) in enumerate(zip(taught.names, zip(*by_seed, strict=True), strict=True)):
            note = f"share of the asked change that neuron {k} alone makes, {len(part):,} images"
            figures.append(over_seeds(f"{name} followed", [each.share for each in responses], note))
            note = "change of another taught attribute, both in standard deviations"
            figures.append(over_seeds(f"side effect of {name}", [each.side for each in responses], note))
    return figures
