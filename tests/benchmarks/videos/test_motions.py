"""Videos of known motion: the landmarks that they claim are where the picture has them."""

from itertools import islice

import numpy as np
import pytest

from benchmarks.videos.motions import MOTIONS, noisy, write
from benchmarks.videos.scene import SIZE, Person, carried, placed
from tests.grain import seed
from tests.videos import people, video


def test_a_pose_puts_the_face_where_it_says():
    person, _ = people()
    affine = placed(person, 320, 240, 130, 90)
    points = carried(person.landmarks, affine)
    low, high = points.min(axis=0), points.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, [320, 240], atol=1e-9)
    upright = carried(person.landmarks, placed(person, 320, 240, 130))
    assert np.ptp(upright, axis=0).max() == pytest.approx(130)
    # clockwise on the screen by a right angle: the chin was below and is to the left
    assert points[8, 0] < points[27, 0] - 60


def test_the_astronauts_landmarks_are_those_of_the_photo(detector, image):
    person, _ = people()
    found = detector.predict(image).landmarks[0]
    size = np.linalg.norm(person.landmarks[45] - person.landmarks[36])
    assert 100 * np.linalg.norm(found - person.landmarks, axis=1).mean() / size < 3


def test_the_other_is_the_mirror_image():
    person, other = people()
    assert isinstance(other, Person)
    assert other.landmarks[36, 0] == pytest.approx(511 - person.landmarks[45, 0])
    np.testing.assert_array_equal(other.image[:, 0], person.image[:, -1, ::-1])


@pytest.mark.parametrize("motion", sorted(MOTIONS))
def test_every_motion_shows_the_faces_where_it_says(detector, motion):
    plain = islice(MOTIONS[motion](*people()), 0, 25, 8)
    for number, frame in enumerate(noisy(plain, seed())):
        assert frame.image.shape == (SIZE[1], SIZE[0], 3)
        for truth in frame.faces.values():
            size = np.linalg.norm(truth.landmarks[45] - truth.landmarks[36])
            if truth.hidden:
                continue
            five = [truth.landmarks[list(i)].mean(axis=0) for i in detector.model.scheme.five]
            found = detector.predict(frame.image, five_points=[np.stack(five)]).landmarks[0]
            error = 100 * np.linalg.norm(found - truth.landmarks, axis=1).mean() / size
            assert error < 6, number


@pytest.mark.parametrize("motion", ["pan", "zoom", "rotation", "leave"])
def test_landmarks_are_the_photos_carried_by_the_affine(motion):
    person, _ = people()
    for frame in video(motion, 25)[::8]:
        truth = frame.faces["astronaut"]
        np.testing.assert_allclose(carried(person.landmarks, truth.affine), truth.landmarks)


def test_faces_are_hidden_when_they_are():
    hidden = [frame.faces["astronaut"].hidden for frame in video("occluder")]
    assert not any(hidden[:25])
    assert all(hidden[45:75])
    assert not any(hidden[-25:])


def test_noise_is_that_of_a_sensor_and_new_in_each_frame():
    first, second = (f.image.astype(float) for f in video("still", 2))
    difference = (first - second)[100:, 300:]
    assert 2.4 < difference.std() < 3.2  # of two frames with 2 grey values each
    assert abs(difference.mean()) < 0.05
    again = next(noisy(MOTIONS["still"](*people())))
    np.testing.assert_array_equal(again.image, video("still", 2)[0].image)


def test_videos_are_written(tmp_path):
    import cv2

    write(iter(video("still", 2)), tmp_path / "still.avi", marked=True)
    capture = cv2.VideoCapture(str(tmp_path / "still.avi"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 2
    there, frame = capture.read()
    assert there
    assert frame.shape == (480, 640, 3)
