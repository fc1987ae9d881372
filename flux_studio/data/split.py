"""Which samples are trained on, which validate and which test: drawn at random, or the last in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flux_studio.data.cells import Rows
from flux_studio.data.windows import Windowing
from flux_studio.errors import DataError


@dataclass(frozen=True, eq=False)
class Split:
    """Places among the N samples, each ascending. No sample is in two parts."""

    training: Rows
    validation: Rows
    test: Rows


@dataclass(frozen=True)
class Shares:
    """Shares of the samples that are kept away from training; each in [0, 1), together below 1."""

    validation: float = 0.0
    test: float = 0.0

    def check(self) -> None:
        """Raise :class:`DataError` when they leave nothing to train on, or are no shares."""
        for name, share in (("validation", self.validation), ("test", self.test)):
            if not 0 <= share < 1:
                raise DataError(f"the share of {name} rows must be at least 0 and below 1, not {share!r}")
        if self.validation + self.test >= 1:
            raise DataError(
                f"validation and test rows must leave some to train on: their shares {self.validation!r} and "
                f"{self.test!r} must add to less than 1"
            )

    def counts(self, samples: int) -> tuple[int, int]:
        """How many of so many samples are wanted to validate and to test: at least one where a share is not 0."""
        validation, test = (
            max(1, round(share * samples)) if share > 0 else 0 for share in (self.validation, self.test)
        )
        return validation, test


def drawn(groups: list[Rows], samples: int, shares: Shares, generator: np.random.Generator) -> Split:
    """A random split; each group gives its share to validation and test, but never its last sample.

    Each group is shuffled once: validation takes from the front and test from the back, so that the test rows stay
    what they are when another share validates.
    """
    wanted, wanted_test = shares.counts(samples)
    sizes = np.array([len(group) for group in groups])
    tests = _quotas(wanted_test, sizes, sizes - 1)
    validations = _quotas(wanted, sizes, sizes - 1 - tests)
    some = [np.zeros(0, dtype=np.intp)], [np.zeros(0, dtype=np.intp)]
    if wanted or wanted_test:
        for group, front, back in zip(groups, validations, tests, strict=True):
            shuffled = generator.permutation(group)
            some[0].append(shuffled[:front])
            some[1].append(shuffled[len(group) - back :])
    validation, test = (np.sort(np.concatenate(parts)) for parts in some)
    return Split(others(samples, np.concatenate([validation, test])), validation, test)


def last_in_time(last: Rows, windowing: Windowing, shares: Shares) -> Split:
    """The last samples test, those before them validate, and all before these train; nothing is drawn.

    A random split would leak: neighbouring windows are nearly the same. For the same reason each part ends before
    the next begins: a window that reaches, with its rows or its target, into the rows of a later part belongs to
    none, so that no row of the table is in two parts. The gap is taken from the earlier part, because that is the
    larger one; the later ones keep their full share. ``last`` has the last row of each window, ascending.
    """
    samples = len(last)
    wanted, wanted_test = shares.counts(samples)
    begins, ends = last - (windowing.window - 1), last + windowing.ahead
    parts = []
    end = samples
    for count in (wanted_test, wanted):
        start = max(0, end - count)
        parts.append(np.arange(start, end))
        if count and end:
            end = int(np.searchsorted(ends, begins[start]))
    test, validation = parts
    return Split(np.arange(end), validation, test)


def others(rows: int, some: Rows) -> Rows:
    """The rows, of ``rows`` in all, that are not among ``some``; ascending."""
    left = np.ones(rows, dtype=np.bool_)
    left[some] = False
    return np.flatnonzero(left)


def _quotas(wanted: int, sizes: Rows, most: Rows) -> Rows:
    """How many each group gives, in proportion to its size and at most ``most``; the largest remainders first."""
    quotas = wanted * sizes / sizes.sum()
    shares: Rows = np.minimum(np.floor(quotas).astype(np.intp), most)
    for place in np.argsort(np.floor(quotas) - quotas, kind="stable"):
        if shares.sum() < wanted and shares[place] < most[place]:
            shares[place] += 1
    return shares
