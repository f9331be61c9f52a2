import json

import numpy as np
import pytest

from lapland.networks import index
from training.data.augment import change_pixels, jitter
from training.recipes.checkpoint import load_weights
from training.recipes.recipe import PAPER, PRODUCT, RECIPES, Recipe, override


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_round_trip_through_json(recipe):
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_recipe_from_before_there_were_schemes_is_of_68_points():
    data = json.loads(PRODUCT.to_json())
    del data["scheme"]
    assert Recipe.from_json(json.dumps(data)) == PRODUCT
    net, recipe, _ = load_weights(index.path("rcn-1-8").with_name("weights.safetensors"))
    assert recipe.scheme == "ibug68"
    assert net.landmarks == 68


def test_paper_is_the_papers():
    assert PAPER.rate == 1e-3
    assert PAPER.weight_decay == 1e-5
    assert PAPER.dropout == 0.2
    assert PAPER.epochs == 200
    assert PAPER.schedule == "constant"
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (80, 80, 3), dtype=np.uint8)
    matrix = rng.normal(size=(2, 3))
    for _ in range(20):
        assert change_pixels(crop, PAPER.augmentation, rng) is crop
        moved, flipped = jitter(matrix, 80, PAPER.augmentation, rng)
        np.testing.assert_allclose(moved, matrix)
        assert not flipped


def test_override_reaches_every_kind_of_setting():
    changed = override(
        PRODUCT,
        ["epochs=3", "rate=1e-2", "width=1/4", "augmentation.flip=0", "crop.upright=false"],
    )
    assert (changed.epochs, changed.rate, changed.width) == (3, 0.01, "1/4")
    assert changed.augmentation.flip == 0
    assert changed.crop.upright is False
    assert PRODUCT.epochs != 3


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epoch=3", "no setting 'epoch'"),
        ("augmentation.flop=1", "no setting 'augmentation.flop'"),
        ("augmentation=1", "has parts"),
        ("epochs=many", "takes int"),
        ("crop.upright=1", "true or false"),
        ("width=1/3", "width must be one of"),
        ("scheme=wflw98", "scheme must be one of ibug68, aflw19.*, not 'wflw98'"),
        ("epochs", "expected key=value"),
    ],
)
def test_wrong_overrides_are_errors(assignment, message):
    with pytest.raises(ValueError, match=message):
        override(PRODUCT, [assignment])
