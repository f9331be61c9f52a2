import dataclasses

import pytest
import torch
from torch import nn

from training.network.designs import DESIGNS
from training.network.mobile import Mobile, folded, woven
from training.network.mobile_layers import FORMS, layers_of, multiplications

SIZES = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
ALL = pytest.mark.parametrize("form", DESIGNS.values(), ids=DESIGNS)


def seen(net):
    """The network in evaluation mode, with statistics of some crops and channels that differ."""
    torch.manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    with torch.no_grad():
        for _ in range(3):
            net.train()(torch.randn(4, 3, 80, 80))
    return net.eval()


@ALL
def test_maps_have_half_the_resolution_of_the_crop(form):
    assert Mobile(form)(torch.zeros(2, 3, 80, 80)).shape == (2, 68, 40, 40)
    assert Mobile(form, landmarks=19)(torch.zeros(2, 3, 80, 80)).shape == (2, 19, 40, 40)


@ALL
def test_every_layer_decides_what_the_maps_are(form):
    net = Mobile(form)
    net(torch.randn(2, 3, 80, 80)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


@ALL
def test_multiplications_are_those_of_the_modules(form):
    net, counted = Mobile(form), 0

    def count(conv, _, output):
        nonlocal counted
        counted += output[0].numel() * conv.weight[0].numel()

    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    net.eval()(torch.zeros(1, 3, 80, 80))
    assert multiplications(form) == counted


@ALL
def test_normalisation_folds_into_the_convolutions(form):
    net = seen(Mobile(form))
    crops = torch.randn(2, 3, 80, 80)
    convs = folded(net)
    assert list(convs) == [layer.conv.name for layer in layers_of(form)]
    plain = Mobile(form).eval()
    plain.layers = nn.ModuleDict(convs)
    with torch.no_grad():
        before, after = net(crops), plain(crops)
    torch.testing.assert_close(after, before, atol=1e-4 * float(before.abs().max()), rtol=0)


@SIZES
def test_a_mirrored_and_a_moved_crop_give_other_maps(form):
    net = seen(Mobile(form))
    crops = torch.randn(1, 3, 80, 80)
    with torch.no_grad():
        maps = net(crops)
        assert (net(crops.flip(-1)) - maps).abs().max() > 1e-3
        assert (net(crops.roll(8, -1)) - maps).abs().max() > 1e-3


def test_weaving_puts_four_channels_into_four_pixels():
    x = torch.arange(2 * 4 * 3 * 2 * 2.0).view(2, 12, 2, 2)
    y = woven(x)
    assert y.shape == (2, 3, 4, 4)
    for row, column, k in ((0, 0, 0), (0, 1, 2), (1, 0, 1), (1, 1, 2)):
        channel = 2 * 3 * row + 3 * column + k
        torch.testing.assert_close(y[:, k, row::2, column::2], x[:, channel])


def test_a_kernel_of_five_sees_farther():
    for kernel, reach in ((3, 1), (5, 2)):
        form = dataclasses.replace(next(iter(DESIGNS.values())), kernel=kernel)
        depthwise = [layer.conv for layer in layers_of(form) if layer.conv.depthwise]
        assert {conv.padding for conv in depthwise} == {reach}
