"""Targets, loss and run of the network that finds small faces."""

import re

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.drawn_faces import write_folder
from training import detector
from training.finding.network import CHANNELS, LEVELS, OneStage, cells
from training.finding.objective import batch_of, loss, targets
from training.finding.run import Run, rate
from training.finding.scenes import SIZE, Scene
from training.finding.validation import validate


def scene(*squares, counts=None):
    """Squares (centre, side), each with five points about its middle."""
    places = np.array(squares, float).reshape(-1, 3)
    shape = np.array([[-0.2, -0.1], [0.2, -0.1], [0, 0.1], [-0.15, 0.3], [0.15, 0.3]])
    five = places[:, None, :2] + shape * places[:, None, 2:]
    image = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    for (x, y, side), points in zip(places, five, strict=True):
        half = int(side / 2)
        image[max(0, int(y) - half) : int(y) + half, max(0, int(x) - half) : int(x) + half] = 200
        for u, v in points.astype(int):
            image[max(0, v - 2) : v + 3, max(0, u - 2) : u + 3] = 20
    whole = np.ones(len(places), bool) if counts is None else np.array(counts)
    return Scene(image, places, five, whole)


def test_levels_have_cells_of_their_strides():
    outputs = OneStage().eval()(torch.zeros(2, 3, 64, 96))
    for level, output in zip(LEVELS, outputs, strict=True):
        assert output.shape == (2, CHANNELS, 64 // level.stride, 96 // level.stride)
        at = cells(level, 64, 96)
        assert at.shape == (*output.shape[2:], 2)
        assert at[0, 1].tolist() == [1.5 * level.stride, 0.5 * level.stride]


def test_cells_near_the_middle_learn_the_face_of_their_size():
    small, large = (44.0, 60.0, 24.0), (104.0, 104.0, 90.0)
    fine, coarse = (targets([scene(small, large)], level) for level in LEVELS)
    at = cells(LEVELS[0], SIZE, SIZE)[fine.scores[0] == 1]
    assert len(at)
    assert (at - torch.tensor(small[:2])).norm(dim=1).max() <= 0.75 * LEVELS[0].stride
    assert (fine.values[0][fine.scores[0] == 1][:, :3] == torch.tensor(small)).all()
    assert (coarse.values[0][coarse.scores[0] == 1][:, :3] == torch.tensor(large)).all()
    assert fine.scores[0, 13, 13] == 0  # the large face is none to the fine cells


def test_faces_that_may_count_or_not_are_left_out():
    for square in ((80.0, 80.0, 100.0), (80.0, 80.0, 170.0)):
        counts = [square[2] > 150]
        coarse = targets([scene(square, counts=counts)], LEVELS[1])
        assert (coarse.scores != 1).all()
        assert (coarse.scores == -1).any()


def test_every_face_has_a_cell():
    rng = np.random.default_rng(0)
    for _ in range(200):
        side = float(rng.uniform(LEVELS[0].least, LEVELS[-1].most))
        x, y = rng.uniform(20, SIZE - 20, 2)
        scores = [targets([scene((x, y, side))], level).scores for level in LEVELS]
        assert any((s == 1).any() for s in scores), (x, y, side)


def test_a_perfect_answer_has_almost_no_loss():
    given = [scene((44.0, 60.0, 24.0), (104.0, 104.0, 90.0))]
    outputs = []
    for level in LEVELS:
        target = targets(given, level)
        at = cells(level, SIZE, SIZE)
        values = target.values
        output = torch.zeros(*target.scores.shape, CHANNELS)
        output[..., 0] = torch.where(target.scores == 1, 12.0, -12.0)
        output[..., 1:3] = (values[..., :2] - at) / level.stride
        output[..., 3] = torch.log(values[..., 2] / level.stride)
        points = values[..., 3:].reshape(*values.shape[:3], 5, 2)
        middle, side = values[..., None, :2], values[..., None, 2:3]
        output[..., 4:14] = ((points - middle) / side).flatten(3)
        outputs.append(output.permute(0, 3, 1, 2))
    total, parts = loss(tuple(outputs), given)
    assert float(total) < 1e-3
    assert parts.keys() == {"score", "square", "points"}
    wrong = (outputs[0] + 1, outputs[1])
    assert float(loss(wrong, given)[0]) > 0.01


def test_scenes_without_faces_have_a_loss():
    outputs = OneStage()(batch_of([scene(), scene()]))
    total, _ = loss(outputs, [scene(), scene()])
    total.backward()
    assert torch.isfinite(total)


def test_a_network_learns_where_faces_are(tmp_path):
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    given = [scene((*rng.uniform(50, 110, 2), side)) for side in (24.0, 90.0)]
    run = Run(tmp_path, steps=100_000, most=0.3, seed=0)  # the rate is that of the rise
    losses = [sum(run.learn(given).values()) for _ in range(30)]
    assert losses[-1] < 0.5 * losses[0]
    facts = validate(run.averaged(), given)
    assert facts.keys() == {"missed %", "false cells", "points %"}


def test_the_rate_rises_stays_and_falls():
    rates = [rate(step, 4000, 1.0) for step in range(4000)]
    assert rates[0] < 0.01
    assert rates[1000] == 1
    assert rates[2900] == 1
    assert rates[-1] < 0.01


def test_a_run_that_was_killed_goes_on_as_if_it_was_not(tmp_path, capsys):
    root = write_folder(tmp_path / "faces", 8)
    names = sorted(p.relative_to(root).with_suffix("").as_posix() for p in root.rglob("*.pts"))
    lists = tmp_path / "train.txt", tmp_path / "val.txt"
    lists[0].write_text("\n".join(names[:6]))
    lists[1].write_text("\n".join(names[6:]))
    common = ["--data", str(root), "--train", str(lists[0]), "--val", str(lists[1])]
    common += ["--batch", "2", "--every", "1", "--val-scenes", "10"]
    detector.main([*common, "--out", str(tmp_path / "whole"), "--steps", "2"])
    detector.main([*common, "--out", str(tmp_path / "parts"), "--steps", "1"])
    said = capsys.readouterr().out
    assert re.search(r"step 2: .*missed %", said)
    with pytest.raises(SystemExit):
        detector.main(["--out", str(tmp_path)])
    detector.main([*common, "--out", str(tmp_path / "parts"), "--steps", "2"])
    assert re.search(r"^step 2: ", capsys.readouterr().out, re.MULTILINE)
    whole, parts = (
        load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "parts")
    )
    for name, weights in whole.items():
        torch.testing.assert_close(parts[name], weights, rtol=0, atol=0)


