"""Hashes, index and manifests of the models: `python -m export.hashes`.

Writes `SHA256SUMS`, `index.json`, the manifests of the two packages, `lapland.cdx.json` and
`lapland-300w.cdx.json`, and the table of README.md, all in `models`.

The run time refuses a shipped file that differs from its hash; `sha256sum -c SHA256SUMS` checks
them by hand. The index names the landmark models: the run time finds them by it alone. It also
names the default models of `Detector` and `Tracker`, which `--photo NAME` and `--video NAME` set;
the default family of weights is that of the model for photos.
"""

import argparse

from export import table
from export.shipping.hashes import record
from training.common.command import as_program


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m export.hashes", description=__doc__)
    parser.add_argument("--photo", metavar="NAME", help="model that Detector takes by default")
    parser.add_argument("--video", metavar="NAME", help="model that Tracker takes by default")
    given = vars(parser.parse_args(arguments))
    try:
        record(defaults={role: name for role, name in given.items() if name is not None})
    except ValueError as error:
        raise SystemExit(f"export.hashes: {error}") from None
    table.main()


if __name__ == "__main__":
    as_program(main)
