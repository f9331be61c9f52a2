import numpy as np
import pytest
import torch

from tests.training.network.test_quantised import crops, peaked
from training.network import equalise as equalised
from training.network.equalise import equalise
from training.network.quantised import QuantisedRCN
from training.network.rcn import RCN, normalise


def uneven(stride, slope):
    """A network whose channels have ranges of all sizes."""
    net = peaked("1/16", stride, slope)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.Conv2d) and module is not net.head[2]:
                factors = torch.logspace(-1, 0.5, module.out_channels)
                module.weight *= factors.view(-1, 1, 1, 1)
    return net


def ranges(net, images):
    """Largest range of a channel relative to the smallest, for every layer but the last."""
    maps = {}
    layers = [layer for layer, _ in equalised.joints(net)]
    for layer in layers:
        layer.register_forward_hook(lambda layer, _, y: maps.__setitem__(layer, y.detach()))
    net(images)
    found = [equalised.ranges(maps[layer], 0.5 if net.slope else 0.0) for layer in layers]
    return [float(r.max() / r.min()) for r in found]


@pytest.mark.parametrize("slope", [0.0, 0.2])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_network_computes_what_it_did_with_channels_of_one_range(stride, slope):
    net, images = uneven(stride, slope), normalise(crops(6))
    before = net(images).detach()
    uneven_ranges = ranges(uneven(stride, slope), images)
    assert np.median(uneven_ranges) > 3
    equalise(net, images)
    torch.testing.assert_close(net(images), before, rtol=1e-3, atol=1e-3 * float(before.std()))
    for old, new in zip(uneven_ranges, ranges(net, images), strict=True):
        # Channels that are all but dead are not blown up.
        assert new <= (1.05 if old < 0.99 * equalised.WIDEST else old)


def test_rounding_to_int8_costs_less():
    net, images = uneven(1, 0.2), normalise(crops())
    errors = []
    for prepare in (
        QuantisedRCN.prepare,
        QuantisedRCN.set_ranges,
    ):  # with equalised ranges, without
        whole = QuantisedRCN(net.width, stride=1, slope=net.slope)
        whole.load_state_dict(net.state_dict(), strict=False)
        prepare(whole, images, 1e-4)
        with torch.no_grad():
            wanted, got = net(images), whole(images)
        # A map is known up to what is added to all of it, and no further down than int8 reaches.
        wanted, got = (maps - maps.amax(dim=(2, 3), keepdim=True) for maps in (wanted, got))
        near = wanted > -8
        errors.append(float((wanted - got)[near].abs().mean()))
    assert errors[0] < 0.8 * errors[1]


def test_prepare_keeps_the_shape_of_every_weight():
    whole = QuantisedRCN("1/16", stride=2, slope=0.0)
    before = {name: w.shape for name, w in whole.state_dict().items()}
    whole.prepare(normalise(crops(2)), 1e-3)
    assert {name: w.shape for name, w in whole.state_dict().items()} == before
    assert set(RCN("1/16", stride=2).state_dict()) < set(before)
