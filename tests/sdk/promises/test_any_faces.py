"""Whatever faces: every form of them, or one of our errors; arrays of the caller stay."""

import json
import math
import warnings

import numpy as np
import pytest

from lapland import (
    AFLW19,
    IBUG68,
    Face,
    Faces,
    ImageError,
    draw,
)
from lapland.image.loading import load_image

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.sdk.promises.given import (
    ODD,
    anything,
    images,
    outcome,
)

PLACES = st.floats(-(2.0**127), 2.0**127, width=32)


@st.composite
def faces_anywhere(draw_):
    """Faces of any number at any finite place."""
    n = draw_(st.integers(0, 3))
    scheme = draw_(st.sampled_from([IBUG68, AFLW19]))
    k = scheme.size

    def numbers(*shape, elements=PLACES):
        return draw_(hnp.arrays(np.float32, shape, elements=elements, fill=elements))

    scores = numbers(n, elements=st.floats(0, 1, width=32))
    scales = numbers(n, k, elements=st.floats(0, 2.0**127, width=32))
    ids = draw_(st.one_of(st.none(), st.just(np.arange(n))))
    arrays = numbers(n, 4), scores, numbers(n, 5, 2), numbers(n, k, 2), scales
    return Faces(*arrays, scheme, ids)


@given(faces_anywhere())
def test_every_form_of_faces(tmp_path, faces):
    parsed = json.loads(faces.to_json())
    assert len(parsed["faces"]) == len(faces)
    assert parsed == faces.to_dict()
    assert Faces.from_dict(parsed).to_dict() == parsed
    rows = faces.to_coco(image_id=1, first_id=5)
    assert [row["id"] for row in json.loads(json.dumps(rows, allow_nan=False))] == list(
        range(5, 5 + len(faces))
    )
    for path in faces.save_pts(tmp_path / "a.pts"):
        lines = path.read_text().splitlines()
        assert len(lines) == faces.scheme.size + 4
        assert all(math.isfinite(float(v)) for line in lines[3:-1] for v in line.split())
    assert all(isinstance(one, Face) for one in faces)
    assert len(faces[::-1]) == len(faces)
    assert len(faces[[]]) == 0
    assert repr(faces)


@given(faces_anywhere(), st.data())
@settings(max_examples=20)
def test_drawing_faces_anywhere(faces, data):
    image = data.draw(images())
    drawn = outcome(draw, image, faces, boxes=data.draw(st.booleans()))
    assert drawn.dtype == np.uint8
    assert drawn.shape == (*image.shape[:2], 3)
    assert drawn.flags.writeable
    assert not np.shares_memory(drawn, image)


@given(st.integers(0, 4), st.one_of(anything((2, 4)), ODD))
def test_faces_of_anything(at, value):
    arrays = [np.zeros(shape, np.float32) for shape in ((2, 4), 2, (2, 5, 2), (2, 68, 2), (2, 68))]
    arrays[at] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        faces = outcome(Faces, *arrays)
    assert faces is None or np.isfinite(faces.boxes).all()


@given(st.one_of(ODD, anything((2,))))
def test_ids_of_anything(value):
    arrays = [np.zeros(shape, np.float32) for shape in ((2, 4), 2, (2, 5, 2), (2, 68, 2), (2, 68))]
    faces = outcome(Faces, *arrays, IBUG68, value)
    assert faces is None or faces.ids is None or faces.ids.dtype == np.int64


@given(
    st.floats(0, 1),
    hnp.arrays(np.float32, (2, 68), elements=st.floats(0, 1e6, width=32)),
    st.floats(0.001, 0.999),
)
def test_lines_keep_confidence_and_radii(confidence, radii, probability):
    faces = Faces.empty().to_dict()
    faces["faces"] = [
        {
            "box": [0.0, 0.0, 1.0, 1.0],
            "score": 0.5,
            "confidence": round(confidence, 4),
            "five_points": [[0.0, 0.0]] * 5,
            "landmarks": [[0.0, 0.0]] * 68,
            "scales": [1.0] * 68,
            "radius_50": radii.min(axis=0).astype(float).round(3).tolist(),
            "radius_90": radii.max(axis=0).astype(float).round(3).tolist(),
        }
    ]
    again = Faces.from_json(json.dumps(faces))
    row = again.to_dict()["faces"][0]
    np.testing.assert_allclose(
        row["radius_50"], faces["faces"][0]["radius_50"], rtol=1e-5, atol=1e-3
    )
    np.testing.assert_allclose(
        row["radius_90"], faces["faces"][0]["radius_90"], rtol=1e-5, atol=1e-3
    )
    assert row["confidence"] == faces["faces"][0]["confidence"]
    assert np.isfinite(again.radius(probability)).all()


@given(st.one_of(ODD, st.dictionaries(st.sampled_from(["faces", "scheme", "error"]), ODD)))
def test_lines_of_anything(value):
    outcome(Faces.from_dict, value)
    outcome(Faces.from_json, value)
    outcome(Faces.from_dict, {"scheme": "ibug68", "faces": [value, value]})


def test_errors_of_paths(face, tmp_path):
    faces = Faces.empty()
    assert faces.save_pts(tmp_path / "none" / "a.pts") == []
    with pytest.raises(ImageError):
        load_image("x" * 5000)
    with pytest.raises(ImageError):
        load_image("\udcff\0.jpg")
