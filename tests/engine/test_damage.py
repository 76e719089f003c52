"""Damage to spikes: what each kind does, and the same bits in Python and in the page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from esvae_core.engine.damage import KINDS, MOST, Damage, damaged

STEPS, WIDTH = 16, 400
SPIKES = (np.random.default_rng(0).random((STEPS, WIDTH)) < 0.3).astype(np.uint8)


def after(kind, amount, seed=3, spikes=SPIKES):
    return damaged(spikes, Damage(kind=kind, amount=amount), seed)


def test_nothing_is_done_without_damage():
    assert damaged(SPIKES, None, 3) is SPIKES


def test_flipped_cells_have_that_share_and_become_more_with_the_amount():
    hit = {amount: after("flip", amount) != SPIKES for amount in (5, 30, 100)}
    assert hit[5].mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / SPIKES.size))
    assert hit[30].mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / SPIKES.size))
    assert hit[100].all()
    assert not (hit[5] & ~hit[30]).any(), "a larger amount keeps what a smaller one hit"


def test_deleted_spikes_are_lost_and_none_is_won():
    found = after("delete", 30)
    assert not (found & ~SPIKES).any()
    assert found.sum() / SPIKES.sum() == pytest.approx(0.7, abs=4 * np.sqrt(0.3 * 0.7 / SPIKES.sum()))
    assert not after("delete", 100).any()


def test_counts_are_flipped_and_deleted_as_a_whole():
    counts = (5 * SPIKES).astype(np.uint8)
    assert np.array_equal(after("delete", 30, spikes=counts), 5 * after("delete", 30))
    assert np.array_equal(after("flip", 100, spikes=counts), 1 - SPIKES)


def test_jittered_spikes_move_by_a_normal_number_of_steps_and_stay_inside():
    one = np.zeros((101, 4000), np.uint8)
    one[50] = 1
    moved = after("jitter", 250, spikes=one)
    assert moved.sum(0).tolist() == [1] * 4000
    by = moved.argmax(0) - 50
    assert by.mean() == pytest.approx(0, abs=4 * 2.5 / np.sqrt(4000))
    assert by.std() == pytest.approx(np.sqrt(2.5**2 + 1 / 12), rel=0.05)  # and rounding
    assert (np.abs(by) <= 2.5).mean() == pytest.approx(0.683, abs=0.04)
    ends = np.zeros((4, 1000), np.uint8)
    ends[0] = 1
    assert after("jitter", 800, spikes=ends).sum(0).tolist() == [1] * 1000


def test_shuffled_trains_keep_their_counts_and_have_that_share():
    found = after("shuffle", 40)
    assert np.array_equal(found.sum(0), SPIKES.sum(0))
    changed = (found != SPIKES).any(0)
    can = (SPIKES.sum(0) > 0) & (SPIKES.sum(0) < STEPS)
    assert changed[can].mean() == pytest.approx(0.4, abs=0.09)
    assert (after("shuffle", 100) != SPIKES).any(0)[can].mean() > 0.97


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_does_other_damage(kind):
    assert np.array_equal(after(kind, 50), after(kind, 50))
    assert not np.array_equal(after(kind, 50), after(kind, 50, seed=4))


@pytest.mark.parametrize(("kind", "amount"), [("flip", 0), ("flip", 101), ("jitter", 801), ("burn", 1), ("flip", 1.5)])
def test_what_is_no_damage_is_refused(kind, amount):
    with pytest.raises(ValidationError):
        Damage(kind=kind, amount=amount)


def test_the_page_does_the_same_damage(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js here")
    amounts = [(kind, amount) for kind in KINDS for amount in (1, 7, 33, 57, MOST[kind])]
    cases = [
        {"kind": kind, "amount": amount, "seed": seed, "dims": width, "spikes": spikes.ravel().tolist()}
        for kind, amount in amounts
        for seed, spikes, width in ((0, SPIKES[:, :97], 97), (2**32 - 1, 3 * SPIKES[:1, :50], 50))
    ]
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(cases))
    run = subprocess.run(
        [node, Path(__file__).with_name("damage.mjs")],
        env=os.environ | {"ESVAE_CASES": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    for case, found in zip(cases, json.loads(run.stdout), strict=True):
        spikes = np.array(case["spikes"], np.uint8).reshape(-1, case["dims"])
        wanted = damaged(spikes, Damage(kind=case["kind"], amount=case["amount"]), case["seed"])
        assert found == wanted.ravel().tolist(), (case["kind"], case["amount"])
