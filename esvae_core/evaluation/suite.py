"""The suite: groups of figures, assembled, timed, and kept so that a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from esvae_core.checkpoint import Metric
from esvae_core.data import ImageSet
from esvae_core.errors import InputError
from esvae_core.evaluation.adapter import EvaluationAdapter, RateAdapter, SpikingAdapter
from esvae_core.evaluation.cost import cost
from esvae_core.evaluation.disentanglement import TaughtFactors, disentanglement
from esvae_core.evaluation.feature_net import FeatureFile
from esvae_core.evaluation.generation import FADS, FLOOR, generation
from esvae_core.evaluation.latent_space import latent_space
from esvae_core.evaluation.random_subset import some
from esvae_core.evaluation.reconstruction import MSE, reconstruction
from esvae_core.evaluation.results import Group, Progress
from esvae_core.evaluation.robustness import robustness
from esvae_core.evaluation.sampling_error import sampling_error
from esvae_core.files import read_regular, write_atomically

VERSION = 2
"""Of the protocols; a change to any of them raises it, and nothing measured before is mixed with what comes after."""


class SuiteSize(BaseModel):
    """How much is measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What to call it.")
    seeds: int = Field(3, ge=1, description="Noise seeds.")
    images: int | None = Field(None, ge=2, description="Test images at most, drawn at random; none: all.")
    train_images: int | None = Field(None, ge=2, description="Train images at most, drawn at random; none: all.")
    samples: int = Field(10_000, ge=10, description="New pictures per seed.")
    sampling_images: int = Field(2_500, ge=1, description="Images for the error of sampling.")
    curve_images: int = Field(500, ge=1, description="Images per point of a robustness curve.")
    cost_images: int = Field(1_000, ge=1, description="Images on which operations are counted.")


FULL = SuiteSize(name="full")
QUICK = SuiteSize(
    name="quick",
    seeds=2,
    images=500,
    train_images=2_000,
    samples=500,
    sampling_images=100,
    curve_images=50,
    cost_images=100,
)


@dataclass(frozen=True)
class EvaluationTask:
    """A model on a data set, ready to be measured."""

    adapter: EvaluationAdapter
    test: ImageSet
    train: Callable[[], ImageSet]
    """Read only where a group needs it."""
    plan: SuiteSize = FULL
    net: FeatureFile | None = None
    inception: Path | None = None
    taught: TaughtFactors | None = None
    """What the first latent neurons were taught."""


class SuiteReport(BaseModel):
    """Everything that was measured of one model on one data set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    checkpoint_sha256: str = Field(description="Hash of the model's tensors.")
    dataset: str
    dataset_sha256: str
    split: str
    plan: SuiteSize
    time_steps: int | None = Field(None, description="T, where there is time.")
    sampler: str | None = Field(None, description="How rates became spikes, where there are rates.")
    version: int = VERSION
    groups: tuple[Group, ...] = ()

    def metrics(self) -> tuple[Metric, ...]:
        """Error and FAD as a checkpoint's header keeps them, those that were measured; beside FAD its floor."""
        setting = (self.time_steps and f"T = {self.time_steps}", self.sampler and f"{self.sampler} sampling")
        how = ", ".join(word for word in (*setting, f"{self.split} split of {self.dataset}") if word)
        figures = {figure.name: figure for group in self.groups for figure in group.figures}
        found = []
        for name, title in {"mse": MSE, "fad_published": FADS[0], "fad": FADS[1]}.items():
            figure, floor = figures.get(title), figures.get(f"{title}: {FLOOR}")
            if figure is None or figure.value is None:
                continue
            words = how if figure.deviation is None else f"{how}; ± {figure.deviation:.2g} over {self.plan.seeds} seeds"
            if floor is not None:
                words += f"; {self.plan.samples:,} samples; random train images score {floor.value:.2f}"
            found.append(Metric(name=name, value=figure.value, protocol=words))
        return tuple(found)


def _reconstruction(task: EvaluationTask, report: Progress) -> Group:
    return reconstruction(task.adapter, some(task.test, task.plan.images), seeds=task.plan.seeds, report=report)


def _sampling(task: EvaluationTask, report: Progress) -> Group:
    images = some(task.test, task.plan.sampling_images)
    return sampling_error(task.adapter, images, seeds=task.plan.seeds, report=report)


def _generation(task: EvaluationTask, report: Progress) -> Group:
    plan = task.plan
    return generation(
        task.adapter,
        some(task.test, plan.images),
        some(task.train(), plan.train_images),
        net=task.net,
        inception=task.inception,
        samples=plan.samples,
        seeds=plan.seeds,
        report=report,
    )


def _latent(task: EvaluationTask, report: Progress) -> Group:
    plan = task.plan
    test, train = some(task.test, plan.images), some(task.train(), plan.train_images)
    return latent_space(task.adapter, test, train, seeds=plan.seeds, report=report)


