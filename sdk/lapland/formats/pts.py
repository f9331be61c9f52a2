"""Landmarks as text of an iBUG `.pts` file, whose coordinates are 1-based."""

from ..base.arrays import Float32


def to_pts(landmarks: Float32) -> str:
    """The text for one face.

    Args:
        landmarks: (K, 2) image pixels, 0-based.
    """
    rows = "".join(f"{x + 1:.3f} {y + 1:.3f}\n" for x, y in landmarks.tolist())
    return f"version: 1\nn_points: {len(landmarks)}\n{{\n{rows}}}\n"
