"""The rows of the experiments of *Laplace Landmark Localization*, with the paper's figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lapland.measure import paper

ADVERSARY = "adversary=0.001"  # the paper's lambda
BETAS = SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""The values of Figure 4; 1 is the paper's choice, and the row `laplace_kl`."""


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        title: name in tables.
        settings: changes of the recipe `paper`.
        judged: number of unlabelled faces that the discriminator sees; "labelled": it sees the
            training faces; 0: there is none.
        paper: the paper's row of Table 2 beside it, and its NMSE on common and on full, percent;
            None where it has none.
    """

    title: str
    settings: tuple[str, ...]
    judged: int | str = 0
    paper: tuple[str, float | None, float] | None = None


def _table_2() -> dict[str, Row]:
    rows = {}
    for loss, title, alone, most, labelled in (
        ("softargmax", "softargmax", (3.48, 4.25), (3.34, 4.29), (None, 4.26)),
        ("laplace_kl", "LaplaceKL", (3.28, 4.01), (3.19, 3.91), (None, 4.06)),
    ):
        setting = f"loss={loss}"
        rows[loss] = Row(title, (setting,), 0, (title, *alone))
        for count in (2000, 6000, 13000):
            # Its least number is 10,000 and its largest, which it takes elsewhere, 70,000.
            beside = (f"{title}+D(70K)", *most) if count == 13000 else None
            name = f"{title}+D({count:,})"
            rows[f"{loss}+{count}"] = Row(name, (setting, ADVERSARY), count, beside)
        rows[f"{loss}+labelled"] = Row(
            f"{title}+D(labelled faces)",
            (setting, ADVERSARY),
            "labelled",
            (f"{title}+D(300W)", *labelled),
        )
    return rows


TABLE_2: Mapping[str, Row] = MappingProxyType(_table_2())
FIGURE_4: Mapping[str, Row] = MappingProxyType(
    {f"beta={v:g}": Row(f"beta {v:g}", (f"beta={v}",)) for v in BETAS if v != 1}
    | {f"b={v:g}": Row(f"b {v:g}", (f"target_scale={v}",)) for v in SCALES if v != 1}
)
ROWS: Mapping[str, Row] = MappingProxyType({**TABLE_2, **FIGURE_4})

TABLE_3: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "softargmax": {"1/16": 9.79, "1/8": 6.86, "1/4": 4.83, "1/2": 4.35, "1": 4.25},
        "softargmax+D(70K)": {"1/16": 9.02, "1/8": 6.84, "1/4": 4.85, "1/2": 4.38, "1": 4.29},
        "LaplaceKL": {"1/16": 7.38, "1/8": 5.09, "1/4": 4.39, "1/2": 4.04, "1": 4.01},
        "LaplaceKL+D(70K)": {width: column.nmse for width, column in paper.TABLE_3.items()},
    }
)
"""The paper's NMSE on the full set by width, percent."""
