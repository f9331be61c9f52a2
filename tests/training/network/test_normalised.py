"""Normalisation goes into weights and biases without a change of the output."""

import pytest
import torch
from torch import nn

from training.network.normalised import NormalisedRCN, folded
from training.network.rcn import RCN
from training.recipes.recipe import FACES, LITE, override


@pytest.mark.parametrize("stride", [1, 2])
def test_the_folded_network_has_the_same_output(stride):
    torch.manual_seed(0)
    net = NormalisedRCN("1/16", stride=stride, slope=0.0)
    for _ in range(2):
        net(torch.randn(4, 3, 80, 80))  # running means
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
    plain = RCN("1/16", stride=stride, slope=0.0).eval()
    plain.load_state_dict(folded(net.state_dict()))
    crops = torch.randn(2, 3, 80, 80)
    with torch.no_grad():
        wanted, found = net.eval()(crops), plain(crops)
    assert (wanted - found).abs().max() < 1e-4 * wanted.abs().max()
    assert wanted.std() > 0.1


def test_recipes_choose_it():
    recipe = override(LITE, ["width=1/16", "normalised=true"])
    assert isinstance(recipe.trained(), NormalisedRCN)
    assert isinstance(override(FACES, ["width=1/16"]).trained(), NormalisedRCN)
    assert type(recipe.network()) is RCN
    assert type(override(LITE, ["width=1/16"]).trained()) is RCN
    with pytest.raises(ValueError, match="normalised=false"):
        override(recipe, ["dropout=0", "precision=int8"])
