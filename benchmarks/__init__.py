"""Benchmarks of lapland; they use its public names only."""