def test_a_run_begins_with_weights(tmp_path):
    torch.manual_seed(3)
    given = OneStage().state_dict()
    begun = Run(tmp_path / "a", steps=10, most=1e-3, seed=0, start=given).averaged().state_dict()
    for name, weights in given.items():
        torch.testing.assert_close(begun[name], weights, rtol=0, atol=0)
    root = write_folder(tmp_path / "faces", 2)
    found = [p.relative_to(root).with_suffix("").as_posix() for p in root.rglob("*.pts")]
    names = tmp_path / "names.txt"
    names.write_text("\n".join(found))
    options = ["--data", str(root), "--train", str(names), "--val", str(names)]
    options += ["--out", str(tmp_path / "b")]
    with pytest.raises(SystemExit, match=r"training\.detector: .*no such checkpoint"):
        detector.main([*options, "--start", str(tmp_path / "none")])


@pytest.mark.parametrize("content", [None, b"no photo"])
def test_backgrounds_that_cannot_be_read_are_named(tmp_path, content):
    if content:
        (tmp_path / "a.png").write_bytes(content)
    options = ["--data", "x", "--train", "x", "--val", "x", "--out", str(tmp_path / "run")]
    with pytest.raises(SystemExit, match=r"training\.detector: .*expected"):
        detector.main([*options, "--backgrounds", str(tmp_path)])
