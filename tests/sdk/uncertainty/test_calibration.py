import dataclasses
import json
import pickle

import numpy as np
import pytest

from lapland import Detector, Faces, GeometryError, ModelError, OptionError, draw
from lapland.crop.texture import TEXTURE
from lapland.schemes.ibug68 import IBUG68
from lapland.uncertainty.border import USUAL, Hidden
from lapland.uncertainty.calibration import Calibration
from lapland.uncertainty.features import FEATURES

PROBABILITIES = np.array([0.05, 0.5, 0.95])


@pytest.fixture
def calibration():
    """Half of the landmarks within 1.5 scales, whatever else."""
    weights = np.zeros((68, 1 + FEATURES))
    weights[:, 1:3] = 1
    quantiles = np.zeros((68, 3, 3))
    quantiles[..., 0] = np.log([0.3, 1.5, 4.0])
    levels = np.tile([-4.0, -3.0], (68, 1))
    face = np.zeros(FEATURES)
    face[1] = 1
    wide = np.full(FEATURES, 20.0)
    return Calibration(
        IBUG68, -wide, wide, weights, levels, PROBABILITIES, quantiles, face, 4.0, 0.1
    )


@pytest.fixture
def faces(calibration):
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(0, 100, (3, 68, 2))
    scales = rng.uniform(1, 3, (3, 68))
    textures = rng.normal(0, 1, (3, TEXTURE + 68))
    zeros = (np.zeros((3, 4)), np.ones(3), np.zeros((3, 5, 2)))
    return Faces(*zeros, landmarks, scales, textures=textures, calibration=calibration)


def test_radius_is_in_pixels(faces):
    radii = faces.radius(0.5)
    assert radii.shape == (3, 68)
    assert radii.dtype == np.float32
    np.testing.assert_allclose(radii, 1.5 * faces.scales, rtol=1e-5)
    np.testing.assert_allclose(faces.radius(0.95), 4 * faces.scales, rtol=1e-5)
    doubled = dataclasses.replace(faces, landmarks=2 * faces.landmarks, scales=2 * faces.scales)
    np.testing.assert_allclose(doubled.radius(0.7), 2 * faces.radius(0.7), rtol=1e-5)
    np.testing.assert_allclose(doubled.confidence, faces.confidence, atol=1e-6)


def test_between_and_beyond_the_measured_probabilities_it_is_a_weibull_distribution(faces):
    p = np.array([0.001, 0.2, 0.5, 0.6, 0.9, 0.999])
    radii = np.array([faces.radius(at)[0, 0] for at in p]) / faces.scales[0, 0]
    x, y = np.log(-np.log1p(-p)), np.log(radii)
    below, above = np.polyfit(x[:3], y[:3], 1), np.polyfit(x[2:], y[2:], 1)
    np.testing.assert_allclose(np.polyval(below, x[:3]), y[:3], atol=1e-5)
    np.testing.assert_allclose(np.polyval(above, x[2:]), y[2:], atol=1e-5)


@pytest.mark.parametrize("probability", [0, 1, -0.1, 90, np.nan])
def test_probabilities_outside_0_to_1_are_an_error(faces, probability):
    with pytest.raises(OptionError, match=r"between 0 and 1, as 0\.9, not"):
        faces.radius(probability)


def test_confidence_falls_where_scales_grow(faces):
    sure = faces.confidence
    assert sure.shape == (3,)
    assert sure.dtype == np.float32
    assert ((sure >= 0) & (sure <= 1)).all()
    worse = dataclasses.replace(faces, scales=1.5 * faces.scales)
    assert (worse.confidence < sure).all()
    # A face whose mean error is 8 % of d, and more by exp(0.1), where the curve has its middle.
    d = np.linalg.norm(faces.landmarks[:, 36] - faces.landmarks[:, 45], axis=1)
    wanted = 0.08 * d * np.exp(0.1) / faces.scales.mean(axis=1)
    even = dataclasses.replace(faces, scales=faces.scales * wanted[:, None])
    np.testing.assert_allclose(even.confidence, 0.5, atol=1e-4)


