import numpy as np
import pytest

from lapland.landmarks.decoders import DECODERS
from tests.drawn_faces import write_folder
from training import discretisation
from training.data import detected


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "faces", 6)


def test_what_is_lost_is_the_pixel_in_encoding_and_in_decoding(
    folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")
    out = tmp_path / "lost.png"
    discretisation.main(["--data", str(folder), "--out", str(out)])
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[2:-1]]
    lost = {(r[0].strip(), r[1].strip()): [float(cell) for cell in r[2:]] for r in rows}
    assert len(lost) == 2 * (len(DECODERS) + 1)  # argmax is no decoder of the package
    rounded = lost["the nearest pixel", "softargmax"]
    # A pixel twice as wide loses twice as much.
    assert rounded[1] / rounded[0] == pytest.approx(2, rel=0.2)
    assert rounded[2] / rounded[1] == pytest.approx(2, rel=0.2)
    np.testing.assert_allclose(lost["the coordinate", "argmax"], rounded, rtol=0.02)
    for decoding in DECODERS:
        assert all(
            here < 0.2 * there
            for here, there in zip(lost["the coordinate", decoding], rounded, strict=True)
        )
    assert out.stat().st_size > 5000


def test_a_folder_without_the_split_is_refused(folder):
    with pytest.raises(SystemExit, match=r"training\.discretisation: test: expected a split file"):
        discretisation.main(["--data", str(folder), "--split", "test"])
