"""Saves figures of matplotlib."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # no screen is needed
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from lapland.base.files import replacing


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure as a PNG, whole or not at all, and closes it."""
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=110)
    plt.close(figure)