def test_beyond_the_features_of_the_fit_the_nearest_of_them_counts(faces, calibration):
    """Radii and confidence of a feature beyond `low` or `high` are those at that bound."""
    weights = calibration.weights.copy()
    weights[:, 1 + 4] = 0.5  # the first number of the texture counts too
    face = calibration.face.copy()
    face[4] = 0.5
    bounded = dataclasses.replace(
        calibration,
        low=np.where(np.arange(FEATURES) == 4, -1.0, calibration.low),
        high=np.where(np.arange(FEATURES) == 4, 2.0, calibration.high),
        weights=weights,
        face=face,
    )

    def at(value):
        textures = faces.textures.copy()
        textures[:, 0] = value
        # Products of the texture are features as well; they weigh nothing here.
        return dataclasses.replace(faces, textures=textures, calibration=bounded)

    for beyond, bound in ((-5, -1), (7, 2)):
        np.testing.assert_array_equal(at(beyond).radius(0.9), at(bound).radius(0.9))
        np.testing.assert_array_equal(at(beyond).confidence, at(bound).confidence)
    assert (at(2).radius(0.9) > 2 * at(0).radius(0.9)).all()


def test_radii_ascend_though_the_lines_of_the_fit_cross(faces, calibration):
    """Lines are fitted one by one, so those of a few faces may cross."""
    quantiles = calibration.quantiles.copy()
    quantiles[:, 2, 0] = np.log(0.5)  # of 95 %, below that of 50 %
    crossed = dataclasses.replace(
        faces, calibration=dataclasses.replace(calibration, quantiles=quantiles)
    )
    radii = np.stack([crossed.radius(p) for p in (0.05, 0.3, 0.5, 0.7, 0.95, 0.99)])
    assert (np.diff(radii, axis=0) > 0).all()
    np.testing.assert_allclose(radii[4], 1.5 * faces.scales, rtol=0.01)


def test_faces_keep_it_when_they_are_chosen_pickled_or_told_as_json(faces):
    again = pickle.loads(pickle.dumps(faces))
    np.testing.assert_array_equal(again.textures, faces.textures)
    assert not again.textures.flags.writeable
    for other, chosen in ((again, slice(None)), (faces[1:], slice(1, 3)), (faces[[2]], [2])):
        np.testing.assert_allclose(other.radius(0.9), faces.radius(0.9)[chosen], rtol=1e-3)
    face = faces[1]
    np.testing.assert_array_equal(face.radius(0.9), faces.radius(0.9)[1])
    assert face.confidence == pytest.approx(float(faces.confidence[1]))
    told = json.loads(faces.to_json())["faces"]
    assert [f["confidence"] for f in told] == pytest.approx(faces.confidence.tolist(), abs=1e-4)


def test_faces_without_it_say_what_is_missing(faces):
    plain = dataclasses.replace(faces, textures=None, calibration=None)
    for ask in (lambda f: f.radius(0.9), lambda f: f.confidence):
        for which in (plain, plain[0]):
            with pytest.raises(ModelError, match=r"calibrated model.*export.rcn"):
                ask(which)
    assert "confidence" not in plain[0].to_dict()
    with pytest.raises(GeometryError, match="both or neither"):
        dataclasses.replace(faces, textures=None)
    with pytest.raises(GeometryError, match="textures: expected shape"):
        dataclasses.replace(faces, textures=np.zeros((3, 2)))


def test_no_faces_have_no_radii(faces):
    none = faces[[]]
    assert none.radius(0.9).shape == (0, 68)
    assert none.confidence.shape == (0,)


