"""Features that estimate the error of a landmark."""

import numpy as np
import pytest

from lapland import IBUG68
from lapland.crop.texture import TEXTURE
from lapland.schemes.normaliser import face_sides
from lapland.uncertainty.features import (
    FEATURES,
    SPREAD,
    columns_of,
    features_of,
    ratio_features,
    rows_of,
)


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(0, 100, (3, 68, 2))
    scales = rng.uniform(0.5, 3, (3, 68))
    return landmarks, scales, rng.normal(0, 1, (3, TEXTURE + 68))


def test_they_do_not_depend_on_the_size_of_the_photo(arrays):
    landmarks, scales, textures = arrays
    found = features_of(IBUG68, landmarks, scales, textures)
    assert found.shape == (3, 68, FEATURES)
    larger = features_of(IBUG68, landmarks * 4, scales * 4, textures)
    np.testing.assert_allclose(larger, found, atol=1e-9)


def test_scales_relative_to_face_group_and_size(arrays):
    landmarks, scales, textures = arrays
    found = features_of(IBUG68, landmarks, scales, textures)
    relative = np.log(scales / scales.mean(axis=1, keepdims=True))
    np.testing.assert_allclose(found[..., 0], relative)
    jaw = list(IBUG68.groups["jaw"])
    np.testing.assert_allclose(found[:, jaw, 2], np.tile(relative[:, jaw].mean(axis=1), (17, 1)).T)
    np.testing.assert_allclose(found[:, 0, SPREAD], np.log(scales).std(axis=1))
    grown = features_of(IBUG68, landmarks, scales * 2, textures)
    np.testing.assert_allclose(grown[..., 1] - found[..., 1], np.log(2))


def test_texture_of_the_crop_and_of_the_landmark(arrays):
    found = features_of(IBUG68, *arrays)
    textures = arrays[2]
    np.testing.assert_allclose(found[:, 5, 4 : 4 + TEXTURE], textures[:, :TEXTURE])
    np.testing.assert_allclose(found[..., -1], textures[:, TEXTURE:])


def test_scales_of_zero_are_finite(arrays):
    landmarks, scales, textures = arrays
    assert np.isfinite(features_of(IBUG68, landmarks, scales * 0, textures)).all()


def test_the_ratio_depends_on_a_bounded_mean():
    means, spreads = np.array([-9.0, -3.5, 0.0]), np.array([1.0, 2.0, 3.0])
    levels = np.array([[-4.0] * 3, [-3.0] * 3])
    found = ratio_features(means, levels, spreads)
    np.testing.assert_array_equal(found, [[1, -4, 1], [1, -3.5, 2], [1, -3, 3]])


def test_rows_hold_each_feature_once(arrays):
    """Limits, weights and means of features are those of the columns of a row."""
    landmarks, scales, textures = arrays
    columns, rng = columns_of(IBUG68), np.random.default_rng(1)
    rows = rows_of(columns, face_sides(landmarks), scales, textures)
    features = features_of(IBUG68, landmarks, scales, textures)
    assert rows.shape[1] < 0.15 * features[0].size
    np.testing.assert_allclose(rows @ columns.means, features.mean(axis=1), atol=1e-12)
    np.testing.assert_array_equal(
        columns.values(np.arange(FEATURES))[columns.places].T[0], np.arange(FEATURES)
    )
    weights = np.concatenate(
        [
            rng.normal(size=(5, FEATURES))[i, None].repeat(n, 0)
            for i, n in enumerate(map(len, IBUG68.groups.values()))
        ]
    )
    inner = weights[:, 1:-1]  # of the groups and of the face
    np.testing.assert_allclose(
        rows[:, columns.shared] @ columns.weights(weights),
        (features[..., 1:-1] * inner).sum(axis=-1),
        atol=1e-9,
    )


def test_products_of_textures(arrays):
    landmarks, scales, textures = arrays
    found = features_of(IBUG68, landmarks, scales, textures)
    off = textures[:, :4] - [0.0, 0.2, 0.4, 2.2]
    first, second = np.triu_indices(4)
    np.testing.assert_allclose(found[:, 7, 9:-1], off[:, first] * off[:, second])
