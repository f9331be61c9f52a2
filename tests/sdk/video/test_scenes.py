"""Cuts are noticed, and nothing else."""

import cv2
import numpy as np

from lapland.video.scenes import Scenes
from tests.videos import video


def test_cuts_are_noticed_and_noise_light_and_slow_motion_are_none():
    scenes = Scenes()
    cuts = [i for i, frame in enumerate(video("cut")) if scenes.changed(frame.image)]
    assert cuts == [30, 60, 90, 120]
    for motion in ("still", "light", "zoom", "leave"):
        scenes = Scenes()
        assert not any(scenes.changed(frame.image) for frame in video(motion, 50)), motion


def test_cuts_of_odd_frames():
    scenes = Scenes()
    plain = np.full((60, 80, 3), 90, np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    assert not scenes.changed(plain)
    assert not scenes.changed(plain + 1)
    assert scenes.changed(noise)
    assert scenes.changed(plain)
    assert scenes.changed(cv2.resize(plain, (90, 60)))  # another size is another scene
    assert not scenes.changed(np.zeros((60, 90, 3), np.uint8))
    assert scenes.changed(np.zeros((1, 1, 3), np.uint8))
