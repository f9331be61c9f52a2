"""The figures of the paper for its own networks, by width.

*Laplace Landmark Localization* (Robinson et al., ICCV 2019), Table 3: the model LaplaceKL+D(70K),
on one CPU of a laptop.
"""

from dataclasses import dataclass

SOURCE = "Table 3, LaplaceKL+D(70K), float32 on a 2.8 GHz Intel Core i7"


@dataclass(frozen=True)
class Published:
    """A column of the table.

    Attributes:
        parameters: in millions.
        megabytes: storage.
        nmse: percent of the inter-ocular distance, on the full test set of 300-W.
        fps: frames a second.
    """

    parameters: float
    megabytes: float
    nmse: float
    fps: float


TABLE_3 = {
    "1/16": Published(0.0174, 0.076, 7.01, 26.51),
    "1/8": Published(0.0389, 0.162, 4.85, 21.38),
    "1/4": Published(0.1281, 0.507, 4.30, 16.77),
    "1/2": Published(0.4781, 1.919, 3.98, 11.92),
    "1": Published(1.8724, 7.496, 3.91, 4.92),
}
