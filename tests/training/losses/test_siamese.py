import numpy as np
import pytest
import torch

from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import write_folder
from training.data import detected
from training.data.augment import Augmentation
from training.data.crops import CropSpec, TrainingCrops
from training.data.pairs import Pairs, side_by_side
from training.data.readers import read_faces
from training.data.unlabelled import WIDE, UnlabelledCrops
from training.losses.adversary import drawn_maps
from training.losses.heatmaps import location_and_scale, marginals
from training.losses.siamese import disagreement, seen_from_first

HOW = Augmentation(rotation=10, zoom=0.1, shift=0.03, flip=0.5)
MIRROR = list(IBUG68.mirror)


@pytest.fixture(scope="module")
def crops(tmp_path_factory):
    folder = write_folder(tmp_path_factory.mktemp("faces") / "faces", 8)
    faces = read_faces(folder, IBUG68, folder / "splits/train.txt")
    detected.add_detected(faces, tmp_path_factory.mktemp("cache"))
    return TrainingCrops(faces, IBUG68, CropSpec(), HOW)


def test_the_first_view_is_what_training_without_pairs_sees(crops):
    pairs = Pairs(crops)
    assert len(pairs) == len(crops)
    both, targets, _ = pairs[2]
    crop, target = crops[2]
    assert torch.equal(both[0], crop)
    assert torch.equal(targets[0], target)
    assert not torch.equal(both[1], crop)


def test_the_way_between_views_takes_one_target_to_the_other(crops):
    flipped = 0
    for index in range(len(crops)):
        for crops.epoch in range(6):
            _, (first, second), between = Pairs(crops)[index]
            moved = first @ between[:, :2].T + between[:, 2]
            if torch.det(between[:, :2]) < 0:
                moved, flipped = moved[MIRROR], flipped + 1
            torch.testing.assert_close(moved, second, atol=1e-3, rtol=0)
    crops.epoch = 0
    assert 0 < flipped < 6 * len(crops)


@pytest.mark.parametrize("stride", [1, 2])
def test_maps_of_the_second_view_are_brought_to_the_first(crops, stride):
    loader = torch.utils.data.DataLoader(Pairs(crops), batch_size=len(crops))
    _, targets, between = side_by_side(next(iter(loader)))
    first, second = targets.chunk(2)
    # Wide maps: what interpolation does to them is far below a pixel.
    maps = drawn_maps(second, 4.0).log()[..., ::stride, ::stride]
    moved = seen_from_first(maps, between, MIRROR)
    where, _ = location_and_scale(*marginals(moved, 1.0), stride)
    # ::2 takes the pixels 0, 2, 4, .. as those of maps whose centres lie at 0.5, 2.5, 4.5, ..
    inside = ((first > 12) & (first < 67)).all(-1)
    assert inside.sum() > 30
    error = (where - first)[inside].abs()
    assert error.mean() < 0.35 if stride == 1 else error.mean() < 0.9
    unmoved, _ = location_and_scale(*marginals(maps, 1.0), stride)
    assert (unmoved - first)[inside].abs().mean() > 2


def test_disagreement_is_zero_for_maps_that_agree_and_grows_with_what_parts_them():
    torch.manual_seed(0)
    maps = 3 * torch.randn(2, 68, 40, 40)
    stay = torch.tensor([[1.0, 0, 0], [0, 1, 0]]).repeat(2, 1, 1)
    assert disagreement(maps, maps, stay, MIRROR).abs().max() < 1e-3
    turned = torch.tensor([[-1.0, 0, 79], [0, 1, 0]]).repeat(2, 1, 1)
    assert disagreement(maps, maps.flip(-1)[:, MIRROR], turned, MIRROR).abs().max() < 1e-3
    assert disagreement(maps, maps.flip(-1), turned, MIRROR).mean() > 1
    target = torch.full((2, 68, 2), 40.0)
    here = drawn_maps(target).log()
    apart = [
        disagreement(here, drawn_maps(target + way).log(), stay, MIRROR).mean().item()
        for way in (0.5, 1, 2, 4)
    ]
    assert apart == sorted(apart)
    assert apart[0] > 0.1


def test_both_views_learn():
    torch.manual_seed(0)
    first, second = (torch.randn(1, 68, 40, 40).requires_grad_() for _ in range(2))
    way = torch.tensor([[[1.0, 0.1, 2], [-0.1, 1, 3]]])
    disagreement(first, second, way, MIRROR).mean().backward()
    for maps in (first, second):
        assert torch.isfinite(maps.grad).all()
        assert maps.grad.abs().max() > 0


def test_unlabelled_faces_have_views_too():
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 256, (2, WIDE, WIDE, 3), dtype=np.uint8)
    crops = UnlabelledCrops(wide, HOW)
    both, between = Pairs(crops)[1]
    assert both.shape == (2, 80, 80, 3)
    assert between.shape == (2, 3)
    assert torch.equal(both[0], crops[1])
