"""Every error that is raised on purpose can be caught as one kind."""

from __future__ import annotations

import inspect

import pytest

from flux_studio import errors

KINDS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__
]


def test_the_kinds_are_found() -> None:
    assert {errors.ShapeError, errors.DataError, errors.ProjectFileError, errors.DivergenceError} <= set(
        KINDS
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_a_flux_error_and_keeps_its_line(kind: type[errors.FluxError]) -> None:
    with pytest.raises(errors.FluxError) as caught:
        raise kind("iris.csv, line 3: 'abc' is not a number")
    assert str(caught.value) == "iris.csv, line 3: 'abc' is not a number"


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_is_mistaken_for_an_error_of_python_itself(kind: type[errors.FluxError]) -> None:
    assert not issubclass(kind, ArithmeticError | LookupError | OSError | RuntimeError | ValueError)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_says_when_it_is_raised(kind: type[errors.FluxError]) -> None:
    assert (inspect.getdoc(kind) or "").endswith(".")
