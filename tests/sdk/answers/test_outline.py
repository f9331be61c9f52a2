"""Outlines, masks, triangles."""

import cv2
import numpy as np
import pytest

from lapland import Faces, OptionError
from lapland.answers.outline import MASKS, triangles


def test_the_outline_holds_every_landmark(astronaut):
    outline = astronaut.outline().astype(np.float32)
    away = [
        cv2.pointPolygonTest(outline, tuple(map(float, p)), measureDist=True)
        for p in astronaut.landmarks
    ]
    assert min(away) > -1
    brow = astronaut.part("left_brow")[:, 1].min()
    assert outline[:, 1].min() < brow - 20  # the forehead
    assert len(astronaut.outline(forehead=False)) == 27


def test_masks(astronaut, faces, photo):
    shape = (512, 512)
    mask = {name: astronaut.mask(shape, name) for name in MASKS}
    assert mask["face"].sum() > mask["skin"].sum() > mask["mouth"].sum() > mask["lips"].sum() > 0
    assert (mask["eyes"] == mask["left_eye"] | mask["right_eye"]).all()
    assert not (mask["lips"] & mask["inner_mouth"]).any()
    assert not (mask["skin"] & mask["eyes"]).any()
    eye = astronaut.part("left_eye").mean(axis=0).round().astype(int)
    assert mask["left_eye"][eye[1], eye[0]]
    assert not mask["right_eye"][eye[1], eye[0]]
    assert mask["face"].dtype == bool
    assert faces.masks(photo).shape == (1, 512, 512)
    assert Faces.empty().masks(shape).shape == (0, *shape)


def test_a_mask_has_the_area_of_its_polygon(astronaut):
    outline = astronaut.outline()
    x, y = outline.T
    area = abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2
    assert astronaut.mask((512, 512)).sum() == pytest.approx(area, rel=0.05)


def test_masks_far_outside_are_empty(astronaut):
    from dataclasses import replace

    far = replace(astronaut, landmarks=astronaut.landmarks + np.float32(1e8))
    assert not far.mask((50, 50)).any()


def test_triangles_cover_the_face_once(astronaut):
    corners = astronaut.triangles
    assert corners is triangles()
    assert not corners.flags.writeable
    assert set(corners.ravel().tolist()) == set(range(68))
    points = astronaut.landmarks.astype(np.float64)[corners]
    first, second = points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]
    areas = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    hull = cv2.contourArea(cv2.convexHull(astronaut.landmarks))
    assert -areas.sum() / 2 == pytest.approx(hull, rel=0.05)
    assert (areas < 1).mean() > 0.97  # counter-clockwise, but for slivers


def test_wrong_names(astronaut):
    with pytest.raises(OptionError, match="'face', 'eyes'"):
        astronaut.mask((10, 10), "ears")
    with pytest.raises(OptionError, match="height, width"):
        astronaut.mask((0, 10))
