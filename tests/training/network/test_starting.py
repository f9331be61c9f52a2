"""What a trained network computes is kept where another form begins with it."""

import pytest
import torch
from torch import nn

from tests.training.network.smooth import crops
from training.network.normalised import NormalisedRCN, folded
from training.network.rcn import RCN, SLOPE, normalise
from training.network.starting import carried, normalise_without_change


def network(width, stride=1, landmarks=5, **form):
    torch.manual_seed(len(width) + stride)
    net = RCN(width, landmarks, stride=stride, **form).eval()
    for name, tensor in net.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(tensor, std=0.1)
    return net


def begun(net, trained):
    net.load_state_dict(carried(net, trained), strict=False)
    return net.eval()


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("width", ["1/8", "1/4"])
def test_a_wider_network_begins_with_the_same_maps(width, stride):
    narrow, images = network("1/16", stride), torch.randn(2, 3, 80, 80)
    wide = begun(network(width, stride), narrow)
    with torch.no_grad():
        torch.testing.assert_close(wide(images), narrow(images))


def test_every_new_channel_can_learn():
    wide = begun(network("1/8"), network("1/16"))
    wide(torch.randn(2, 3, 80, 80)).square().mean().backward()
    for name, tensor in wide.named_parameters():
        if name.endswith("weight"):
            read = tensor.grad.flatten(2).abs().sum(2)  # (O, I), of old outputs
            old = len(read) if name.startswith("head.") else len(read) // 2
            assert (read[:old] > 0).all(), name


def test_the_maps_of_a_full_network_begin_as_those_of_the_lite_one_enlarged():
    lite, images = network("1/16", 2, slope=0.0), normalise(crops())
    full = begun(network("1/16", slope=0.0), lite)
    with torch.no_grad():
        small, large = lite(images), full(images)
    # Inside: what lies around the map is zero at one place and repeated at the other.
    wanted = nn.functional.interpolate(small, scale_factor=2, mode="bilinear")[..., 8:-8, 8:-8]
    off = (large[..., 8:-8, 8:-8] - wanted).square().mean().sqrt()
    assert off < 0.15 * wanted.std()


def test_other_landmarks_keep_their_own_head():
    net = network("1/8", landmarks=7)
    state = carried(net, network("1/16", landmarks=5))
    assert state["head.0.weight"].shape[0] == 5  # fits nowhere, so nothing takes it
    assert state["encoder.0.weight"].shape == net.encoder[0].weight.shape


def test_a_narrower_network_cannot_begin_with_a_wider_one():
    with pytest.raises(ValueError, match=r"width 1/16 cannot .* width 1/8, which is wider"):
        carried(network("1/16"), network("1/8"))


@pytest.mark.parametrize("slope", [0.0, SLOPE])
def test_normalisation_begins_without_a_change(slope):
    trained, images = network("1/16", slope=slope), torch.randn(6, 3, 80, 80)
    net = NormalisedRCN("1/16", 5, slope=slope)
    net.load_state_dict(trained.state_dict(), strict=False)
    normalise_without_change(net, images)
    assert net.training
    plain = RCN("1/16", 5, slope=slope).eval()
    plain.load_state_dict(folded(net.state_dict()))
    with torch.no_grad():
        wanted = trained(images)
        torch.testing.assert_close(plain(images), wanted, rtol=1e-3, atol=1e-3)
        # In training each batch has its own mean and spread; here it is the batch of the sample.
        torch.testing.assert_close(net(images), wanted, rtol=2e-3, atol=2e-3)
