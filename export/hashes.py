"""Hashes and index of the models, `SHA256SUMS` and `index.json`: `python -m export.hashes`.

The run time refuses a shipped file that differs from its hash; `sha256sum -c SHA256SUMS` checks
them by hand. The index names the landmark models: the run time finds them by it alone.
"""

from export.shipping.hashes import record

if __name__ == "__main__":
    record()
