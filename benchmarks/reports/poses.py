"""Blocks of `docs/answers.md`: head pose beside others, its times, and closed eyes."""

from benchmarks.common.results import Report
from benchmarks.reports.markdown import counted, markdown, origin

_BELOW = "0-60"  # the band that the others are part of, and last in the table
_METHODS = {
    "lapland": "lapland",
    "solvePnP, six points": "solvePnP, the usual six points, on the same landmarks",
    "MediaPipe's mesh": "MediaPipe's mesh, set on its mean",
}


def errors(report: Report) -> str:
    """Mean absolute errors of yaw by true yaw, and the spread of pitch on level faces."""
    bands = [band for band in report["lapland"]["errors"] if band != _BELOW]
    rows = []
    for key, name in _METHODS.items():
        if key in report:
            missed = report[key]["without"]
            found = report[key]["errors"]
            cells = [f"{found[band]['yaw']:.1f}" for band in (*bands, _BELOW)]
            level = f"{report['level'][key]['deviation'][1]:.1f}"
            more = f" ({counted(missed, 'face')} missed)" if missed else ""
            rows.append([name + more, *cells, level])
    heads = [f"{band.removesuffix('-90')}{'-' if band.endswith('-90') else ''}" for band in bands]
    table = markdown(["true yaw", *heads, "below 60", "pitch, London"], rows)
    missing = report["not found"]
    faces = f"{counted(report['faces'], 'face')} found, {missing} missed"
    return f"{origin(report)} {report['model']}; {faces}.\n\n{table}\n\n{_coverage(report)}"


def _coverage(report: Report) -> str:
    below, every = (
        _listed(report["coverage"][name]["0.9"]) for name in ("true yaw below 60", "all")
    )
    return (
        f"The 90 % intervals hold yaw, pitch and roll of {below} % of the faces below 60 degrees, "
        f"and of {every} % of all."
    )


def _listed(shares: list[float]) -> str:
    *first, last = (f"{100 * share:.0f}" for share in shares)
    return f"{', '.join(first)} and {last}"


def times(report: Report) -> str:
    """Times of a pose."""
    one, many = report["ms"]["single pose"], report["ms"]["each of 256"]
    return (
        f"{origin(report)} The pose of a single face takes {one['min']:.3f} ms of processor time, "
        f"{one['median']:.3f} in the median of {one['repeats']:,}, the radii of its landmarks "
        f"included; each of 256 faces {many['min']:.3f} ms."
    )


def closed_eyes(report: Report) -> str:
    """Eyes by their probability of being closed, and how many are."""
    head = ["probability", "eyes", "mean", "closed"]
    rows = [
        [
            name,
            f"{row['eyes']:,}",
            f"{100 * row['probability']:.0f} %",
            f"{100 * row['closed']:.0f} %",
        ]
        for name, row in report["bands"].items()
    ]
    return (
        f"{origin(report)} {report['model']}; {report['eyes']:,} eyes, {report['closed']} closed. "
        f"A closed eye has a larger probability than an open one in {100 * report['area']:.0f} % "
        f"of all pairs.\n\n{markdown(head, rows)}"
    )
