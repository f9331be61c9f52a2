"""A pipeline file finds and places the faces that `Detector.predict` does."""

import json
from functools import cache

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from export import pipeline
from export.stages.photo import Photo
from lapland import Detector
from training.common.paths import REPOSITORY

WIDTH, HEIGHT = 320, 240
NAMES = ("boxes", "scores", "five_points", "landmarks", "scales", "radii_50", "radii_90")
MODELS = ("rcn-1-16", "open-1-2-lite-int8")
# Crop pixels, at most and on average. An int8 network rounds values that lie between two steps to
# either, so pixels that differ by one grey value may move single landmarks.
TOLERANCES = {"float32": (0.3, 0.1), "int8": (1.5, 0.3)}


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options)


def model_file(name):
    return REPOSITORY / "models" / name / "model.onnx"


def run(graph, image):
    names = [output.name for output in graph.get_outputs()]
    return dict(zip(names, graph.run(None, {"image": image}), strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module", params=MODELS)
def both(request, folder):
    """A pipeline file's session, and the detector of the same model."""
    graph = session(written(folder, request.param))
    return graph, Detector(model=model_file(request.param), threads=1)


@cache
def written(folder, model, rounds=3):
    """A pipeline file."""
    out = folder / str(rounds)
    options = ["--size", f"{WIDTH}x{HEIGHT}", "--rounds", str(rounds), "--out", str(out)]
    pipeline.main(["--model", model, *options])
    return out / f"{model}-{WIDTH}x{HEIGHT}.onnx"


def astronaut(side):
    image = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"))
    return cv2.resize(image[:350, 50:400], (side, side), interpolation=cv2.INTER_AREA)


def canvas():
    return np.full((HEIGHT, WIDTH, 3), 90, np.uint8)


def one():
    image = canvas()
    image[:240, 40:280] = astronaut(240)
    return image


def several():
    """Three faces, of different sizes, one mirrored and one turned by 20 degrees."""
    image = canvas()
    image[:150, :150] = astronaut(150)
    image[:130, 185:315] = astronaut(130)[:, ::-1]
    turn = cv2.getRotationMatrix2D((59.5, 59.5), 20, 1)
    image[118:238, 170:290] = cv2.warpAffine(
        astronaut(120), turn, (120, 120), borderMode=cv2.BORDER_REPLICATE
    )
    return image


def large():
    """A face that fills the photo: its crop is shrunk first, and reaches beyond all borders."""
    part = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"))[70:160, 165:285]
    return cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def at_the_border():
    image = canvas()
    image[40:240, 180:320] = astronaut(200)[:, :140]
    return image


PICTURES = {"one": one, "several": several, "large": large, "at_the_border": at_the_border}
COUNTS = {"one": 1, "several": 3, "large": 1, "at_the_border": 1}


def crop_pixels(detector, faces):
    """(N,) image pixels of a crop pixel, of faces."""
    return detector.networks.landmarks.locate(
        np.zeros((9, 9, 3), np.uint8), faces.five_points
    ).steps


@pytest.mark.parametrize("name", PICTURES)
def test_it_agrees_with_the_detector(both, name):
    graph, detector = both
    image = PICTURES[name]()
    found, faces = run(graph, image), detector.predict(image)
    assert found["count"] == len(faces) == COUNTS[name]
    np.testing.assert_allclose(found["boxes"], faces.boxes, atol=0.05)
    np.testing.assert_allclose(found["scores"], faces.scores, atol=1e-3)
    np.testing.assert_allclose(found["five_points"], faces.five_points, atol=1 / 16)
    unit = crop_pixels(detector, faces)[:, None]
    apart = np.linalg.norm(found["landmarks"] - faces.landmarks, axis=2) / unit
    most, mean = TOLERANCES[detector.model.precision]
    assert apart.max() < most
    assert apart.mean() < mean
    assert np.abs(found["scales"] - faces.scales).mean() < mean * unit.max()
    for key, probability in (("radii_50", 0.5), ("radii_90", 0.9)):
        np.testing.assert_allclose(
            found[key].mean(axis=1), faces.radius(probability).mean(1), rtol=0.05
        )
    np.testing.assert_allclose(found["confidence"], faces.confidence, atol=0.05)


@pytest.mark.parametrize("name", PICTURES)
def test_radii_and_confidence_are_those_of_the_calibration(both, name):
    graph, detector = both
    image = PICTURES[name]()
    found = run(graph, image)
    locate = detector.networks.landmarks.locate
    textures = locate(image, found["five_points"], textured=True).textures
    given, size = (found["landmarks"], found["scales"], textures), (WIDTH, HEIGHT)
    calibration = detector.model.calibration
    for key, probability in (("radii_50", 0.5), ("radii_90", 0.9)):
        expected = calibration.radii(*given, probability, size)
        # A crop pixel that differs by one moves a landmark of an int8 network by a little: now and
        # then beyond the end of a pixel, whose detail counts then.
        off = np.abs(found[key] / expected - 1)
        assert (off > 0.02).mean() < 0.01
        assert off.max() < 0.2
    expected = calibration.confidence(*given, size)
    np.testing.assert_allclose(found["confidence"], expected, atol=0.02)


def lying(side, degrees):
    image, middle = canvas(), (side - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), degrees, 1)
    image[:side, 40 : 40 + side] = cv2.warpAffine(
        astronaut(side), turn, (side, side), borderMode=cv2.BORDER_REPLICATE
    )
    return image


@pytest.mark.parametrize("degrees", [60, 100, 150, 225])
@pytest.mark.parametrize("side", [240, 170])
def test_faces_that_lean_lie_or_hang(both, side, degrees):
    graph, detector = both
    image = lying(side, degrees)
    found, faces = run(graph, image), detector.predict(image)
    assert found["count"] == len(faces)
    np.testing.assert_allclose(found["confidence"], faces.confidence, atol=0.05)
    if len(faces) and faces.confidence.min() > 0.5:  # landmarks of a face upside down are scattered
        unit = crop_pixels(detector, faces)[:, None, None]
        assert (np.abs(found["landmarks"] - faces.landmarks) / unit).mean() < 0.2


def test_fewer_rounds_make_the_file_smaller(folder):
    image = several()
    expected = Detector(model=model_file("rcn-1-16"), threads=1).predict(image).landmarks
    files = [written(folder, "rcn-1-16", rounds) for rounds in (0, 1, 3)]
    # The last has tests of its own, and rounds one by one those of the agreement.
    np.testing.assert_allclose(run(session(files[0]), image)["landmarks"], expected, atol=0.3)
    sizes = [file.stat().st_size for file in files]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("grey", [0, 128])
def test_no_face_gives_empty_arrays(both, grey):
    graph, _ = both
    found = run(graph, np.full((HEIGHT, WIDTH, 3), grey, np.uint8))
    assert found["count"] == 0
    assert all(len(found[name]) == 0 for name in (*NAMES, "confidence"))
    assert found["landmarks"].shape == (0, 68, 2)


def test_rgb_and_fewer_faces(folder):
    options = ["--model", "rcn-1-16", "--size", f"{WIDTH}x{HEIGHT}", "--out", str(folder / "rgb")]
    pipeline.main([*options, "--colour", "rgb", "--faces", "2"])
    graph = session(folder / "rgb" / f"rcn-1-16-{WIDTH}x{HEIGHT}.onnx")
    detector = Detector(model=model_file("rcn-1-16"), threads=1, rgb=True, max_faces=2)
    for image in (several()[..., ::-1].copy(), large()[..., ::-1].copy()):
        found, faces = run(graph, image), detector.predict(image)
        assert found["count"] == len(faces)
        unit = crop_pixels(detector, faces)[:, None, None]
        np.testing.assert_allclose(found["landmarks"] / unit, faces.landmarks / unit, atol=0.3)


def test_metadata(both, folder):
    graph, detector = both
    facts = graph.get_modelmeta().custom_metadata_map
    assert facts["lapland.name"] == detector.model.name
    assert facts["lapland.licence"] == detector.model.licence
    own = json.loads(facts["lapland.pipeline"])
    assert (own["width"], own["height"], own["colour"]) == (WIDTH, HEIGHT, "BGR")
    assert own["detector"] == "blazeface"
    licences = {"blazeface": "Apache-2.0", "onestage": "Apache-2.0", "onet": "MIT"}
    assert own["detector_licence"] == licences
    assert own["detector_origin"].keys() == licences.keys()


def test_no_loops_and_no_operators_but_onnxs_and_those_of_the_int8_network(both, folder):
    _, detector = both
    name = detector.model.name
    whole = onnx.load(written(folder, name))
    network = onnx.load(detector.model.path)

    def kinds(graph):
        for node in graph.node:
            yield node.domain, node.op_type
            for attribute in node.attribute:
                yield from kinds(attribute.g)

    found = set(kinds(whole.graph))
    halving = {("com.microsoft", "QLinearConv")}
    assert {kind for kind in found if kind[0]} <= halving | {
        (n.domain, n.op_type) for n in network.graph.node
    }
    assert not {"Loop", "Scan"} & {kind for _, kind in found}


def test_the_same_bytes_each_time(tmp_path):
    photo = Photo(160, 120)
    for name in "ab":
        pipeline.write(tmp_path / f"{name}.onnx", "rcn-1-16", photo)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--size", "640"], "expected WIDTHxHEIGHT in pixels, as 640x480, not '640'"),
        (["--size", "20x20"], "expected sides of 48 to 4096 pixels"),
        (["--size", "4097x480"], "not 4097x480"),
        (["--min-face", "5"], "min_face: expected 12 to 480 pixels"),
        (["--min-face", "481"], "min_face: expected 12 to 480 pixels"),
        (["--faces", "0"], "faces: expected 1 to 1000, not 0"),
        (["--rounds", "4"], "rounds: expected 0 to 3, not 4"),
        (["--model", "none"], "expected the path of an ONNX file or "),
        (["--model", "none.onnx"], "there is no such model file"),
        (["--model", str(REPOSITORY / "README.md")], "README.md"),
        (["--model", str(REPOSITORY / "models/mtcnn/pnet.onnx")], "expected metadata of schema"),
    ],
)
def test_wrong_options(tmp_path, options, message):
    with pytest.raises(SystemExit, match=r"export\.pipeline: ") as raised:
        pipeline.main([*options, "--out", str(tmp_path)])
    assert message in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_not_calibrated(tmp_path):
    model = onnx.load(model_file("rcn-1-16"))
    kept = [p for p in model.metadata_props if p.key != "lapland.calibration"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, tmp_path / "plain.onnx")
    with pytest.raises(SystemExit, match="expected a calibrated model"):
        pipeline.main(["--model", str(tmp_path / "plain.onnx"), "--out", str(tmp_path / "out")])
