import dataclasses
import json

import pytest
import torch

from tests.training.network.smooth import crops, peaked
from training.evaluation.decoding import predict
from training.network.mobile import Mobile
from training.network.mobile_layers import FORMS, HEAD
from training.network.quantised_mobile import QuantisedMobile
from training.network.rcn import RCN, normalise
from training.recipes.checkpoint import load_weights, save_weights, start_from
from training.recipes.families import FAMILIES
from training.recipes.recipe import (
    INT8,
    LITE,
    MOBILE,
    MOBILE_INT8,
    PRODUCT,
    RECIPES,
    Recipe,
    override,
)

SMALLEST = min(FORMS, key=lambda name: sum(FORMS[name].down))


def test_a_recipe_from_before_there_were_families_is_of_the_recombinator():
    data = json.loads(PRODUCT.to_json())
    del data["family"]
    assert Recipe.from_json(json.dumps(data)) == PRODUCT
    assert isinstance(PRODUCT.network(), RCN)


@pytest.mark.parametrize("width", FORMS)
def test_every_size_has_a_network_in_both_precisions(width):
    recipe = dataclasses.replace(MOBILE, width=width)
    net = recipe.network()
    assert isinstance(net, Mobile)
    assert net.form == FORMS[width]
    assert recipe.label == width
    rounded = dataclasses.replace(MOBILE_INT8, width=width).network()
    assert isinstance(rounded, QuantisedMobile)
    assert rounded.form == FORMS[width]


def test_settings_come_in_any_order_and_are_judged_together():
    settings = [f"width={SMALLEST}", "family=mobile"]
    assert override(LITE, settings) == override(LITE, settings[::-1])
    assert override(LITE, settings).network().form == FORMS[SMALLEST]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["family=giant"], f"family must be one of {', '.join(FAMILIES)}, not 'giant'"),
        (["family=mobile"], "width must be one of mobile"),
        (["width=mobile"], "width must be one of 1/16"),
        (["family=mobile", "width=mobile", "stride=1"], "stride must be one of 2, not 1"),
        (["family=mobile", "width=mobile", "slope=0.2"], "slope must be one of 0.0, not 0.2"),
        (["family=mobile", "width=mobile", "dropout=0.2"], "dropout must be one of 0.0"),
    ],
)
def test_settings_that_a_family_does_not_have(settings, message):
    with pytest.raises(ValueError, match=message):
        override(LITE, settings)


@pytest.mark.parametrize("recipe", [MOBILE, MOBILE_INT8], ids=lambda recipe: recipe.precision)
def test_checkpoints_give_the_network_back(tmp_path, recipe):
    torch.manual_seed(0)
    recipe = dataclasses.replace(recipe, width=SMALLEST)
    net = recipe.network().eval()
    path = tmp_path / "best.safetensors"
    save_weights(path, net.state_dict(), recipe, {"epoch": 3})
    loaded, told, facts = load_weights(path)
    assert (told, facts) == (recipe, {"epoch": 3})
    images = torch.randn(1, 3, 80, 80)
    with torch.no_grad():
        torch.testing.assert_close(loaded(images), net(images))


def test_a_checkpoint_with_other_landmarks_than_its_recipe(tmp_path):
    path = tmp_path / "best.safetensors"
    save_weights(path, Mobile(FORMS["mobile"], 19).state_dict(), MOBILE, {})
    with pytest.raises(ValueError, match="has 19 landmarks, but its recipe is for ibug68"):
        load_weights(path)


def test_int8_starts_with_what_float32_has_learned(tmp_path):
    images = crops()
    net = peaked(FORMS[SMALLEST], images)
    recipe = dataclasses.replace(MOBILE, width=SMALLEST)
    path = tmp_path / "best.safetensors"
    save_weights(path, net.state_dict(), recipe, {})
    rounded = dataclasses.replace(MOBILE_INT8, width=SMALLEST).network().eval()
    start_from(rounded, path)
    rounded.prepare(normalise(images), 1e-4)
    (exact, _), (near, _) = predict(net, images, 1.0), predict(rounded, images, 1.0)
    assert (exact - near).norm(dim=-1).mean() < 1.0


def test_float32_starts_with_float32(tmp_path):
    recipe = dataclasses.replace(MOBILE, width=SMALLEST)
    trained, net = recipe.network().eval(), recipe.network().eval()
    save_weights(tmp_path / "best.safetensors", trained.state_dict(), recipe, {})
    start_from(net, tmp_path / "best.safetensors")
    images = torch.randn(1, 3, 80, 80)
    with torch.no_grad():
        torch.testing.assert_close(net(images), trained(images))


def test_networks_of_another_family_do_not_start_one(tmp_path):
    path = tmp_path / "best.safetensors"
    save_weights(path, RCN("1/8").state_dict(), override(INT8, ["precision=float32"]), {})
    with pytest.raises(ValueError, match="none of its weights fit"):
        start_from(Mobile(FORMS["mobile"]), path)


def test_rows_say_where_the_last_bias_is():
    for name in FAMILIES:
        recipe = next(recipe for recipe in RECIPES.values() if recipe.family == name)
        bias = recipe.network().state_dict()[FAMILIES[name].last]
        assert bias.shape == (68,)
    assert FAMILIES["mobile"].last == f"layers.{HEAD}.bias"
