"""The table of data sets: all there is to know about each, and the loader that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from esvae_core.data import (
    celeba,
    cifar,
    digits,
    emoji,
    event_folder,
    folder,
    huggingface,
    idx,
    moving_digits,
    npz_file,
    sprites,
    tar_files,
)
from esvae_core.data.download import RemoteFile
from esvae_core.data.imageset import ImageSet, Part, Request
from esvae_core.data.streamed import Piece, Share
from esvae_core.errors import DataError


@dataclass(frozen=True)
class DatasetSpec:
    """One data set.

    Attributes:
        name: What `load` calls it.
        title: What people call it.
        description: What it holds, in one or two sentences.
        class_names: Its classes; empty where they depend on the files.
        image_channels: Channels of its images, and what `load` gives by default; 2 of event recordings.
        native_size: (height, width) of its images in pixels; None where they differ.
        split_sizes: Images in its train and test splits; empty where they depend on the files.
        licence: Under which it is published.
        homepage: Where it is published; "" if it is made here.
        loader: Reads one part of it.
        files: What it needs on disk.
        option: What may follow its name after a colon, for people; "" if nothing.
        needs: What must follow its name after a colon, in one word: "PATH"; "" if nothing must.
        recordings: Whether it holds event recordings, which `load` gives as frames, in place of pictures.
        place: Gives the path that the option names, of a person's own data; None of published data.
        stream: Gives pictures piece by piece, of sources that may be larger than memory.
        redistributable: Whether the licence lets some of its images be given away with models.
    """

    name: str
    title: str
    description: str
    class_names: tuple[str, ...]
    image_channels: int
    native_size: tuple[int, int] | None
    split_sizes: Mapping[Part, int]
    licence: str
    homepage: str
    loader: Callable[[Request], ImageSet] = field(repr=False)
    files: tuple[RemoteFile, ...] = ()
    option: str = ""
    needs: str = ""
    recordings: bool = False
    place: Callable[[str], Path] | None = field(default=None, repr=False)
    stream: Callable[[str, Share], Iterator[Piece]] | None = field(default=None, repr=False)
    redistributable: bool = False

    @property
    def usage(self) -> str:
        """How people write its name: "mnist", "folder:PATH"."""
        return f"{self.name}:{self.needs}" if self.needs else self.name


_DIGITS = tuple("0123456789")
_GARMENTS = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CATEGORIES = (
    *("Activities", "Animals & Nature", "Component", "Flags", "Food & Drink"),
    *("Objects", "People & Body", "Smileys & Emotion", "Symbols", "Travel & Places"),
)


def _idx_files(mirrors: tuple[str, ...], folder: str, *known: tuple[str, int, str | None]) -> tuple[RemoteFile, ...]:
    """`known` of each file: SHA-256 and size of the .gz, and SHA-256 of what it unpacks to."""
    return tuple(
        RemoteFile(
            name, tuple(mirror + name for mirror in mirrors), sha256, size, folder, ((name.removesuffix(".gz"), inner),)
        )
        for name, (sha256, size, inner) in zip(idx.FILES, known, strict=True)
    )


_CIFAR_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}

# of a person's own pictures all else depends on the files
_own = partial(
    DatasetSpec,
    class_names=(),
    image_channels=3,
    native_size=None,
    split_sizes={},
    licence="your own",
    homepage="",
)

_SPECS = (
    DatasetSpec(
        name="digits",
        title="Digits (scikit-learn)",
        description="Handwritten digits of 8x8 pixels that come with scikit-learn; nothing to download.",
        class_names=_DIGITS,
        image_channels=1,
        native_size=(8, 8),
        split_sizes={"train": 1_497, "test": 300},
        licence="CC BY 4.0",
        redistributable=True,
        homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        loader=partial(digits.load, class_names=_DIGITS),
    ),
    DatasetSpec(
        name="sprites",
        title="Sprites",
        description="White shapes on black, with known shape, scale, orientation and position; made here.",
        class_names=sprites.SHAPES,
        image_channels=1,
        native_size=(sprites.SIZE, sprites.SIZE),
        split_sizes={"train": sprites.COUNTS["train"], "test": sprites.COUNTS["test"]},
        licence="MIT",
        redistributable=True,
        homepage="",
        loader=partial(sprites.load, colour=False),
    ),
    DatasetSpec(
        name="sprites-rgb",
        title="Sprites in colour",
        description="Coloured shapes on black, with known shape, scale, orientation, position and hue; made here.",
        class_names=sprites.SHAPES,
        image_channels=3,
        native_size=(sprites.SIZE, sprites.SIZE),
        split_sizes={"train": sprites.COUNTS["train"], "test": sprites.COUNTS["test"]},
        licence="MIT",
        redistributable=True,
        homepage="",
        loader=partial(sprites.load, colour=True),
    ),
    DatasetSpec(
        name="mnist",
        title="MNIST",
        description="Handwritten digits, 28x28 gray.",
        class_names=_DIGITS,
        image_channels=1,
        native_size=(28, 28),
        split_sizes={"train": 60_000, "test": 10_000},
        licence="CC BY-SA 3.0",
        redistributable=True,
        homepage="http://yann.lecun.com/exdb/mnist/",
        loader=partial(idx.load, class_names=_DIGITS),
        files=_idx_files(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            "MNIST/raw",
            (
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                9_912_422,
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            (
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                28_881,
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            (
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                1_648_877,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            (
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                4_542,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
    ),
    DatasetSpec(
        name="fashion_mnist",
        title="Fashion-MNIST",
        description="Zalando's article images, 28x28 gray, in the form of MNIST.",
        class_names=_GARMENTS,
        image_channels=1,
        native_size=(28, 28),
        split_sizes={"train": 60_000, "test": 10_000},
        licence="MIT",
        redistributable=True,
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        loader=partial(idx.load, class_names=_GARMENTS),
        files=_idx_files(
            ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
            "FashionMNIST/raw",
            ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880, None),
            ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515, None),
            ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102, None),
            ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148, None),
        ),
    ),
    DatasetSpec(
        name="cifar10",
        title="CIFAR-10",
        description="Photographs of ten kinds of things, 32x32 in colour.",
        class_names=_THINGS,
        image_channels=3,
        native_size=(32, 32),
        split_sizes={"train": 50_000, "test": 10_000},
        licence="none stated; cite Krizhevsky 2009",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        loader=partial(cifar.load, class_names=_THINGS),
        files=(
            RemoteFile(
                cifar.FILE,
                ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
                "6d958be074577803d12ecdefd02955f39262c83c16fe9384329d7fe0b5c001ce",
                170_498_071,
                unpacked=tuple((f"{cifar.FOLDER}/{name}", md5) for name, md5 in _CIFAR_MD5.items()),
                instead=(
                    RemoteFile(
                        cifar.BINARY_FILE,
                        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                        unpacked=tuple((f"{cifar.BINARY_FOLDER}/{name}.bin", None) for name in _CIFAR_MD5),
                    ),
                ),
            ),
        ),
    ),
    DatasetSpec(
        name="emoji",
        title="Noto emoji",
        description="Noto emoji of Unicode 16, 64x64 in colour on white; an .npz file that the user places.",
        class_names=_CATEGORIES,
        image_channels=3,
        native_size=(64, 64),
        split_sizes={"train": 1_593, "test": 318},
        licence="Apache 2.0",
        redistributable=True,
        homepage="https://github.com/googlefonts/noto-emoji",
        loader=emoji.load,
        files=(
            RemoteFile(emoji.FILE, (), "2e88e8aebdb5c11d4f325c84489bd75935e7bfe8bd79b09a65dab377e41eaa45", 13_319_420),
        ),
        option="'all' for skin-tone variants, too",
    ),
    DatasetSpec(
        name="celeba",
        title="CelebA",
        description="Faces of celebrities, aligned; cropped to the middle 148 pixels. The user places the files.",
        class_names=(f"not {celeba.DEFAULT}", celeba.DEFAULT),
        image_channels=3,
        native_size=(218, 178),
        split_sizes={"train": 162_770, "test": 19_962},
        licence="non-commercial research only",
        homepage="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        loader=celeba.load,
        files=(RemoteFile(celeba.IMAGES), RemoteFile(celeba.ATTRIBUTES), RemoteFile(celeba.PARTITION)),
        option=f"the attribute that is the label (else {celeba.DEFAULT}), or 'none'",
    ),
    _own(
        name="folder",
        title="A folder of pictures",
        description="Any pictures, cropped to their centre square; the folders in it are the classes.",
        loader=folder.load,
        option="path of the folder (needed)",
        needs="PATH",
        place=folder.root_of,
        stream=folder.stream,
    ),
    _own(
        name="npz",
        title="A NumPy file of images",
        description="Arrays in an .npz file: images, and labels, factors and a test split where it has them.",
        loader=npz_file.load,
        option="path of the .npz file (needed)",
        needs="FILE",
        place=npz_file.file_of,
    ),
    _own(
        name="huggingface",
        title="A Hugging Face data set on disk",
        description="What `datasets` saves to a folder, or the Hub's parquet files: images, labels, other columns.",
        loader=huggingface.load,
        option="path of the folder (needed)",
        needs="PATH",
        place=huggingface.root_of,
        stream=huggingface.stream,
    ),
    _own(
        name="tar",
        title="Tar files of pictures",
        description="Pictures in one .tar file or a folder of them, with NAME.cls beside NAME.png as of WebDataset.",
        loader=tar_files.load,
        option="path of the file or folder (needed)",
        needs="PATH",
        place=tar_files.place_of,
        stream=tar_files.stream,
    ),
    DatasetSpec(
        name="moving_digits",
        title="Moving digits, as events",
        description="Scikit-learn's digits moved before a simulated event camera; nothing to download.",
        class_names=_DIGITS,
        image_channels=2,
        native_size=(moving_digits.SIDE, moving_digits.SIDE),
        split_sizes={"train": 1_497, "test": 300},
        licence="CC BY 4.0",
        redistributable=True,
        homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        loader=partial(moving_digits.load, class_names=_DIGITS),
        recordings=True,
    ),
    DatasetSpec(
        name="events",
        title="A folder of event recordings",
        description="N-MNIST's folders, or any with an .npz, .npy, .h5 or .bin file of events for each recording.",
        class_names=(),
        image_channels=2,
        native_size=None,
        split_sizes={},
        licence="your own",
        homepage="",
        loader=event_folder.load,
        option="path of the folder (needed)",
        needs="PATH",
        recordings=True,
        place=event_folder.root_of,
    ),
)

DATASETS: dict[str, DatasetSpec] = {spec.name: spec for spec in _SPECS}


def find(name: str) -> tuple[DatasetSpec, str]:
    """The data set called `name`, which is NAME or NAME:OPTION, and the option or "".

    Raises:
        DataError: if there is no such data set (the message lists those there are), or it takes no option.
    """
    key, _, option = name.partition(":")
    if key not in DATASETS:
        known = ", ".join(spec.usage for spec in DATASETS.values())
        raise DataError(f"data set {name!r:.100}: not known; there are {known}")
    if option and not DATASETS[key].option:
        raise DataError(f"data set {name!r:.100}: {key} takes no option, but {option!r:.100} follows its name")
    return DATASETS[key], option
