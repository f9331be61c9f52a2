"""Machine, results and counts that benchmarks share."""
