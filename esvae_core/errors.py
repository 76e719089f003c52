"""Every error the library raises on purpose.

Each carries one line that says what was wrong, where, and what was expected. The CLI prints that line and exits with
2; the app shows it and goes on.
"""

from esvae_core.text import shown


class EsvaeError(Exception):
    """Base of all errors that a user can cause and mend.

    Their text is one line of at most 2,000 characters, whatever a file or a name put into it: see `text.shown`.
    """

    def __str__(self) -> str:
        return shown(super().__str__())


class ConfigError(EsvaeError):
    """A setting is unknown, out of range, or at odds with another."""


class InputError(EsvaeError):
    """An image, rate vector or spike train is not what the model takes."""


class OutputError(EsvaeError):
    """A file cannot be written."""


class ExportError(EsvaeError):
    """A model cannot be given to another library: that one has no such part, or is not installed."""


class DataError(EsvaeError):
    """A data set cannot be read."""


class MissingDataError(DataError):
    """Files of a data set are not there and could not be downloaded; the message lists what to place where."""


class CorruptDataError(DataError):
    """A file is there, but its content is not what it should be."""


class CheckpointError(EsvaeError):
    """A checkpoint cannot be read."""


class NotACheckpointError(CheckpointError):
    """The file is something else: empty, truncated, or another format."""


class CheckpointVersionError(CheckpointError):
    """The checkpoint was written by a later version of this library."""


class CheckpointContentError(CheckpointError):
    """The checkpoint's header or tensors do not fit together."""


class MissingPartError(CheckpointError):
    """The checkpoint's model has a part of somebody's own that is not registered here."""


class KindError(CheckpointError):
    """The checkpoint holds a kind of model that cannot do what was asked of it."""


class TrainingError(EsvaeError):
    """Training cannot start or go on."""


class NonFiniteError(TrainingError):
    """A loss or gradient became NaN or infinite; the last good checkpoint is kept."""


class RecipeError(EsvaeError):
    """A recipe, or the file that carries it, is not what it should be; or nothing here can follow it."""
