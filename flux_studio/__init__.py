"""Flux Studio: a workbench in which every matrix of a neural network can be watched while it trains."""

import os

__version__ = "0.1.0"

# One BLAS thread: with two, middle-sized steps collapse and the window stalls. BLAS reads this when NumPy is loaded.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
