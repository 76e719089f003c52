"""What a control does on images that it was not fitted to: response, side effects, class kept, distance from data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.attributes import CLASS
from esvae_core.controls.calibration import ResponseProbe
from esvae_core.controls.directions import KNOTS, Control, Evidence, Response
from esvae_core.controls.fields import bystanders
from esvae_core.controls.measured import Attribute

ASKED = {"attribute": (-2.0, -1.0, 1.0, 2.0), "category": (0.5, 1.0), "component": (-2.0, 2.0)}
_FURTHER = (-3.0, 3.0)  # asked of attributes on validation images alone, to know how far they reach
GIVEN = 0.5
"""Share of what is asked that must come for an attribute to count as steerable, and that bounds the reach."""
_READ = 0.1  # R^2 below which nothing is said to be read
_READ_AUC = 0.6  # the same for categories
_ABOVE_NOISE = 1.2  # times the change by drawing anew that a component must make
_RIDGE = 1e-3

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judge:
    """Images of one split, and the training images' latents that distances are measured to.

    Attributes:
        split: Its name.
        probe: The images' latents and pictures.
        train: (M, d) places of training images.
        pixels: (N, C, H, W) pictures of the images' latents.
        redrawn: (N,) mean absolute change per pixel when a picture is drawn anew.
    """

    split: str
    probe: ResponseProbe
    train: F64
    pixels: NDArray[np.uint8]
    redrawn: F64

    @classmethod
    def of(cls, split: str, probe: ResponseProbe, train: F64) -> Judge:
        """Draw the pictures anew, to know what noise alone does."""
        pixels, again = probe.pixels(probe.places), replace(probe, seed=probe.seed + 1).pixels(probe.places)
        return cls(split, probe, train, pixels, _difference(again, pixels))

    def judge(self, control: Control, k: int | None, word: int | None, reading: float) -> Evidence:
        """Evidence for a control.

        Args:
            control: The control.
            k: Number of its attribute; None for a component.
            word: Of a category: which word.
            reading: How well it is read from the latent.
        """
        nearest = _nearest(self.train, self.probe.places)
        asked = ASKED[control.source]
        if control.source == "attribute" and self.split == "validation":
            asked = tuple(sorted((*asked, *_FURTHER)))
        noise = float(self.redrawn.mean()) if control.source == "component" else None
        responses = tuple(self._response(control, k, word, each, nearest) for each in asked)
        return Evidence(self.split, len(self.probe.places), reading, noise, responses)

    def _response(self, control: Control, k: int | None, word: int | None, asked: float, nearest: F64) -> Response:
        probe = self.probe
        far = float(np.interp(asked, KNOTS, control.gain))
        places = probe.go(control.field(far), far)
        pixels = probe.pixels(places)
        after = probe.meter.read(pixels)
        change = probe.meter.change(after.numbers, probe.before.numbers)
        attributes = probe.meter.attributes
        own = attributes[k].name if k is not None else ""
        side, size = "", 0.0
        for j in bystanders(probe.meter, k):
            mean = _mean(change[:, j])
            if abs(mean) > abs(size):
                side, size = attributes[j].name, mean
        kept = None
        if CLASS in after.shares and own != CLASS:
            kept = float((after.shares[CLASS].argmax(1) == probe.before.shares[CLASS].argmax(1)).mean())
        if k is None:
            values = _difference(pixels, self.pixels)
        elif word is None:
            values = change[:, k]
        else:
            others = probe.before.shares[own].argmax(1) != word
            values = (after.shares[own].argmax(1) == word)[others].astype(np.float64)
        values = values[np.isfinite(values)]
        return Response(
            asked=asked,
            got=_mean(values),
            deviation=float(values.std()) if len(values) else 0.0,
            side=side,
            side_effect=size,
            class_kept=kept,
            distance=float(np.median(_nearest(self.train, places)) / max(float(np.median(nearest)), 1e-9)),
        )


def verdict(control: Control, evidence: Evidence) -> tuple[str, tuple[float, float]]:
    """Why pictures do not follow a control, "" if they do; and how far it reaches."""
    if control.source == "component":
        moved = max(each.got for each in evidence.responses)
        noise = evidence.noise or 0.0
        why = "" if moved > _ABOVE_NOISE * noise else f"changes pictures by {moved:.3f}, drawing anew by {noise:.3f}"
        return why, (-KNOTS[-1], KNOTS[-1])
    if control.source == "category":
        shares = {each.asked: each.got for each in evidence.responses}
        why = "" if shares[1.0] >= GIVEN else f"{shares[1.0]:.0%} of the pictures come to be read as it"
        return why, (0.0, 1.0)
    low, high = (_reach(evidence, side) for side in (-1, 1))
    given = min(abs(low), high)
    if given >= 1:
        return "", (low, high)
    at = [evidence.at(side) for side in (-1.0, 1.0)]
    shares_given = ", ".join(f"{each.got:+.2f} for {each.asked:+.0f}" for each in at if each is not None)
    return f"pictures hardly follow: {shares_given}", (low, high)


def unread(attribute: Attribute, reading: float, what: str) -> str:
    """Why there is nothing to steer where a reading fails; "" where it succeeds."""
    least, name = (_READ_AUC, "AUC") if attribute.kind == "category" else (_READ, "R^2")
    return "" if reading >= least else f"cannot be read from {what}: {name} {reading:.2f}"


def linear_reading(
    train: F64, values: F64, places: F64, truth: F64, attribute: Attribute, word: int | None = None
) -> float:
    """How well an attribute is read from the latent by ridge regression: R^2; of one word of a category, AUC.

    Args:
        train, values: (M, d) places of training images and their attribute.
        places, truth: (N, d) and (N,) of the images that are judged by.
        attribute: Which.
        word: Number of the word, of a category.
    """
    known, seen = np.isfinite(values), np.isfinite(truth)
    if known.sum() < 2 or seen.sum() < 2:
        return 0.0
    middle = train[known].mean(0)
    x, y = _target(values[known], attribute, word), _target(truth[seen], attribute, word)
    base = x.mean(0)
    centred = train[known] - middle
    gram = centred.T @ centred
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    read = (places[seen] - middle) @ np.linalg.solve(gram, centred.T @ (x - base)) + base
    return score(read, y, word is not None)


def score(read: F64, truth: F64, category: bool) -> float:
    """AUC of (N, 1) readings of a word, R^2 of (N, c) others; 0 where the truth never changes."""
    if category:
        from sklearn.metrics import roc_auc_score

        return float(roc_auc_score(truth[:, 0], read[:, 0])) if 0 < truth.mean() < 1 else 0.0
    spread = ((truth - truth.mean(0)) ** 2).sum()
    return float(1 - ((truth - read) ** 2).sum() / spread) if spread > 0 else 0.0


def picture_reading(read: F64, truth: F64, attribute: Attribute) -> float:
    """How well a meter reads a number (N,) off real pictures: R^2."""
    known = np.isfinite(read) & np.isfinite(truth)
    if known.sum() < 2:
        return 0.0
    return score(_target(read[known], attribute, None), _target(truth[known], attribute, None), False)


def _target(values: F64, attribute: Attribute, word: int | None) -> F64:
    """(N, c) what is read: the number, cosine and sine of a circular one, or whether it is the word."""
    if word is not None:
        chosen: F64 = (values == word).astype(np.float64)[:, None]
        return chosen
    if attribute.kind == "circular":
        angle = values * (2 * np.pi / attribute.period)
        pair: F64 = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return pair
    column: F64 = values[:, None]
    return column


def _reach(evidence: Evidence, side: int) -> float:
    """The largest amount on that side up to which at least half is given, linear between those asked."""
    reach, before, share_before = 0.0, 0.0, 1.0
    for each in sorted((r for r in evidence.responses if r.asked * side > 0), key=lambda r: abs(r.asked)):
        share = each.got / each.asked
        if share < GIVEN:
            if share_before > share:
                reach = before + (abs(each.asked) - before) * (share_before - GIVEN) / (share_before - share)
            break
        before, share_before = abs(each.asked), share
        reach = before
    return float(side * reach) if reach else 0.0


def _nearest(train: F64, places: F64) -> F64:
    """(N,) distance to the nearest training image; the images themselves are not among them."""
    from sklearn.neighbors import NearestNeighbors

    found: F64 = NearestNeighbors(n_neighbors=1).fit(train).kneighbors(places)[0][:, 0]
    return found


def _difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> F64:
    """(N,) mean absolute difference per pixel, on the scale 0 to 2."""
    difference: F64 = np.abs(a.astype(np.int16) - b).mean(axis=(1, 2, 3)) / 127.5
    return difference


def _mean(values: F64) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0
