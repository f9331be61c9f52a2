"""The protocol of the workers, with real processes, and both measurements on top of it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import measure, plan, score
from benchmarks.peers.photos import Photo, save
from benchmarks.peers.process import Worker
from tests.benchmarks.peers.fake import FACE

FAKE = Path(__file__).with_name("fake.py")


def photo(red: int = 0, *, missed: bool = False) -> Photo:
    image = np.zeros((100, 120, 3), np.uint8)
    image[0, 0] = 0, missed, red  # BGR
    face = FACE + np.array([60, 50])
    return Photo(image, np.concatenate([face.min(axis=0), face.max(axis=0)]), face)


@pytest.fixture
def worker(tmp_path):
    save([photo(), photo(4), photo(missed=True)], tmp_path)
    worker = Worker(sys.executable, FAKE, "", tmp_path)
    yield worker
    worker.close()


def test_a_worker_says_what_it_is(worker):
    assert worker.skipped is None
    ready = worker.ready
    assert ready["calls"] == ["detect", "landmarks", "predict"]
    assert ready["versions"] == {"numpy": np.__version__}
    assert ready["model_mb"] == FAKE.stat().st_size / 1e6
    assert ready["import_ms"] > 0
    assert ready["load_ms"] >= 0


def test_a_worker_answers_each_task_with_the_right_channels(worker):
    answer = worker.ask("predict", photo=1)
    assert answer["ms"] > 0
    np.testing.assert_allclose(
        answer["result"], [FACE + np.array([64, 50])]
    )  # the red channel comes first
    assert worker.ask("detect", photo=2)["result"] == {"boxes": []}
    given = {"box": [10, 20, 30, 40], "five_points": np.zeros((5, 2)).tolist()}
    answer = worker.ask("landmarks", photo=0, **given)
    np.testing.assert_allclose(answer["result"], FACE + np.array([20, 30]))


def test_memory_is_that_of_the_worker_alone(tmp_path):
    held = np.ones(20_000_000)  # 160 MB of ours, which getrusage would count for the child
    worker = Worker(sys.executable, FAKE, "", tmp_path)
    peak = worker.ask("memory")["result"]
    worker.close()
    if peak is None:
        pytest.skip("the system does not tell the peak of a process")
    assert 5 < peak < held.nbytes / 1e6


@pytest.mark.parametrize(
    ("variant", "reason"),
    [("broken", "RuntimeError: there are no weights"), ("dies", "it died at once")],
)
def test_a_worker_that_does_not_start_says_why(tmp_path, variant, reason):
    worker = Worker(sys.executable, FAKE, variant, tmp_path)
    assert worker.skipped is not None
    assert reason in worker.skipped
    worker.close()


def test_a_missing_interpreter_is_named(tmp_path):
    worker = Worker(tmp_path / "nowhere", FAKE, "", tmp_path)
    assert "nowhere" in str(worker.skipped)
    worker.close()


def test_a_worker_that_ends_later_ends_the_run_with_its_last_words(tmp_path):
    save([photo()], tmp_path)
    worker = Worker(sys.executable, FAKE, "dies later", tmp_path)
    with pytest.raises(SystemExit, match="it died later"):
        worker.ask("landmarks", photo=0, box=[0, 0, 1, 1], five_points=[[0, 0]])
    worker.close()


def entry(name: str, variant: str = "") -> measure.Entry:
    return measure.Entry(name, sys.executable, FAKE, variant, 12.5)


@pytest.fixture
def boxes(monkeypatch):
    """Boxes that the test gives instead of lapland's MTCNN, which sees no faces in noise."""

    def given(photos):
        five = np.zeros((5, 2)).tolist()
        found = [{"box": photo.box.tolist(), "five_points": five} for photo in photos]
        return [*found[:-1], None]

    monkeypatch.setattr(measure, "_boxes", given)


@pytest.mark.usefixtures("boxes")
def test_times_of_all_that_run_and_reasons_of_the_others():
    rows = [entry("one"), entry("two", "broken")]
    figures, skipped = measure.times(rows, [photo(), photo()], rounds=2, starts=2)
    assert list(figures) == ["one"]
    assert "no weights" in skipped["two"]
    row = figures["one"]
    for call in ("detect", "landmarks", "predict"):
        assert 0 < row[call]["median"] <= row[call]["p95"]
    assert row["install_mb"] == 12.5
    assert row["import_ms"] > 0


@pytest.mark.usefixtures("boxes")
def test_errors_of_all_that_run():
    photos = [photo(), photo(4), photo(missed=True), photo(30)]
    figures, skipped = measure.accuracy([entry("one"), entry("two", "broken")], photos)
    assert "no weights" in skipped["two"]
    assert score.sum_up(figures) == 2
    own, given = figures["one"]["predict"], figures["one"]["landmarks"]
    assert own["faces"] == "0.000 10.000 - -"  # 4 of 40 pixels; 30 are another face
    assert (own["nmse"], own["missed"], own["shared"]) == (5.0, 2, 68)
    assert given["missed"] == 1  # which has no box
    assert given["nmse"] < 60
    assert figures["one"]["detect"]["recall_percent"] == 50
    assert figures["one"]["detect"]["extra_boxes"] == 1


def test_every_row_has_a_name_of_its_own_and_a_worker():
    names = [row.name for peer in plan.PEERS for row in peer.rows]
    assert len(set(names)) == len(names)
    assert all(peer.script.is_file() for peer in plan.PEERS)
