"""Names that people know from other packages, and the names here: errors say them.

The packages are MediaPipe, dlib with imutils, face_recognition, insightface, face-alignment, the
package mtcnn, OpenCV and ultralytics. A name that lapland has itself stands in no table.
"""

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Hints = Mapping[str, str]


def _table(rows: Mapping[str, str]) -> dict[str, str]:
    """Names, several in a row, -> the name here."""
    return {name: hint for names, hint in rows.items() for name in names.split()}


_NO_PERSONS = "nothing of the kind: it finds landmarks, and does not recognise or judge people"
_BOXES = "`faces.boxes`, (N, 4) x1, y1, x2, y2 in pixels, and `face.box`"
_LANDMARKS = "`landmarks`, (N, 68, 2) pixels, and `face.landmarks`, (68, 2)"
_PREDICT = "`Detector().predict(image)`, for a path, bytes, or a BGR array"
_LEAST = "`Detector(min_confidence=...)`, the least confidence of a face"
_SMALLEST = "`Detector(min_face=...)`, the side of the smallest face in pixels"
_CPU = "no other processor: it runs on the CPU; `threads` sets its threads"
_RGB = "`Detector(rgb=True)` for RGB arrays; files and PIL images know their order"
_MODEL = "`width` for a shipped model (`lapland models`), `model` for the path of your own"

