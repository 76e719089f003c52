import torch

from esvae_core.training.augment import mirrored, moved

IMAGE = torch.arange(9.0).view(1, 1, 3, 3)


def test_mirrored_flips_those_that_are_asked_for():
    images = IMAGE.repeat(2, 2, 1, 1)
    found = mirrored(images, torch.tensor([False, True]))
    assert torch.equal(found[0], images[0])
    assert found[1, 1].tolist() == [[2, 1, 0], [5, 4, 3], [8, 7, 6]]


def test_moved_takes_each_its_own_way_and_repeats_the_edge():
    found = moved(IMAGE.repeat(3, 2, 1, 1), torch.tensor([1, 0, -5]), torch.tensor([0, -1, 0]))
    assert found.shape == (3, 2, 3, 3)
    assert found[0, 1].tolist() == [[0, 0, 1], [3, 3, 4], [6, 6, 7]]  # one to the right
    assert found[1, 0].tolist() == [[3, 4, 5], [6, 7, 8], [6, 7, 8]]  # one up
    assert found[2, 0].tolist() == [[2, 2, 2], [5, 5, 5], [8, 8, 8]]  # further than it is wide


def test_moved_by_nothing_is_the_same():
    none = torch.zeros(1, dtype=torch.long)
    assert torch.equal(moved(IMAGE, none, none), IMAGE)
