"""Recipes: what they hold, what they refuse, and the pictures they make."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from esvae_core.engine import noise, plan_of, reference
from esvae_core.engine.damage import KINDS, Damage, damaged
from esvae_core.errors import InputError, RecipeError
from esvae_core.explore import recipe as recipes
from esvae_core.explore.decode_rates import decode_rates, render
from esvae_core.explore.fixed_point import GRID, to_fixed_point, to_rates
from esvae_core.explore.recipe import Layout, parse, recipe_of, seeds_from
from esvae_core.pictures import to_uint8

UNITS = np.random.default_rng(0).integers(0, GRID + 1, (5, 6)).astype(np.uint16)
HOW = {"sampler": "bernoulli", "steps": 8}

# what a field must not be, and a word of the refusal; the page's twin refuses the same (tests/app/exports)
WRONG = [
    ({"version": 5}, "version 5"),
    ({"version": 4}, "damage: expected some in version 4"),
    ({"damage": {"kind": "flip", "amount": 1}}, "damage: expected some in version 4 and none before"),
    ({"version": 4, "damage": {"kind": "burn", "amount": 1}}, "damage.kind"),
    ({"version": 4, "damage": {"kind": "flip", "amount": 0}}, "damage.amount"),
    ({"version": 4, "damage": {"kind": "flip", "amount": 1.5}}, "damage.amount"),
    ({"version": 4, "damage": {"kind": "flip", "amount": 101}}, "expected 1 to 100 hundredths of flip, found 101"),
    ({"version": 4, "damage": {"kind": "jitter", "amount": 801}}, "damage.amount"),
    ({"version": 4, "damage": {"kind": "flip"}}, "damage.amount"),
    ({"version": 4, "damage": {"kind": "flip", "amount": 1, "seed": 3}}, "damage.seed"),
    ({"version": 4, "damage": "flip1"}, "damage"),
    ({"version": 4, "damage": {"kind": "flip", "amount": 1}, "flips": [[5, 0, 0]]}, "found [5, 0, 0]"),
    ({"version": 4, "damage": {"kind": "flip", "amount": 1}, "upto": [9]}, "upto: expected none, 1 or 5"),
    ({"version": 3}, "upto: expected some in version 3"),
    ({"version": 2}, "flips: expected some in version 2"),
    ({"version": 0}, "version"),
    ({"version": True}, "version"),
    ({"kind": "song"}, "kind"),
    ({"kind": "picture"}, "one vector"),
    ({"checkpoint": {"name": "x", "sha256": "ab"}}, "checkpoint.sha256"),
    ({"checkpoint": {"name": "", "sha256": "0" * 64}}, "checkpoint.name"),
    ({"checkpoint": {"name": "a\nb", "sha256": "0" * 64}}, "checkpoint.name"),
    ({"sampler": "poisson"}, "sampler"),
    ({"steps": 0}, "steps"),
    ({"steps": 1025}, "steps"),
    ({"steps": 2.0}, "steps"),
    ({"steps": "8"}, "steps"),
    ({"dims": 7}, "multiple of 7"),
    ({"dims": 10**9}, "dims"),
    ({"rates": ""}, "rates"),
    ({"rates": "AAA=AAA"}, "rates"),
    ({"rates": "A"}, "rates"),
    ({"rates": "_" * 80}, "46080"),
    ({"rates": ["AAAA"]}, "rates"),
    ({"seeds": []}, "seeds"),
    ({"seeds": [1, 2]}, "1 or 5"),
    ({"seeds": [-1]}, "seeds"),
    ({"seeds": [2**32]}, "seeds"),
    ({"seeds": [1.5]}, "seeds"),
    ({"flips": [[0, 0, 0]]}, "none in version 1, found 1"),
    ({"version": 2, "flips": []}, "flips: expected some"),
    ({"version": 2, "flips": None}, "flips"),
    ({"version": 2, "flips": "s1.2"}, "flips"),
    ({"version": 2, "flips": [3]}, "flips.0"),
    ({"version": 2, "flips": [[0, 0]]}, "flips.0"),
    ({"version": 2, "flips": [[0, 0, 0, 0]]}, "flips.0"),
    ({"version": 2, "flips": [[0, 0, 1.5]]}, "flips.0.2"),
    ({"version": 2, "flips": [[0, "0", 0]]}, "flips.0.1"),
    ({"version": 2, "flips": [[True, 0, 0]]}, "flips.0.0"),
    ({"version": 2, "flips": [[0, -1, 0]]}, "flips.0.1"),
    ({"version": 2, "flips": [[0, 0, 10**30]]}, "flips.0.2"),
    ({"version": 2, "flips": [[0, 1, 2], [0, 8, 5]]}, "below 5, 8 and 6, found [0, 8, 5]"),
    ({"version": 2, "flips": [[0, 0, 6]]}, "found [0, 0, 6]"),
    ({"version": 2, "flips": [[5, 0, 0]]}, "found [5, 0, 0]"),
    ({"version": 2, "flips": [[0, 1, 0], [0, 0, 1]]}, "each once, in ascending order"),
    ({"version": 2, "flips": [[0, 1, 0], [0, 1, 0]]}, "each once, in ascending order"),
    ({"version": 2, "flips": [[0, 0, 0]] * (2**16 + 1)}, "flips"),
    ({"upto": [1]}, "upto: expected some in version 3 and none before, found 1"),
    ({"version": 2, "flips": [[0, 0, 0]], "upto": [1]}, "upto: expected some in version 3"),
    ({"version": 3, "flips": [[0, 0, 0]]}, "upto: expected some in version 3"),
    ({"version": 3, "upto": None}, "upto"),
    ({"version": 3, "upto": 4}, "upto"),
    ({"version": 3, "upto": [0]}, "upto.0"),
    ({"version": 3, "upto": [9]}, "upto: expected none, 1 or 5 numbers of steps up to 8"),
    ({"version": 3, "upto": [1, 2]}, "none, 1 or 5"),
    ({"version": 3, "upto": [1.5]}, "upto.0"),
    ({"version": 3, "upto": [True]}, "upto.0"),
    ({"version": 3, "upto": [1], "flips": [[0, 8, 0]]}, "below 5, 8 and 6"),
    ({"layout": {"scale": 65}}, "layout.scale"),
    ({"layout": {"gap": -1}}, "layout.gap"),
    ({"layout": {"columns": 0}}, "layout.columns"),
    ({"layout": {"captions": ["x"]}}, "captions"),
    ({"layout": {"captions": ["x" * 65] * 5}}, "layout.captions"),
    ({"layout": {"colour": 1}}, "colour"),
    ({"extra": 1}, "extra"),
    ({"versions": {"a": 1}}, "versions"),
    ({"versions": {str(i): "" for i in range(17)}}, "versions"),
]


@pytest.fixture
def made(model):
    layout = Layout(columns=3, gap=1, scale=2, captions=tuple("abcde"))
    return recipe_of(model, "striped", UNITS, seeds_from(7, 5), kind="grid", layout=layout, **HOW)


def changed(recipe, **values):
    return json.dumps(json.loads(recipe.text) | values)


def test_it_comes_back_whole(made):
    again = parse(made.text)
    assert again == made
    assert again.text == made.text
    assert np.array_equal(again.fixed_point_rates, UNITS)
    assert again.seeds == (7, 8, 9, 10, 11)
    assert "\n" not in made.text


def test_one_seed_for_all_is_written_once(model):
    assert recipe_of(model, "m", UNITS, (3,) * 5, kind="grid", **HOW).seeds == (3,)


@pytest.mark.parametrize("steps", [2, 3, 5, 8, 12, 16, 20, 64, 1024])
def test_rates_of_an_encoder_are_exact(steps):
    rates = np.arange(steps + 1, dtype=np.float32) / np.float32(steps)
    assert np.array_equal(to_rates(to_fixed_point(rates)), rates)


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_what_is_no_rate_is_refused(wrong):
    with pytest.raises(InputError, match="rates"):
        to_fixed_point(np.array([[wrong]]))


@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_it_paints_what_the_model_decodes_under_that_noise(model, sampler):
    pixels = decode_rates(model, UNITS, (1, 2, 3, 4, 5), sampler=sampler, steps=9)
    spikes = np.stack([noise.sample(to_rates(UNITS)[i], i + 1, sampler, 9) for i in range(5)], axis=1)
    plan = plan_of(model)
    exact = np.stack([reference.decode(plan, spikes[:, i]) for i in range(5)])
    assert np.abs(pixels.astype(int) - to_uint8(torch.from_numpy(exact))).max() <= 1  # tanh in single precision
    assert (pixels == to_uint8(torch.from_numpy(exact))).mean() > 0.999


def test_turned_spikes_are_painted_and_carried(model, made):
    flips = ((0, 7, 1), (3, 7, 5), (3, 6, 0))
    recipe = recipe_of(model, "striped", UNITS, made.seeds, kind="grid", flips=flips, **HOW)
    assert (recipe.version, recipe.flips) == (2, ((0, 7, 1), (3, 6, 0), (3, 7, 5)))
    assert parse(recipe.text) == recipe
    spikes = np.stack([noise.sample(to_rates(UNITS)[i], made.seeds[i], "bernoulli", 8) for i in range(5)])
    for place in flips:
        spikes[place] = 1 - spikes[place]
    exact = np.stack([reference.decode(plan_of(model), each) for each in spikes])
    pixels, plain = render(recipe, model), render(made, model)
    assert (pixels == to_uint8(torch.from_numpy(exact))).mean() > 0.999
    assert [not np.array_equal(*pair) for pair in zip(pixels, plain, strict=True)] == [True, False, False, True, False]
    for wrong in ((5, 0, 0), (0, 8, 0), (0, 0, -1)):
        with pytest.raises(InputError, match="below"):
            decode_rates(model, UNITS, (1,), flips=[wrong], **HOW)


def test_a_recipe_without_turned_spikes_is_one_that_older_programs_read(made):
    assert made.version == 1
    assert not {"flips", "upto", "damage"} & set(json.loads(made.text))


def test_pictures_are_painted_as_they_are_after_some_steps(model, made):
    upto, flips = (3, 1, 8, 1, 5), ((0, 2, 1), (0, 3, 1), (1, 0, 4))
    recipe = recipe_of(model, "striped", UNITS, made.seeds, kind="strip", flips=flips, upto=upto, **HOW)
    assert (recipe.version, recipe.upto) == (3, upto)
    assert parse(recipe.text) == recipe
    spikes = np.stack([noise.sample(to_rates(UNITS)[i], made.seeds[i], "bernoulli", 8) for i in range(5)])
    for place in flips:
        spikes[place] = 1 - spikes[place]
    plan = plan_of(model)
    traces = [reference.trace_decode(plan, each).images for each in spikes]
    exact = np.stack([trace[t - 1] for trace, t in zip(traces, upto, strict=True)])
    assert (render(recipe, model) == to_uint8(torch.from_numpy(exact))).mean() > 0.999
    one = decode_rates(model, UNITS, made.seeds, upto=[3], **HOW)
    assert np.array_equal(one, decode_rates(model, UNITS, made.seeds, upto=[3] * 5, **HOW))
    assert np.array_equal(decode_rates(model, UNITS, made.seeds, upto=[8], **HOW), render(made, model))
    for wrong in ([0], [9], [1, 2]):
        with pytest.raises(InputError, match="upto: expected none, 1 or 5 numbers of steps from 1 to 8"):
            decode_rates(model, UNITS, made.seeds, upto=wrong, **HOW)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_spikes_are_painted_and_carried(model, made, kind):
    damage, flips = Damage(kind=kind, amount=50), ((0, 7, 1), (3, 6, 0))
    recipe = recipe_of(model, "striped", UNITS, made.seeds, kind="grid", flips=flips, upto=[7], damage=damage, **HOW)
    assert (recipe.version, recipe.damage) == (4, damage)
    assert parse(recipe.text) == recipe
    drawn = [noise.sample(to_rates(UNITS)[i], made.seeds[i], "bernoulli", 8) for i in range(5)]
    spikes = np.stack([damaged(each, damage, seed) for each, seed in zip(drawn, made.seeds, strict=True)])
    assert not np.array_equal(spikes, np.stack(drawn))
    for place in flips:
        spikes[place] = 1 - spikes[place]
    exact = np.stack([reference.decode(plan_of(model), each[:7]) for each in spikes])
    assert (render(recipe, model) == to_uint8(torch.from_numpy(exact))).mean() > 0.999


def test_turned_spikes_are_found_beyond_the_first_part_of_many(model):
    units = np.repeat(UNITS[:1], 9, axis=0)  # parts of 3 at so many steps
    how = {"sampler": "bernoulli", "steps": 1024}
    plain = decode_rates(model, units, (1,), **how)
    turned = decode_rates(model, units, (1,), flips=[(4, 1023, j) for j in range(6)], **how)
    assert [i for i in range(9) if not np.array_equal(plain[i], turned[i])] == [4]


def test_a_picture_does_not_depend_on_its_company(model):
    together = decode_rates(model, UNITS, (7,), **HOW)
    alone = np.concatenate([decode_rates(model, UNITS[i : i + 1], (7,), **HOW) for i in range(5)])
    assert np.array_equal(together, alone)


def test_render_takes_the_network_of_the_recipe_only(model, made, tiny):
    assert np.array_equal(render(made, model), decode_rates(model, UNITS, made.seeds, **HOW))
    with pytest.raises(RecipeError, match="another network"):
        render(made, tiny)


def test_pictures_beyond_all_bounds_are_not_begun(model, made, monkeypatch):
    monkeypatch.setattr("esvae_core.explore.decode_rates.MAX_PIXELS", made.pixels(16) - 1)
    with pytest.raises(RecipeError, match="at most"):
        render(made, model)


@pytest.mark.parametrize("kind", ["grid", "film"])
def test_pixels_are_counted_as_they_are_laid_out(model, made, kind):
    from esvae_core.explore.recipe_files import laid_out

    recipe = made.model_copy(update={"kind": kind})
    counted = sum(frame[..., 0].size for frame in laid_out(recipe, render(recipe, model)))
    assert counted <= recipe.pixels(16) < 1.1 * counted


@pytest.mark.parametrize(("values", "message"), WRONG, ids=lambda value: str(value)[:60])
def test_each_wrong_field_is_named_in_one_line(made, values, message):
    with pytest.raises(RecipeError, match=r"here: .*recipe") as caught:
        parse(changed(made, **values), "here")
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("text", ["", "{", "[]", "1" * 5000, "[" * 100_000, '"\\ud800"', b"\xff\xfe", "null"])
def test_what_is_no_recipe_is_refused(text):
    with pytest.raises(RecipeError, match="here: "):
        parse(text, "here")


def test_more_than_a_recipe_holds_is_refused(model):
    assert not recipes.fits(recipes.MAX_CELLS + 1, 1, 1)
    assert not recipes.fits(1025, 1024, 1)
    assert not recipes.fits(300, 1, 1024)
    units = np.zeros((300, 6), np.uint16)
    with pytest.raises(RecipeError, match="262,144"):
        recipe_of(model, "m", units, (0,), kind="grid", sampler="bernoulli", steps=1024)
    with pytest.raises(RecipeError, match="at most"):
        parse(" " * (recipes.MAX_TEXT + 1))
