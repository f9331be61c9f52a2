"""Names of the decoders."""

from collections.abc import Callable

from ..base.arrays import Float32
from .barycenter import barycenter
from .local_softargmax import local_softargmax

DEFAULT_DECODER = "softargmax"
DECODERS: dict[str, Callable[[Float32, int], Float32] | None] = {
    DEFAULT_DECODER: None,  # the graph's
    "local": local_softargmax,
    "barycenter": barycenter,
}
