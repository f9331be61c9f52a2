"""From photos to a folder of labelled faces, with a mesh that stands in for MediaPipe's."""

import cv2
import numpy as np
import pytest

from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import draw_face
from training import label
from training.data import indices
from training.data.readers import read_folder
from training.labelling import agreement, folder, maps, vertices
from training.labelling.mesh import Square, square_of_five_points, square_of_vertices


class DrawnMesh:
    """Vertices 0 to 67 are the landmarks of a drawn face; the others repeat them."""

    def __init__(self, truths, doubt=0.0):
        self.truths, self.doubt, self.seen = list(truths), doubt, 0

    def settled(self, image, square, rounds):
        return square if self.truths[self.seen] is not None else self._next(None)

    def views(self, image, square, count, rng):
        points = np.resize(self.truths[self.seen], (478, 2))
        out = np.repeat(points[None], count, axis=0) + rng.normal(0, self.doubt, (count, 478, 2))
        mirrored = np.resize(self.truths[self.seen][list(IBUG68.mirror)], (478, 2))
        out[1::2] += mirrored - points
        out = np.concatenate([out, np.zeros((count, 478, 1))], axis=2).astype(np.float32)
        return self._next(out)

    def _next(self, result):
        self.seen += 1
        return result


class FirstVertices(maps.LocalMap):
    """Vertex k is landmark k."""

    def __init__(self):
        self.nearest = np.arange(68)[:, None]
        self.weights = np.ones((68, 1))


