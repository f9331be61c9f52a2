"""The same photo gives the same landmarks, bit for bit, however it is asked for on one machine."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from lapland import Detector
from tests.sdk.promises.crowd import crowd, digest
from tests.sdk.promises.test_processes import assert_same

MODELS = [("1/4-lite", "int8"), ("1/4-lite", "float32")]
DIGEST = """
import sys
import cv2
from lapland import Detector
from tests.sdk.promises.crowd import crowd, digest
detector = Detector("1/4-lite", weights="300w", threads=int(sys.argv[2]))
print(digest(detector.predict(crowd(cv2.imread(sys.argv[1])))))
"""


@pytest.fixture(scope="module")
def people(image):
    return crowd(image)


def test_processes_agree(photo, people, request):
    expected = digest(Detector("1/4-lite", weights="300w", threads=1).predict(people))
    assert expected.startswith("9 ")
    for threads in (1, 3):
        done = subprocess.run(
            [sys.executable, "-c", DIGEST, str(photo), str(threads)],
            capture_output=True,
            text=True,
            check=True,
            cwd=request.config.rootpath,
        )
        assert done.stdout.strip() == expected


@pytest.mark.parametrize(("width", "precision"), MODELS)
def test_the_number_of_threads_makes_no_difference(people, width, precision):
    alone = Detector(width, precision=precision, weights="300w", threads=1).predict(people)
    before = cv2.getNumThreads()
    try:
        for threads in (2, 4):
            cv2.setNumThreads(threads)
            detector = Detector(width, precision=precision, weights="300w", threads=threads)
            assert_same(detector.predict(people), alone)
    finally:
        cv2.setNumThreads(before)


@pytest.mark.parametrize(("width", "precision"), MODELS)
def test_faces_do_not_depend_on_those_beside_them(people, width, precision):
    detector = Detector(width, precision=precision, weights="300w", threads=1)
    all_faces = detector.predict(people)
    rng = np.random.default_rng(0)
    for count in (1, 2, 5, 9):
        chosen = rng.permutation(len(all_faces))[:count]
        some = detector.predict(people, five_points=all_faces.five_points[chosen])
        np.testing.assert_array_equal(some.landmarks, all_faces.landmarks[chosen])
        np.testing.assert_array_equal(some.scales, all_faces.scales[chosen])
