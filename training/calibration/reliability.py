"""How far a calibration can be believed: coverage of its radii, use of its confidence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.calibration.fit import ErrorSample, Floats

COVERED = (0.5, 0.9)  # probabilities whose coverage is reported
REFUSED = 0.05  # of the faces, the least confident
FAILURES = (8, 10)  # percent of d


def coverages(radii: Sequence[Floats], sample: ErrorSample) -> Floats:
    """(C, P): share of the visible landmarks of each condition within each of P radii (C, N, K)."""
    return np.stack([sample.covered(r) for r in radii], axis=1)


def coverage_figures(radii: NDArray[np.float64], sample: ErrorSample) -> dict[str, Any]:
    """Coverage of the `COVERED` radii (P, C, N, K), the clean condition first.

    Returns:
        "clean" (P), in points off nominal; "worst" (P), the largest deviation of another condition;
        "loss", the mean pinball loss of all radii in percent of d, which is the lower the closer
        radii are to the quantiles of the errors.
    """
    off = 100 * (coverages(list(radii), sample) - np.array(COVERED))  # (C, P)
    worst = off[1:][np.abs(off[1:]).argmax(axis=0), range(len(COVERED))]  # (P,), with its sign
    beyond = (sample.errors - radii) / sample.sizes[:, None]  # (P, C, N, K)
    quantile = np.array(COVERED)[:, None, None, None]  # (P, 1, 1, 1)
    # The pinball loss, over the visible landmarks.
    loss = np.nanmean(np.maximum(quantile * beyond, (quantile - 1) * beyond))
    return {"clean": off[0].tolist(), "worst": worst.tolist(), "loss": 100 * float(loss)}


def refusals(scores: dict[str, Floats], errors: Floats) -> dict[str, Any]:
    """Errors of the faces that stay if those with the lowest scores are refused.

    Args:
        scores: name -> score of each face, higher is better, of the shape of `errors`.
        errors: mean error of each face, percent of d.

    Returns:
        For each score and for "oracle", which knows the errors: "area", the mean error of the
        faces left, averaged over all shares left; "kept", failure rates in percent without the
        `REFUSED`; "curve", the mean error at every percent kept. And "all", the rates without
        refusal.
    """
    flat = errors.ravel()
    report: dict[str, Any] = {"faces": flat.size, "all": _rates(flat)}
    for name, values in (scores | {"oracle": -errors}).items():
        # The most confident faces first; a stable order of equal scores.
        best_first = flat[np.argsort(-np.ravel(values), kind="stable")]
        # The mean error of the best face, of the best two, and so on.
        risk = np.cumsum(best_first) / np.arange(1, flat.size + 1)
        percents = np.linspace(0.01, 1, 100)
        report[name] = {
            "area": float(risk.mean()),
            "kept": _rates(best_first[: round((1 - REFUSED) * flat.size)]),
            # The place of the last face within each share.
            "curve": risk[np.ceil(percents * flat.size).astype(int) - 1].tolist(),
        }
    return report


def _rates(errors: Floats) -> dict[str, float]:
    return {str(at): float(100 * (errors > at).mean()) for at in FAILURES}


def worst(report: dict[str, Any]) -> tuple[list[str], list[float]]:
    """For each of `COVERED`, the corruption that is farthest from it, and its share."""
    names = report["corruptions"]
    shares = np.array([report["coverage"][name] for name in names])
    rows = np.abs(shares - COVERED).argmax(axis=0)  # (P,), a corruption for each probability
    return [names[i] for i in rows], [float(shares[i, j]) for j, i in enumerate(rows)]


def tables(report: dict[str, Any]) -> list[str]:
    """Forms, coverage and refusal, of `training.calibrate`'s report, as tables in Markdown."""
    coverage = [["", *(f"within {100 * p:.0f} %" for p in COVERED)]]
    coverage += [
        [name, *(f"{100 * share:.1f} %" for share in shares)]
        for name, shares in report["coverage"].items()
    ]
    rows = [["", "faces", "", *(f"FR {at} %" for at in FAILURES), "area"]]
    for name, refusal in report["refusal"].items():
        rates = [f"{refusal['all'][str(at)]:.2f}" for at in FAILURES]
        rows.append([name, str(refusal["faces"]), "all", *rates, ""])
        for score in (s for s in refusal if s not in ("faces", "all")):
            kept = [f"{refusal[score]['kept'][str(at)]:.2f}" for at in FAILURES]
            best = f"best {100 * (1 - REFUSED):.0f} % by {score}"
            rows.append(["", "", best, *kept, f"{refusal[score]['area']:.3f}"])
    return [_forms(report["forms"]), _table(coverage), _table(rows)]


def _forms(forms: dict[str, dict[str, Any]]) -> str:
    rows = [["features of the fit", "loss", "clean: 50 %", "90 %", "worst: 50 %", "90 %"]]
    rows += [
        [name, f"{f['loss']:.4f}", *(f"{v:+.1f}" for v in (*f["clean"], *f["worst"]))]
        for name, f in forms.items()
    ]
    return _table(rows)


def _table(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]]]
    return "\n".join(lines)
