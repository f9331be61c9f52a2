"""The tables of the documents, from `benchmarks/results/`: `python -m benchmarks.report`."""

from export.blocks import replace_block

__all__ = ["replace_block"]
