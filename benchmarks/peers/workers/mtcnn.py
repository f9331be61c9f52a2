"""Detection by the package ``mtcnn`` on TensorFlow, which has no landmarks but the five points.

With `min_face_size` of 30 or more version 1.0.0 finds nothing: it builds as many levels of
the pyramid as for 20, TensorFlow refuses the last, smaller than the window of the P-Net, and the
package takes the refusal for "no faces". This worker leaves those levels out, which costs no time.
"""

from pathlib import Path

import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

import mtcnn  # noqa: E402
from mtcnn.stages import stage_pnet  # noqa: E402

PACKAGES = ("mtcnn", "tensorflow-cpu", "numpy")
_MIN_FACE = 40  # as lapland's default, and its thresholds
_FIRST, _SECOND, _THIRD = 0.6, 0.7, 0.7

_build = stage_pnet.build_scale_pyramid


def _large_enough(width, height, **options):
    scales = _build(width, height, **options)
    return scales[[min(int(width * s), int(height * s)) >= 12 for s in scales]]


stage_pnet.build_scale_pyramid = _large_enough


class Rival:
    """Detection with the settings of lapland's."""

    rgb = True

    def __init__(self, variant: str) -> None:
        self._detector = mtcnn.MTCNN()

    def files(self) -> list[Path]:
        return sorted((Path(mtcnn.__file__).parent / "assets" / "weights").glob("*.lz4"))

    def detect(self, image):
        rows = self._detector.detect_faces(
            image,
            min_face_size=_MIN_FACE,
            threshold_pnet=_FIRST,
            threshold_rnet=_SECOND,
            threshold_onet=_THIRD,
            fit_to_image=False,
            box_format="xyxy",
            output_type="numpy",
        )
        return {"boxes": rows[:, 1:5]}