def _robustness(task: EvaluationTask, report: Progress) -> Group:
    images = some(task.test, task.plan.curve_images)
    return robustness(task.adapter, images, seeds=task.plan.seeds, report=report)


def _disentanglement(task: EvaluationTask, report: Progress) -> Group:
    images = some(task.test, task.plan.images)
    return disentanglement(task.adapter, images, taught=task.taught, seeds=task.plan.seeds, report=report)


def _cost(task: EvaluationTask, report: Progress) -> Group:
    return cost(task.adapter, some(task.test, task.plan.cost_images), report=report)


GROUPS: dict[str, Callable[[EvaluationTask, Progress], Group]] = {
    "reconstruction": _reconstruction,
    "sampling": _sampling,
    "generation": _generation,
    "latent": _latent,
    "disentanglement": _disentanglement,
    "robustness": _robustness,
    "cost": _cost,
}


def parse_suite(text: str) -> tuple[SuiteSize, tuple[str, ...]]:
    """'full', 'quick', or 'GROUP[,GROUP]' with the full plan -> plan and groups.

    Raises:
        InputError: names what is not known.
    """
    if text in ("full", "quick"):
        return (FULL if text == "full" else QUICK), tuple(GROUPS)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in GROUPS:
            raise InputError(f"--suite {text}: {name!r} is not known; there are full, quick, {', '.join(GROUPS)}")
    return FULL, names


def run_suite(
    task: EvaluationTask,
    name: str,
    groups: Iterable[str] = tuple(GROUPS),
    *,
    kept: Path | None = None,
    report: Callable[[str, int, int], None] = lambda group, done, total: None,
) -> SuiteReport:
    """Measure the groups one after the other.

    Args:
        task: what is measured, on what, how thoroughly.
        name: of the model, for people.
        groups: names out of GROUPS.
        kept: a file in which finished groups are kept and from which they are taken; each under a key of the model's
            tensors, the data, the plan and all else that figures depend on, so that no two are ever mixed.
        report: called with group, pieces done and in total.

    Raises:
        InputError: if `kept` is not such a file.
    """
    adapter = task.adapter
    whole = SuiteReport(
        name=name,
        checkpoint_sha256=_state_hash(adapter.module),
        dataset=task.test.name,
        dataset_sha256=task.test.sha256,
        split=task.test.split,
        plan=task.plan,
        time_steps=adapter.steps if isinstance(adapter, SpikingAdapter) else None,
        sampler=adapter.sampler if isinstance(adapter, RateAdapter) else None,
    )
    store = _Store(kept)
    found = []
    for group in groups:
        key = _key(whole, task, group)
        result = store.get(key)
        if result is None:
            started = time.monotonic()
            result = GROUPS[group](task, lambda done, total, group=group: report(group, done, total))  # type: ignore[misc]
            result = result.model_copy(update={"seconds": round(time.monotonic() - started, 1)})
            store.put(key, result)
        report(group, 1, 1)
        found.append(result)
    return whole.model_copy(update={"groups": tuple(found)})


class _Store:
    """Finished groups in a JSON file, by key."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.groups: dict[str, Group] = {}
        if path is not None and path.exists():
            try:
                self.groups = {
                    key: Group.model_validate(value) for key, value in json.loads(read_regular(path, 2**26)).items()
                }
            except (OSError, ValueError, AttributeError, ValidationError) as error:
                reason = str(error).splitlines()[0]
                raise InputError(f"{path}: expected finished groups of the suite: {reason}; move it away") from error

    def get(self, key: str) -> Group | None:
        return self.groups.get(key)

    def put(self, key: str, group: Group) -> None:
        self.groups[key] = group
        if self.path is not None:
            content = {key: group.model_dump() for key, group in self.groups.items()}
            write_atomically(self.path, json.dumps(content, indent=1).encode())


def _key(whole: SuiteReport, task: EvaluationTask, group: str) -> str:
    """Hash of all that a group's figures depend on."""
    parts = whole.model_dump(exclude={"name", "groups"}) | {"group": group, "plan": task.plan.model_dump()}
    if group == "generation":
        parts["net"] = None if task.net is None else _state_hash(task.net.net)
        parts["inception"] = (
            None if task.inception is None else hashlib.sha256(read_regular(task.inception, 2**30)).hexdigest()
        )
    if group == "disentanglement":
        parts |= {"taught": True} if task.taught and not task.taught.levels else {}
        parts |= {"taught levels": task.taught} if task.taught and task.taught.levels else {}
        parts |= {"measured": True} if task.test.factors is None else {}  # earlier versions measured nothing
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _state_hash(module: torch.nn.Module) -> str:
    """Hash of a module's settings and tensors."""
    digest = hashlib.sha256(repr(getattr(module, "config", "")).encode())
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
