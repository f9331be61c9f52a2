"""Names of the arrays that go from room to room."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) BGR, or (N, S, S, 3) for crops
Floats = NDArray[np.floating[Any]]
Float32 = NDArray[np.float32]
Indices = NDArray[np.intp]
