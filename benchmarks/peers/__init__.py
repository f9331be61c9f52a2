"""lapland beside other packages, each in its own environment: `python -m benchmarks.peers`."""
