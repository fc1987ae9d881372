"""Exponential functions of single numbers, for the arithmetic of cells.

They are functions of our own so that the compiled executor can replace them: there is no vector code for NumPy's
in compiled loops, but for those of :mod:`flux_studio.engine.vectorised` there is.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def exp(x: Any) -> Any:
    """e^x."""
    return np.exp(x)


def expm1(x: Any) -> Any:
    """e^x − 1 for x up to 80, exact also where x is tiny."""
    return np.expm1(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(x)


def log1p(x: Any) -> Any:
    """log(1 + x) for finite x ≥ 0, exact also where x is tiny."""
    return np.log1p(x)
