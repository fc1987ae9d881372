"""Every error that Flux Studio raises on purpose.

Each message is one line for a person: it names the thing, says what is wrong and what to do.
"""

from __future__ import annotations


class FluxError(Exception):
    """The base of all errors that Flux Studio raises on purpose."""


class ShapeError(FluxError):
    """Two matrices do not fit together; the message names both shapes."""


class ProgramError(FluxError):
    """A network cannot be recorded, laid out or run as asked."""


class SpecificationError(FluxError):
    """A project asks for something that cannot be: a missing column, zero units, an unknown layer kind."""


class DataError(FluxError):
    """A table cannot be read or used; the message names the file, the line and the column where it can."""


class GivenUpError(FluxError):
    """Work that a person did not want to go on; nothing has changed."""


class ProjectFileError(FluxError):
    """A ``.flux`` file cannot be read or written."""


class ExportError(FluxError):
    """Weights or predictions cannot be written as asked."""


class DivergenceError(FluxError):
    """Training produced a NaN or an infinity; the message names the iteration, layer, matrix and cell."""


class UsageError(FluxError):
    """A command line that cannot be carried out as written."""
