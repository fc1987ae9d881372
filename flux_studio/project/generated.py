"""A project for a generated table: what the catalogue of generators says suits it."""

from __future__ import annotations

from collections.abc import Sequence

from flux_studio.data.columns import Column, Derived
from flux_studio.data.generators.kinds import GeneratorKind, Settings
from flux_studio.data.windows import Windowing
from flux_studio.project.defaults import new_project
from flux_studio.project.notation import read_layers
from flux_studio.project.project import Project


def generated_project(
    kind: GeneratorKind,
    settings: Settings,
    *,
    columns: Sequence[Column] | None = None,
    derived: tuple[Derived, ...] = (),
    windowing: Windowing | None = None,
    seed: int = 0,
    validation: float | None = None,
    test: float = 0.0,
) -> Project:
    """A project ready to train; :class:`DataError` for settings that cannot be."""
    table = kind.table(settings)
    complete = kind.complete(settings)
    return new_project(
        table,
        columns=columns or kind.columns(table),
        derived=derived,
        hidden=read_layers(kind.hidden(complete)),
        windowing=windowing or kind.windowing(complete),
        seed=seed,
        validation=validation,
        test=test,
    )
