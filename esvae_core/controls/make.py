"""Makes the controls of a model: fits them on training images, calibrates them, and gathers the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.attributes import table_of
from esvae_core.controls.calibration import ResponseProbe, corrected, gain_of, gain_of_word
from esvae_core.controls.components import components, resemblance
from esvae_core.controls.correlation import FITTED, some
from esvae_core.controls.directions import KNOTS, Control, Coordinates, Field, Source, straight, to_coordinates
from esvae_core.controls.evidence import Judge, linear_reading, picture_reading, score, unread, verdict
from esvae_core.controls.fields import MOST_WORDS, RANK, category_fields, field_of, pairs_of
from esvae_core.controls.latent import Latent
from esvae_core.controls.measured import Attribute
from esvae_core.controls.meter import Meter
from esvae_core.data.imageset import ImageSet
from esvae_core.errors import InputError
from esvae_core.image_model import ImageModel

SOURCES = 100
"""Of these, how many are moved, decoded and measured to calibrate."""
READ = 1000
"""Validation images by whose latents readings are judged."""
_FEWEST = 20  # images of a split

F64 = NDArray[np.float64]
Progress = Callable[[str, int, int], None]


def make_controls(
    model: ImageModel,
    train: ImageSet,
    validation: ImageSet,
    test: ImageSet,
    *,
    images: int = 300,
    coordinates: Coordinates | None = None,
    seed: int = 0,
    report: Progress | None = None,
) -> tuple[Control, ...]:
    """Controls of a model, those that pictures follow first.

    Everything is fitted and calibrated on training images; what can be steered and how far is decided on validation
    images; the figures on test images decide nothing.

    Args:
        model: The model.
        train, validation, test: Images of its size.
        images: Test images that are moved for the evidence; of validation images half as many.
        coordinates: 'plain' or 'arcsine'; unless given, arcsine for firing rates and plain for other latents.
        seed: Of every choice and of the noise.
        report: Called with what is being done, how many parts are done, and of how many.

    Raises:
        InputError: fewer than 20 images in a split, or nothing is known of them.
        KindError: the model's latent is no vector of numbers.
    """
    _enough(train, validation, test)
    maker = _Maker(model, train, validation, test, images, coordinates, seed, report or (lambda what, i, n: None))
    return maker.made()


def judged_again(
    model: ImageModel,
    controls: Iterable[Control],
    train: ImageSet,
    validation: ImageSet,
    test: ImageSet,
    *,
    images: int,
    seed: int = 0,
    report: Progress | None = None,
) -> tuple[Control, ...]:
    """The same controls in the same order, with evidence on other test images, or on more of them.

    Args:
        model, train, validation, test, images, seed, report: As of `make_controls`; with the seed that made the
            controls, the first of the test images are those that they were judged on.
        controls: What `make_controls` gave.

    Raises:
        InputError, KindError: as `make_controls`; or a control is of an attribute that these images do not have.
    """
    controls = tuple(controls)
    _enough(train, validation, test)
    coordinates = controls[0].coordinates if controls else None
    maker = _Maker(model, train, validation, test, images, coordinates, seed, report or (lambda what, i, n: None))
    return tuple(maker.judged_again(control, i, len(controls)) for i, control in enumerate(controls))


def _enough(*splits: ImageSet) -> None:
    for data in splits:
        if len(data) < _FEWEST:
            raise InputError(f"controls: expected {_FEWEST} images or more of the {data.split} split, got {len(data)}")


class _Maker:
    """One run of `make_controls`: what its parts share."""

    def __init__(
        self,
        model: ImageModel,
        train: ImageSet,
        validation: ImageSet,
        test: ImageSet,
        images: int,
        coordinates: Coordinates | None,
        seed: int,
        report: Progress,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.report, self.seed, self.latent = report, seed, Latent(model)
        self.coordinates: Coordinates = coordinates or ("arcsine" if self.latent.spiking else "plain")
        train, validation = some(train, FITTED, rng), some(validation, READ, rng)
        test = some(test, images, rng)
        report("measuring images", 0, 1)
        self.table, self.known = table_of(train), table_of(validation)
        if not self.table.attributes:
            raise InputError(f"controls: nothing is known of the images of {train.name}")
        report("learning to read pictures", 0, 1)
        self.meter = Meter(train, self.table, seed)
        report("encoding", 0, 1)
        self.places, self.judged = self._placed(train), self._placed(validation)
        self.middle = self.places.mean(0)
        chosen = rng.permutation(len(self.places))[:SOURCES]
        self.probe = self._probe(self.places[chosen], 0)
        few = self.judged[: max(_FEWEST, images // 2)]
        others = np.delete(self.places, chosen, axis=0) if len(self.places) > SOURCES else self.places
        self.judges = [
            Judge.of(data.split, self._probe(places, i), others)
            for i, (data, places) in enumerate(((validation, few), (test, self._placed(test))), 1)
        ]
        self.off_pictures = self.meter.read(validation.images)

    @cached_property
    def components(self) -> dict[str, tuple[F64, F64]]:
        """Directions without labels."""
        return components(self.places, self.seed)

    def made(self) -> tuple[Control, ...]:
        controls = [*self._attributes(), *self._categories(), *self._components()]
        return tuple(sorted(controls, key=_rank))

    def judged_again(self, control: Control, done: int, total: int) -> Control:
        """A control with its evidence on test images measured anew; one without such evidence as it is."""
        known = [evidence for evidence in control.evidence if evidence.split == self.judges[-1].split]
        if not known:
            return control
        self.report("judging", done, total)
        names = [attribute.name for attribute in self.table.attributes]
        if control.attribute not in names:
            raise InputError(f"controls: {control.name} moves {control.attribute}, which these images do not have")
        k = names.index(control.attribute)
        word = None
        if control.source == "category":
            word = self.table.attributes[k].categories.index(control.name.removeprefix(f"{control.attribute}:"))
        again = self.judges[-1].judge(control, k, word, known[0].reading)
        kept = (evidence for evidence in control.evidence if evidence not in known)
        return replace(control, evidence=(*kept, again))

    # ---- the three kinds -----------------------------------------------------------------------------------------

    def _attributes(self) -> list[Control]:
        """Numbers: fields between neighbours, mixed so that each moves its own, and a gain curve."""
        attributes, controls = self.table.attributes, []
        fields, readings = {}, {}
        pairs = pairs_of(self.places, self.table, self.meter, self.seed)
        for k, attribute in enumerate(attributes):
            if attribute.kind == "category":
                continue
            readings[k] = self._reading(k)
            truth, read = self.known.values[:, k], self.off_pictures.numbers[:, k]
            seen = 1.0 if attribute.from_pixels else picture_reading(read, truth, attribute)
            why = unread(attribute, seen, "pictures") or unread(attribute, readings[k], "the latent")
            if why:
                controls.append(self._control(attribute.name, "attribute", k, straight(0 * self.middle), why=why))
            else:
                fields[k] = field_of(pairs, self.meter, k).reduced(RANK)
        self.report("calibrating", 0, len(fields))
        helpers = [straight(step) for name, (step, _) in self.components.items() if name.startswith("principal")]
        for i, (k, (up, down)) in enumerate(corrected(self.probe, fields, helpers)):
            self.report("calibrating", i, len(fields))
            gain = gain_of(self.probe, up, down, k)
            control = self._control(attributes[k].name, "attribute", k, up, gain, down=down)
            controls.append(self._with_evidence(control, k, None, readings[k]))
        return controls

    def _categories(self) -> list[Control]:
        """Words of categories, at constant numbers."""
        controls = []
        for k, attribute in enumerate(self.table.attributes):
            if attribute.kind != "category" or len(attribute.categories) > MOST_WORDS:
                continue
            fields = category_fields(self.places, self.table, self.meter, k)
            for i, (word, field) in enumerate(fields.items()):
                self.report(f"calibrating {attribute.name}", i, len(fields))
                name = f"{attribute.name}:{attribute.categories[word]}"
                reading = self._reading(k, word)
                why = unread(attribute, self._picture_auc(k, word), "pictures") or unread(
                    attribute, reading, "the latent"
                )
                if why:
                    controls.append(self._control(name, "category", k, straight(0 * self.middle), why=why))
                    continue
                gain = gain_of_word(self.probe, field, attribute.name, word)
                control = self._control(name, "category", k, field, gain)
                controls.append(self._with_evidence(control, k, word, reading))
        return controls

    def _components(self) -> list[Control]:
        """Principal and independent components, each with what it resembles."""
        controls = []
        for i, (name, (step, weights)) in enumerate(self.components.items()):
            self.report("trying components", i, len(self.components))
            scores = (self.judged - self.middle) @ weights
            like, correlation = resemblance(scores, self.known.attributes, self.known.values)
            control = self._control(name, "component", None, straight(step), np.array(KNOTS), attribute=like)
            controls.append(self._with_evidence(control, None, None, correlation))
        return controls

    # ---- parts of them -------------------------------------------------------------------------------------------

    def _control(
        self,
        name: str,
        source: Source,
        k: int | None,
        field: Field,
        gain: F64 | None = None,
        *,
        down: Field | None = None,
        why: str = "",
        attribute: str = "",
    ) -> Control:
        """A control without evidence, as its file will hold it; one that says why there is nothing to steer."""
        own: Attribute | None = None if k is None else self.table.attributes[k]
        number = own is not None and own.kind != "category"
        up = _as_in_a_file(field)
        return Control(
            name=name,
            source=source,
            attribute=own.name if own else attribute,
            unit=own.unit if own and number else "",
            size=float(self.meter.scale[k]) if k is not None and number else 1.0,
            steerable=not why,
            why=why,
            reach=(0.0, 0.0),
            evidence=(),
            coordinates=self.coordinates,
            middle=_exact(self.middle, np.float32),
            up=up,
            down=up if down is None else _as_in_a_file(down),
            gain=_exact(np.zeros(len(KNOTS)) if gain is None else gain, np.float32),
        )

    def _with_evidence(self, control: Control, k: int | None, word: int | None, reading: float) -> Control:
        judges = self.judges[:1] if control.source == "component" else self.judges  # nothing was fitted to labels
        evidence = tuple(judge.judge(control, k, word, reading) for judge in judges)
        why, reach = verdict(control, evidence[0])
        return replace(control, evidence=evidence, steerable=not why, why=why, reach=reach)

    def _reading(self, k: int, word: int | None = None) -> float:
        return linear_reading(
            self.places,
            self.table.values[:, k],
            self.judged,
            self.known.values[:, k],
            self.table.attributes[k],
            word,
        )

    def _picture_auc(self, k: int, word: int) -> float:
        truth = self.known.values[:, k]
        known = np.isfinite(truth)
        shares = self.off_pictures.shares[self.table.attributes[k].name][known, word]
        return score(shares[:, None], (truth[known] == word).astype(np.float64)[:, None], True)

    def _placed(self, data: ImageSet) -> F64:
        return to_coordinates(self.latent.heights(data), self.coordinates)

    def _probe(self, places: F64, number: int) -> ResponseProbe:
        return ResponseProbe.of(
            self.latent, self.meter, self.coordinates, self.middle, places, self.seed + 1000 * number
        )


def _as_in_a_file(field: Field) -> Field:
    return Field(_exact(field.shift, np.float32), _exact(field.left, np.float16), _exact(field.right, np.float16))


def _exact(values: F64, kind: type[np.floating]) -> F64:
    """Numbers as a file of that precision holds them."""
    return values.astype(kind).astype(np.float64)


def _rank(control: Control) -> tuple[int, int, float]:
    """Those that pictures follow first; numbers, categories, components; in each kind the strongest first."""
    kinds = {"attribute": 0, "category": 1, "component": 2, "hand": 3}
    strength = 0.0
    if control.evidence:
        evidence = control.evidence[0]
        given = [abs(each.got / each.asked) for each in evidence.responses if abs(each.asked) in (1.0, 2.0)]
        strength = min(given, default=0.0)
        if control.source == "component":
            strength = sum(given) / max(evidence.noise or 0.0, 1e-3)
    return int(not control.steerable), kinds[control.source], -strength