@pytest.fixture
def drawn(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    truths = []
    for i in range(4):
        image, landmarks = draw_face(rng)
        cv2.imwrite(str(tmp_path / f"photos/face_{i}.png"), image)
        truths.append(landmarks)
    return tmp_path / "photos", truths


def five_of(truths):
    queue = [np.stack([t[list(g)].mean(axis=0) for g in IBUG68.five]) for t in truths]

    def find(image):
        return queue.pop(0)[None].astype(np.float32), np.ones(1, np.float32)

    return find


def meshed(root, store, truths, doubt=0.0):
    files = sorted(root.glob("*.png"))
    vertices.keep(root, files, store, DrawnMesh(truths, doubt), five_of(truths), count=4)


def test_labels_are_written_and_read_by_training(drawn, tmp_path, capsys):
    root, truths = drawn
    meshed(root, tmp_path / "meshes", truths)
    labeller = label.Labeller(FirstVertices())
    out = tmp_path / "out"
    label.label_folder(root, tmp_path / "meshes", out, labeller, "drawn", "CC0")
    assert "4 faces kept, 0 refused" in capsys.readouterr().out
    faces = read_folder(out, IBUG68)
    assert faces.weights is not None
    assert faces.weights.shape == (4, 68)
    assert (faces.weights > 0.95).all()
    for i, truth in enumerate(truths):
        # The pictures were cut: the distances within the face are those of the truth.
        found = faces.landmarks[faces.names.index(f"face_{i}")]
        gap = (found - found.mean(axis=0)) - (truth - truth.mean(axis=0))
        assert np.abs(gap).max() < 0.1
    index = indices.read_index(out)
    assert {row.terms for row in index.values()} == {"CC0"}
    assert (out / "kept.png").is_file()


def test_a_second_run_does_only_the_rest(drawn, tmp_path):
    root, truths = drawn
    meshed(root, tmp_path / "meshes", truths)
    labeller = label.Labeller(FirstVertices())
    out = tmp_path / "out"
    label.label_folder(root, tmp_path / "meshes", out, labeller, "drawn", "CC0")
    index = indices.read_index(out)
    kept = [row for row in index.values() if row.name != "face_2"]
    indices.write_index(out, kept)
    before = (out / "face_1.pts").stat().st_mtime_ns
    label.label_folder(root, tmp_path / "meshes", out, labeller, "drawn", "CC0")
    assert set(indices.read_index(out)) == {f"face_{i}" for i in range(4)}
    assert (out / "face_1.pts").stat().st_mtime_ns == before


def test_faces_without_agreement_are_refused(drawn, tmp_path):
    root, truths = drawn
    meshed(root, tmp_path / "meshes", truths, doubt=9.0)
    out = tmp_path / "out"
    label.label_folder(
        root, tmp_path / "meshes", out, label.Labeller(FirstVertices()), "drawn", "CC0"
    )
    assert not indices.read_index(out)
    assert "doubt" in (out / "refused.csv").read_text()
    assert (out / "refused.png").is_file()


def test_a_face_without_a_mesh_costs_one_face(drawn, tmp_path):
    root, truths = drawn
    files = sorted(root.glob("*.png"))
    known = [truths[0], None, *truths[2:]]
    store = tmp_path / "meshes"
    vertices.keep(root, files, store, DrawnMesh(known), five_of(truths), count=2)
    views = vertices.load(store).views
    assert [bool(np.isfinite(v).all()) for v in views] == [True, False, True, True]


def test_a_killed_run_goes_on_with_the_next_file(drawn, tmp_path, monkeypatch):
    root, truths = drawn
    files = sorted(root.glob("*.png"))
    store = tmp_path / "meshes"
    few = {"count": 2, "batch": 2}
    vertices.keep(root, files[:2], store, DrawnMesh(truths[:2]), five_of(truths[:2]), **few)
    mesh = DrawnMesh(truths[2:])
    vertices.keep(root, files, store, mesh, five_of(truths[2:]), **few)
    assert mesh.seen == 2
    assert vertices.load(store).photos == [f"face_{i}" for i in range(4)]


def test_doubts_become_weights():
    truth = draw_face(np.random.default_rng(1))[1]
    five = np.stack([truth[list(group)].mean(axis=0) for group in IBUG68.five])
    side = agreement.side_of(truth)
    doubts = np.full(68, 0.01 * side * indices.KNEE)
    doubts[5] = 0
    found = agreement.judge(truth, doubts, five, IBUG68)
    assert not found.refused
    assert found.weights[5] == 1
    assert np.allclose(np.delete(found.weights, 5), 0.5)
    far = agreement.judge(truth, doubts, five + 0.5 * side, IBUG68)
    assert "five points" in far.refused
    unseen = agreement.judge(truth, 1.2 * doubts, np.full((5, 2), np.nan), IBUG68)
    assert "not detected" in unseen.refused
    tiny = agreement.judge(truth / 20, doubts / 20, five / 20, IBUG68)
    assert "px" in tiny.refused


def test_large_photos_are_cut_and_scaled(tmp_path):
    rng = np.random.default_rng(2)
    image, truth = draw_face(rng)
    large = cv2.resize(image, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, 300, 0, 500, 0, cv2.BORDER_CONSTANT)
    landmarks = (truth + 0.5) * 5 - 0.5 + [500, 300]
    folder.write_face(tmp_path, "a/face", large, landmarks)
    found = read_folder(tmp_path, IBUG68)
    assert np.ptp(found.landmarks[0], axis=0).max() == pytest.approx(folder.MOST, abs=1)
    # The same place of the picture: the colour at the landmarks is that of the photo.
    for k in (30, 33, 57):
        x, y = np.round(found.landmarks[0][k]).astype(int)
        u, v = np.round(landmarks[k]).astype(int)
        gap = np.abs(found.images[0][y, x].astype(int) - large[v, u])
        assert gap.max() < 70


def test_a_broken_index_names_its_line(tmp_path):
    (tmp_path / "index.csv").write_text("name,source,terms,agreement,weight,weights\na,b,c,x,1,1\n")
    with pytest.raises(ValueError, match="line 2"):
        indices.read_index(tmp_path)


def test_squares_turn_with_the_face():
    five = np.array([[40.0, 50], [80, 50], [60, 75], [45, 95], [75, 95]])
    square = square_of_five_points(five)
    assert square.angle == 0
    angle = 0.4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = square_of_five_points(five @ turn.T)
    assert turned.angle == pytest.approx(angle)
    assert turned.side == pytest.approx(square.side)
    assert np.allclose(turned.centre, turn @ square.centre)
    mesh = np.resize(five, (478, 2))
    mesh[33], mesh[263] = five[0], five[1]
    around = square_of_vertices(mesh)
    assert isinstance(around, Square)
    assert np.allclose(around.centre, [60, 72.5])
