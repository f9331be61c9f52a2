"""RGB said once, many images in order, few faces and sure ones."""

import numpy as np
import pytest

from lapland import Detector, ImageError, OptionError, Tracker, draw


@pytest.fixture(scope="module")
def rgb(image):
    return np.ascontiguousarray(image[..., ::-1])


def test_rgb_gives_what_bgr_gives(detector, image, rgb):
    expected = detector.predict(image)
    reads_rgb = Detector(threads=1, rgb=True)
    np.testing.assert_array_equal(reads_rgb.predict(rgb).landmarks, expected.landmarks)
    drawn = draw(rgb, expected, rgb=True)
    np.testing.assert_array_equal(drawn[..., ::-1], draw(image, expected))
    frames = Tracker(reads_rgb, background=False).update(rgb, 0.0)
    known = Tracker(detector, background=False).update(image, 0.0)
    np.testing.assert_array_equal(frames.landmarks, known.landmarks)


def test_many_images_in_order(detector, image, photo):
    sizes = [image, photo, image[:300], photo.read_bytes(), image[:60, :60], image]
    found = list(detector.predict_many(iter(sizes)))
    for faces, given in zip(found, sizes, strict=True):
        np.testing.assert_array_equal(faces.landmarks, detector.predict(given).landmarks)
    results = detector.predict_many([image, None, image])
    assert len(next(results)) == 1
    with pytest.raises(ImageError, match="NoneType"):
        next(results)
    with pytest.raises(OptionError, match="for one image call predict"):
        detector.predict_many("a.jpg")


def test_few_faces_and_sure_ones(image):
    two = np.hstack([image[:260, 90:360]] * 2)
    assert len(Detector(threads=1).predict(two)) == 2
    assert len(Detector(threads=1, max_faces=1).predict(two)) == 1
    assert len(Detector(threads=1, min_confidence=0.5).predict(two)) == 2
    assert len(Detector(threads=1, min_confidence=1.0).predict(two)) == 0


def test_a_face_is_drawn_and_printed_in_a_line(detector, image):
    faces = detector.predict(image)
    np.testing.assert_array_equal(draw(image, faces[0]), draw(image, faces))
    assert str(faces[0]).startswith("<face, ")
    assert len(str(faces[0])) < 100
    assert "\n" not in str(faces) + str(faces[0])
