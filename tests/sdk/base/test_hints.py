"""Lines as users of other packages would type them work, or the error says what to type."""

import copy
import pickle

import numpy as np
import pytest

import lapland
from lapland import Detector, Face, Faces, Tracker
from lapland.base import hints

WORKS = None
# Lines of each package, with lapland's names in the place of its own. What follows is in the error.
LINES = {
    "MediaPipe": {
        "lapland.solutions.face_mesh.FaceMesh()": r"Detector\(\)\.predict",
        "lapland.FaceMesh(static_image_mode=True)": r"Detector\(\)",
        "Detector(static_image_mode=True)": "Tracker",
        "Detector(max_num_faces=2)": "max_faces",
        "Detector(num_faces=2)": "max_faces",
        "Detector(refine_landmarks=True)": "width",
        "Detector(min_detection_confidence=0.5)": "min_confidence",
        "Detector(min_face_detection_confidence=0.5)": "min_confidence",
        "Tracker(min_tracking_confidence=0.5)": "unsure",
        "detector.process(image)": r"predict\(image\)",
        "detector.detect(image)": r"predict\(image\)",
        "tracker.detect_for_video(image, 40)": "update",
        "tracker.update(image, timestamp_ms=40)": "time",
        "faces.multi_face_landmarks": "landmarks",
        "faces.face_landmarks[0]": "landmarks",
        "faces.face_blendshapes": "eyes",
        "faces.facial_transformation_matrixes": r"pose\(\)\.rotations",
        "face.visibility": r"radius\(0\.9\)",
        "lapland.draw_landmarks(image, faces)": "draw",
    },
    "dlib": {
        "lapland.get_frontal_face_detector()": r"Detector\(\)",
        "lapland.shape_predictor('68.dat')": r"Detector\(\)",
        "detector(image, 1)": r"predict\(image\)",
        "detector.run(image, 1, -1)": r"predict\(image\)",
        "detector.predict(image, upsample=1)": "min_face",
        "face.part(30)": "it has .*left_eye",
        "face.rect": "box",
        "lapland.get_face_chip(image, face)": r"chips\(image, 112\)",
        "faces.chips(image, size=150, layout='dlib')": WORKS,
        "lapland.shape_to_np(face)": "landmarks",
        "lapland.FACIAL_LANDMARKS_IDXS['left_eye']": "part",
    },
    "face_recognition": {
        "lapland.load_image_file('a.jpg')": "predict",
        "lapland.face_locations(image)": "predict",
        "lapland.face_landmarks(image)": "predict",
        "lapland.batch_face_locations([image])": "predict",
        "lapland.face_encodings(image)": "does not recognise",
        "face['left_eye']": r"part\('left_eye'\)",
        "face.left_eye": r"part\('left_eye'\)",
        "Detector(number_of_times_to_upsample=2)": "min_face",
        "faces[0].chin": r"part\('chin'\)",
    },
    "insightface": {
        "lapland.FaceAnalysis(allowed_modules=['detection'])": r"Detector\(\)",
        "detector.prepare(ctx_id=0)": "ready",
        "Detector(ctx_id=0, det_size=(640, 640))": "min_face|CPU",
        "Detector(det_thresh=0.5)": "min_confidence",
        "Detector(providers=['CUDAExecutionProvider'])": "CPU",
        "detector.get(image, max_num=1)": r"predict\(image\)",
        "detector.predict(image, max_num=1)": "max_faces",
        "face.bbox": "box",
        "face.kps": "five_landmarks",
        "face.det_score": "score",
        "face.landmark_2d_106": "landmarks",
        "face.pose()": WORKS,
        "face.yaw": r"pose\(\)\.yaw",
        "face.embedding": "does not recognise",
        "lapland.norm_crop(image, face.five_landmarks)": r"chips\(image, 112\)",
    },
    "face-alignment": {
        "lapland.FaceAlignment(lapland.LandmarksType.TWO_D)": "Detector",
        "Detector(device='cpu')": "CPU",
        "Detector(flip_input=True)": "looks=2",
        "detector.get_landmarks(image)": r"predict\(image\)",
        "detector.get_landmarks_from_image(image)": r"predict\(image\)",
        "detector.get_landmarks_from_batch([image])": "predict_many",
        "detector.predict(image, detected_faces=faces.boxes)": "boxes",
        "detector.predict(image, return_bboxes=True)": "faces.boxes",
    },
    "several": {
        "Detector(rgb=True).predict(image)": WORKS,
        "Detector(colour='rgb')": r"rgb=True",
        "detector.predict(image, rgb=True)": r"Detector\(rgb=True\)",
        "lapland.draw(image, faces, rgb=True)": WORKS,
        "lapland.draw(image, face)": WORKS,
        "lapland.draw(image, faces, color=(0, 255, 0))": "colours",
        "faces['boxes']": "boxes",
        "faces.box": "faces.boxes",
        "face.landmark": "landmarks",
        "print(face)": WORKS,
        "face.part('left_eye')": WORKS,
        "face.scheme.parts['left_eye']": WORKS,
        "list(detector.predict_many([image, image]))": WORKS,
        "Faces.from_json(faces.to_json())": WORKS,
        "Tracker(fps=25)": "time",
    },
}
ROWS = [(line, hint) for lines in LINES.values() for line, hint in lines.items()]


@pytest.fixture(scope="module")
def names(image):
    detector = Detector("1/16", weights="300w", threads=1)
    faces = detector.predict(image)
    with Tracker(detector, background=False) as tracker:
        yield {
            **{"lapland": lapland, "Detector": Detector, "Tracker": Tracker, "Faces": Faces},
            **{"detector": detector, "tracker": tracker, "faces": faces, "face": faces[0]},
            "image": image,
        }


@pytest.mark.parametrize(("line", "hint"), ROWS, ids=[line for line, _ in ROWS])
def test_a_line_works_or_the_error_says_what_to_type(names, line, hint):
    if hint is WORKS:
        exec(line, dict(names))
        return
    with pytest.raises((AttributeError, TypeError, IndexError, ValueError), match=hint) as caught:
        exec(line, dict(names))
    assert "lapland has" in str(caught.value) or isinstance(caught.value, lapland.LaplandError)


def test_no_hint_hides_a_name_that_is_there(names):
    owners = {"DETECTOR": Detector, "TRACKER": Tracker, "MODULE": lapland}
    for table, owner in owners.items():
        assert not [name for name in getattr(hints, table) if hasattr(owner, name)]
    faces, face = names["faces"], names["face"]
    both = set(dir(faces)) & set(dir(face))
    assert not both & set(hints.FACES)


def test_other_names_get_pythons_own_message(names):
    with pytest.raises(AttributeError, match=r"^'Faces' object has no attribute 'nonsense'$"):
        _ = names["faces"].nonsense
    with pytest.raises(AttributeError, match=r"^module 'lapland' has no attribute 'nonsense'$"):
        _ = lapland.nonsense
    with pytest.raises(TypeError, match="unexpected keyword"):
        Detector(nonsense=1)


def test_copies_and_arrays_are_as_before(names):
    face = names["face"]
    assert isinstance(copy.deepcopy(face), Face)
    assert isinstance(pickle.loads(pickle.dumps(face)), Face)
    assert np.asarray(names["faces"], dtype=object).shape == (1,)
    with pytest.raises(TypeError, match="no items"):
        iter(face).__next__()