FACES = _table(
    {
        "box bbox bboxes rect rects bounding_box bounding_boxes location_data xyxy": _BOXES,
        "kps keypoints kp5 five": "`faces.five_landmarks`, (N, 5, 2)",
        "landmark points shape pts landmark_2d_106 landmark_3d_68 face_landmarks "
        "multi_face_landmarks landmarks_2d keypoints_xy xy": _LANDMARKS,
        "score det_score detection_score conf": "`faces.scores`, `face.score`, and `confidence`",
        "visibility presence landmark_scores uncertainty": "`radius(0.9)` in pixels",
        "scale": "`faces.scales`, `face.scales`",
        "id track_id": "`faces.ids`, `face.id`, from a `Tracker`",
        "embedding normed_embedding encoding age gender sex": _NO_PERSONS,
        "yaw pitch roll euler_angles head_pose": "`pose().yaw`, degrees; also `pitch`, `roll`",
        "rotation rotation_matrix facial_transformation_matrixes": "`pose().rotations`",
        "face_blendshapes blendshapes": "`eyes`, `mouth`, and `Blinks` for videos",
        "ear eye_aspect_ratio blink": "`eyes.openness`, `eyes.closed`, and `Blinks` for videos",
        "parts": "`part('left_eye')`, and `scheme.parts` with all names",
        "aligned align norm_crop crop crops": "`faces.chips(image, 112)`",
        "outline": "`faces.outlines()`, `face.outline()`",
        "outlines": "`face.outline()`",
        "mask": "`faces.masks(image, 'face')`, `face.mask(image, 'face')`",
        "masks": "`face.mask(image, 'face')`",
        "chip": "`faces.chips(image, 112)`, `face.chip(image, 112)`",
        "chips": "`face.chip(image, 112)`",
        "boxes": "`face.box`",
        "scores": "`face.score`",
        "ids": "`face.id`",
        "confidences": "`confidence`",
        "plot show draw": "`lapland.draw(image, faces)`",
        "save": "`to_json()`, `save_pts(path)`",
        "to_df to_dataframe pandas": "`to_pandas()`",
    }
)
DETECTOR = _table(
    {
        "detect process get get_landmarks get_landmarks_from_image detect_faces detect_image "
        "detectMultiScale run forward infer face_locations face_landmarks": (
            "`predict(image)`, for a path, bytes, or a BGR array"
        ),
        "get_landmarks_from_batch batch_face_locations predict_batch detect_many": (
            "`predict_many(images)`"
        ),
        "detect_for_video detect_async track update": "`Tracker().update(frame, time)`",
        "prepare load eval close create_from_options": "nothing to call: `Detector()` is ready",
        "to cuda cpu": _CPU,
    }
)
TRACKER = _table(
    {
        "process detect_for_video predict track detect": "`update(frame, time)`, in seconds",
        "count": "`Blinks` for blinks, and `faces.ids` for faces",
    }
)
MODULE = _table(
    {
        "FaceMesh FaceLandmarker FaceDetector FaceDetection FaceAlignment FaceAnalysis MTCNN Model "
        "YOLO LandmarkDetector get_frontal_face_detector shape_predictor": (
            "`Detector()`, then `predict(image)`"
        ),
        "solutions tasks Image load_image_file load_rgb_image imread": _PREDICT,
        "face_locations face_landmarks batch_face_locations detect predict get_landmarks": _PREDICT,
        "face_encodings compare_faces face_distance": _NO_PERSONS,
        "get_face_chip norm_crop align chips": "`faces.chips(image, 112)`",
        "face_utils shape_to_np FACIAL_LANDMARKS_IDXS": (
            "`face.landmarks`, an array; parts by `face.part('left_eye')`"
        ),
        "drawing_utils draw_landmarks plot": "`draw(image, faces)`",
        "LandmarksType": "68 landmarks in two dimensions",
        "VideoCapture webcam": "`track('clip.mp4')`, and the command `lapland webcam`",
    }
)
DETECTOR_KEYWORDS = _table(
    {
        "det_thresh min_detection_confidence min_face_detection_confidence conf confidence "
        "threshold score_threshold": _LEAST,
        "max_num num_faces max_num_faces max_det": "`Detector(max_faces=...)`",
        "min_face_size minSize min_size det_size input_size imgsz upsample "
        "number_of_times_to_upsample": _SMALLEST,
        "device ctx_id providers gpu gpu_id cuda": _CPU,
        "colour color bgr colors channels": _RGB,
        "static_image_mode running_mode": "`Detector` for photos, and `Tracker` for videos",
        "min_tracking_confidence": "`Tracker(unsure=...)`",
        "refine_landmarks landmarks_type": "68 landmarks, from the model of `width`",
        "flip_input": "`Detector(looks=2)`",
        "name model_name model_path weights_path predictor allowed_modules": _MODEL,
        "steps_threshold": "`thresholds`, three numbers",
        "scale_factor scaleFactor": "`pyramid_factor`, below 1",
        "num_threads": "`threads`",
    }
)
PREDICT_KEYWORDS = DETECTOR_KEYWORDS | _table(
    {
        "rgb": _RGB,
        "min_confidence max_faces min_face threads": "this as a keyword of `Detector`",
        "detected_faces face_locations rects bboxes bbox box": "`boxes`, (N, 4) x1, y1, x2, y2",
        "landmarks kps keypoints": "`five_points`, (N, 5, 2)",
        "time timestamp": "`Tracker().update(frame, time)` for videos",
        "return_bboxes return_landmark_score": "`faces.boxes` and `faces.radius(0.9)`, always",
    }
)
TRACKER_KEYWORDS = DETECTOR_KEYWORDS | _table(
    {
        "width precision model detector min_face rgb max_faces min_confidence threads": (
            "`Tracker(Detector(...))` with this keyword"
        ),
        "fps frame_rate": "`update(frame, time)`, the time of each frame in seconds",
        "min_tracking_confidence": "`unsure`",
        "smooth": "`smoothing`: 'off', 'light' or 'strong'",
    }
)
UPDATE_KEYWORDS = _table(
    {
        "timestamp timestamp_ms t seconds milliseconds": "`time`, in seconds",
        "rgb": "`Tracker(Detector(rgb=True))`",
    }
)
DRAW_KEYWORDS = _table(
    {
        "color colour": "colours that show how sure a landmark is",
        "thickness": "lines as thick as the face is large",
        "landmarks landmark_list": "`draw(image, faces)`",
        "confidence": "`radius=0.9` for circles",
        "bgr": "BGR by default, or `rgb=True`",
    }
)


class Hinting:
    """Attributes of other packages raise an error with the name here."""

    HINTS: ClassVar[Hints] = {}

    def _hint(self, name: str) -> str | None:
        """The name here for an attribute of another package; None if nothing is known."""
        return type(self).HINTS.get(name)

    if not TYPE_CHECKING:  # type checkers still refuse unknown names

        def __getattr__(self, name):
            raise unknown(self, name, self._hint(name))


def unknown(owner: object, name: str, hint: str | None) -> AttributeError:
    """The error of an attribute that is not there.

    Args:
        owner: an object, or a module.
        name: the attribute.
        hint: the name in lapland; None if nothing is known.
    """
    text = (
        f"module {owner.__name__!r}"
        if isinstance(owner, ModuleType)
        else f"{type(owner).__name__!r} object"
    )
    text += f" has no attribute {name!r}"
    return AttributeError(f"{text}; lapland has {hint}" if hint else text, name=name, obj=owner)


def hinting(hints: Hints) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Makes keywords of other packages a `TypeError` with the keyword here."""

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(function)
        def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            for name in kwargs.keys() & hints.keys():
                raise TypeError(
                    f"{function.__qualname__}() has no keyword {name!r}; lapland has {hints[name]}"
                )
            return function(*args, **kwargs)

        return checked

    return decorate
