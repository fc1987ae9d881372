"""From a file to a project, or to the present one with other data: plain functions, to be called beside the window."""

from __future__ import annotations

from pathlib import Path

import msgspec

from flux_studio.data.building import SMALL
from flux_studio.data.columns import suggest_columns
from flux_studio.data.formats import TableFormat
from flux_studio.data.progress import GoesOn, part_of
from flux_studio.data.readers import Pasted, Place, Preview, format_of, preview, read_table
from flux_studio.data.table import Table
from flux_studio.gui import presenting
from flux_studio.project import files
from flux_studio.project.defaults import fitted_to, new_project
from flux_studio.project.project import Project
from flux_studio.project.specification import Specification

_SOON = 48 * 1024
"""Bytes: a file of so many is read sooner than anybody could see that it is being read."""
_LARGE = 16 * 2**20
"""Bytes: of a larger file one should see that it is the right one before it is read."""
_PACKED = 8
"""Times its size, what a packed file may hold."""
_PACKED_SUFFIXES = (".gz", ".xlsx", ".npz", ".zip")
_READING = 0.8
"""The share that reading has in reading and preparing."""


def name_of(place: Place) -> str:
    """What people call it."""
    return place.name if isinstance(place, Pasted) else Path(place).name


def is_plain(place: Place, found: Preview) -> bool:
    """Whether a table is small and read in such a usual way that nobody need look at it before it is opened."""
    format = found.format
    usual = TableFormat(
        delimiter=format.delimiter, header=format.header, layout=format.layout, sheet=format.sheet
    )
    if isinstance(place, Pasted) or found.table is None or found.trouble or len(found.sheets) > 1:
        return False
    return format == usual and Path(place).stat().st_size <= _LARGE


def is_hopeless(place: Place, found: Preview) -> bool:
    """Whether no row can be read, and would not be if the first one were a row, too."""
    if found.table is not None:
        return False
    return preview(place, msgspec.structs.replace(found.format, header=False), 1).table is None


def is_project(place: Place) -> bool:
    """Whether it is a project, by its name."""
    return not isinstance(place, Pasted) and Path(place).suffix.lower() == ".flux"


def is_soon_read(place: Place) -> bool:
    """Whether a file, or why it cannot be read, is known sooner than a thread is begun."""
    if isinstance(place, Pasted):
        return len(place.text) <= _SOON
    path = Path(place)
    try:
        if not path.is_file():
            return True
        packed = path.suffix.lower() in _PACKED_SUFFIXES
        return path.stat().st_size * (_PACKED if packed else 1) <= _SOON
    except OSError:
        return True


def is_small(table: Table) -> bool:
    """Whether samples are made of a table sooner than a thread is begun."""
    return table.rows * len(table.names) <= SMALL


def project_in(place: Place, format: TableFormat | None, goes_on: GoesOn) -> Project:
    """The project in a file, or a new one for the table in it; its data set is made, if it can be."""
    if is_project(place):
        project = files.load(Path(str(place)))
    else:
        format = format or format_of(place)
        project = new_project(read_table(place, format, part_of(goes_on, 0, _READING)), format=format)
    ready_to_show(project)
    return project


def with_other_data(place: Place, format: TableFormat | None, now: Specification, goes_on: GoesOn) -> Project:
    """A project for the table in a file, with the present network."""
    format = format or format_of(place)
    return for_table(read_table(place, format, part_of(goes_on, 0, _READING)), format, now)


def for_table(table: Table, format: TableFormat, now: Specification) -> Project:
    """A project for a table with the present network; its output layer is made to fit."""
    project = new_project(table, format=format, layers=now.layers, seed=now.seed)
    return fitted(project.with_specification(project.specification.replace(pace=now.pace, dtype=now.dtype)))


def read_otherwise(project: Project, place: Place, format: TableFormat, goes_on: GoesOn) -> Project:
    """The project with its own table, read in another way; columns of the same names stay what they were."""
    table = read_table(place, format, part_of(goes_on, 0, _READING))
    columns = project.specification.data.columns
    if table.names != project.table.names:
        columns = suggest_columns(table)
    data = msgspec.structs.replace(project.specification.data, format=format, columns=columns)
    return fitted(Project(project.specification.replace(data=data), table))


def fitted(project: Project) -> Project:
    """With an output layer that fits, where the data can tell what fits."""
    return fitted_to(project) if ready_to_show(project) else project


def ready_to_show(project: Project) -> bool:
    """Make the data set, if it can be made, and find in it what panels show of it."""
    data = presenting.dataset(project)
    if data is not None:
        data.is_of_bits  # noqa: B018 - kept there
    return data is not None
