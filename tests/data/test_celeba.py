import numpy as np
import pytest

from esvae_core.data import load
from esvae_core.errors import CorruptDataError, DataError, MissingDataError

from .made import picture_bytes


@pytest.fixture
def faces(tmp_path):
    """Fifteen faces in the published layout: ten train, two validation, three test; one train file is broken."""
    folder = tmp_path / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    names = [f"{k:06}.jpg" for k in range(1, 16)]
    for k, name in enumerate(names):
        face = np.zeros((218, 178, 3), np.uint8)
        face[35:183, 15:163] = 10 * (k + 1)  # the crop of 148 pixels, and nothing else
        content = picture_bytes(face, "JPEG", quality=95)
        (folder / "img_align_celeba" / name).write_bytes(content if k != 3 else content[:100])
    part = [0] * 10 + [1] * 2 + [2] * 3
    (folder / "list_eval_partition.txt").write_text("".join(f"{n} {p}\n" for n, p in zip(names, part, strict=True)))
    rows = "".join(f"{n}  {'-1' if k % 2 else ' 1'} {'-1' if k < 5 else ' 1'}\n" for k, n in enumerate(names))
    (folder / "list_attr_celeba.txt").write_text(f"15\nMale Smiling\n{rows}")
    return tmp_path


def test_crop_labels_and_parts(faces):
    train, validation, test = (
        load("celeba", s, data_dir=faces, image_size=64) for s in ("train", "validation", "test")
    )
    assert (len(train), len(validation), len(test)) == (8, 1, 3)
    assert test.images.shape == (3, 3, 64, 64)
    for k, image in zip((12, 13, 14), test.images, strict=True):
        assert np.abs(image[:, 2:-2, 2:-2].astype(int) - 10 * (k + 1)).max() <= 3
    assert test.class_names == ("not Smiling", "Smiling")
    assert test.labels.tolist() == [1, 1, 1]
    both = sorted([*train.indices, *validation.indices])
    assert both == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert np.array_equal(train.labels, train.indices >= 5)
    assert [line.split(":")[0] for line in train.skipped] == ["000004.jpg"]


def test_another_attribute_or_none(faces):
    male = load("celeba:Male", "test", data_dir=faces)
    assert (male.name, male.class_names, male.labels.tolist()) == ("celeba:Male", ("not Male", "Male"), [1, 0, 1])
    assert load("celeba:none", "test", data_dir=faces).class_names == ("face",)
    with pytest.raises(DataError, match="celeba:Tall: no such attribute; there are none, Male, Smiling"):
        load("celeba:Tall", "test", data_dir=faces)


def test_what_is_missing_is_listed(faces):
    (faces / "celeba" / "list_attr_celeba.txt").unlink()
    with pytest.raises(MissingDataError, match=r"place list_attr_celeba\.txt in .*celeba"):
        load("celeba", "test", data_dir=faces)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("list_attr_celeba.txt", "15\nMale Smiling\n000001.jpg 1\n", "no 1 or -1 for attribute Smiling"),
        ("list_attr_celeba.txt", "", "expected lines that begin with the name of an image"),
        ("list_eval_partition.txt", "../../secret.jpg 2\n", "expected lines that begin with the name of an image"),
    ],
)
def test_lists_that_are_wrong(faces, name, content, message):
    (faces / "celeba" / name).write_text(content)
    with pytest.raises(CorruptDataError, match=message):
        load("celeba", "test", data_dir=faces)
