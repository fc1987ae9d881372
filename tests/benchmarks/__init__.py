"""Measurements to run by hand: ``python3 studio.py bench``, which is ``python -m tests.benchmarks``."""

import os

# One BLAS thread for every side; it has to be said before NumPy is imported for the first time.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_name] = "1"
