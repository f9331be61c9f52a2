"""Faces as a table of pandas."""

import numpy as np
import pytest

from lapland import AFLW19, IBUG68, Faces, OptionError
from tests.made_up import made_up


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas", reason="an extra: pip install 'lapland[pandas]'")


def test_pandas_has_a_row_for_each_landmark(pandas, faces):
    table = faces.to_pandas()
    assert table.shape == (3 * 68, 11)
    assert list(table.columns[:7]) == ["face", "landmark", "group", "x", "y", "scale", "score"]
    assert set(map(str, table.dtypes)) == {"int64", "category", "float32"}
    row = table[(table.face == 2) & (table.landmark == 30)].iloc[0]
    assert (row.x, row.y) == tuple(faces[2].landmarks[30])
    assert row.scale == faces[2].scales[30]
    assert row.score == np.float32(faces[2].score)
    assert row.group == "nose"
    np.testing.assert_array_equal(
        table.drop_duplicates("face")[["box_x1", "box_y1", "box_x2", "box_y2"]], faces.boxes
    )
    for name, indices in IBUG68.groups.items():
        assert set(table.landmark[table.group == name]) == set(indices)


def test_pandas_turns_into_a_row_a_face(pandas, faces):
    wide = faces.to_pandas().pivot(index="face", columns="landmark", values=["x", "y", "scale"])
    assert wide.shape == (3, 3 * 68)
    np.testing.assert_array_equal(wide["y"], faces.landmarks[..., 1])


def test_pandas_of_several_photos(pandas, faces):
    tables = {"a.jpg": faces.to_pandas(), "b.jpg": Faces.empty().to_pandas()}
    assert list(tables["a.jpg"].dtypes) == list(tables["b.jpg"].dtypes)
    whole = pandas.concat(tables, names=["photo"])
    assert len(whole.loc["a.jpg"]) == len(whole) == 3 * 68


def test_pandas_has_answers_and_certainty(pandas, detector, image):
    faces = detector.predict(image)
    table = faces.to_pandas(pose=True, eyes=True)
    assert list(table.columns[11:]) == [
        *("radius_50", "radius_90", "confidence", "yaw", "pitch", "roll"),
        *("yaw_radius_90", "pitch_radius_90", "roll_radius_90"),
        *("left_eye", "right_eye", "left_closed", "right_closed", "mouth"),
    ]
    np.testing.assert_array_equal(table.radius_90, faces.radius(0.9).ravel())
    row = table[table.landmark == 5].iloc[0]
    assert [row.yaw, row.pitch, row.roll] == faces.pose().angles[0].tolist()
    assert row.right_closed == faces.eyes.closed[0, 1]
    assert row.mouth == faces.mouth.openness[0]
    assert row.confidence == faces.confidence[0]
    with pytest.raises(OptionError, match="IBUG68"):
        made_up(1, AFLW19).to_pandas(pose=True)
