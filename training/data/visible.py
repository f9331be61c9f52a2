"""Means over the visible landmarks: one that cannot be seen is NaN."""

import numpy as np
from numpy.typing import NDArray


def mean_of_visible(values: NDArray[np.floating], axis: int) -> NDArray[np.float64]:
    """The mean of the values along an axis that are not NaN; NaN if all are."""
    # Not np.nanmean, which warns if all are NaN: a hidden group is no fault.
    seen = ~np.isnan(values)
    count = seen.sum(axis=axis)
    total = np.where(seen, values, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