def test_nothing_is_not_a_number(calibration):
    """Not of landmarks that coincide, and not of scales as far off as float32 has them."""
    landmarks = np.zeros((2, 68, 2))
    landmarks[1] = np.random.default_rng(0).uniform(0, 1e6, (68, 2))
    for scale in (0, 1e-30, 1e6):
        for value in (-1e3, 1e3):
            args = (landmarks, np.full((2, 68), scale), np.full((2, TEXTURE + 68), value))
            assert np.isfinite(calibration.radii(*args, 0.9)).all()
            assert np.isfinite(calibration.confidence(*args)).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told.pop("face"),
        lambda told: told["groups"].pop("jaw"),
        lambda told: told["low"].append(1.0),
        lambda told: told["face"].append(1.0),
        lambda told: told.update(slope=-1.0),
        lambda told: told.update(probabilities=[0.9, 0.5, 0.1]),
        lambda told: told["groups"]["jaw"].update(quantiles=[1.0, 1.0, 1.0, 1.0]),
        lambda told: told["groups"]["jaw"].update(levels=[-3.0, -4.0]),
        lambda told: told["groups"]["jaw"]["quantiles"][1].__setitem__(1, -1.5),
        lambda told: told["groups"]["jaw"]["weights"].__setitem__(0, float("nan")),
    ],
)
def test_a_damaged_one_is_refused(calibration, spoil):
    told = json.loads(calibration.to_json())
    spoil(told)
    with pytest.raises((KeyError, TypeError, ValueError)):
        Calibration.from_json(json.dumps(told), IBUG68)


def test_one_that_would_fill_the_memory_is_refused_before_it_does(calibration):
    told = json.loads(calibration.to_json())
    told["probabilities"] = np.linspace(0.1, 0.9, 101).tolist()
    with pytest.raises(ValueError, match="expected 2 to 100 probabilities"):
        Calibration.from_json(json.dumps(told), IBUG68)


def test_a_calibrated_detector_gives_both(image, detector):
    faces = detector.predict(image)
    assert detector.model.calibration is not None
    assert (faces.radius(0.5) < faces.radius(0.9)).all()
    assert faces.confidence[0] > 0.9
    given = detector.predict(image, five_points=faces.five_points)
    np.testing.assert_allclose(given.radius(0.9), faces.radius(0.9), rtol=1e-3)
    assert detector.predict(image[:60, :60]).radius(0.9).shape == (0, 68)


def test_a_model_without_one_gives_faces_that_say_so(image, peaks):
    faces = Detector(model=peaks, threads=1).predict(image)
    assert len(faces) == 1
    with pytest.raises(ModelError, match="calibrated model"):
        faces.radius(0.5)


def test_circles_are_drawn_where_they_are_asked_for(image, faces):
    plain = draw(image, faces)
    with_circles = draw(image, faces, radius=0.9)
    assert (plain != with_circles).any()
    # Of one landmark, a circle of its radius about its place.
    grey = np.full((101, 101, 3), 90, np.uint8)
    changed = (draw(grey, faces[:1], radius=0.5) != draw(grey, faces[:1])).any(axis=2)
    off = (
        np.linalg.norm(np.argwhere(changed)[:, None, ::-1] - faces.landmarks[0], axis=-1)
        - faces.radius(0.5)[0]
    )
    assert np.abs(off).min(axis=1).max() < 2.5


def test_errors_beyond_the_border_belong_to_the_calibration(calibration):
    hidden = dataclasses.replace(calibration, hidden=Hidden(0.05, 0.6))
    text = hidden.to_json()
    assert Calibration.from_json(text, IBUG68).hidden == Hidden(0.05, 0.6)
    content = json.loads(text)
    del content["hidden"]  # as files of earlier versions
    assert Calibration.from_json(json.dumps(content), IBUG68).hidden == USUAL
    for wrong in ([0, 0.6], [0.05, -1], [0.05, 1e6], [float("nan"), 1], [0.1], "ab"):
        with pytest.raises((ValueError, TypeError)):
            Calibration.from_json(json.dumps(content | {"hidden": wrong}), IBUG68)
