"""Flux Studio: a workbench in which every matrix of a neural network can be watched while it trains."""

__version__ = "0.1.0"
