from dataclasses import replace

import pytest
import torch

from tests.training.network.smooth import crops, held_values, peaked, rounded_form
from training.evaluation.decoding import predict
from training.network.designs import DESIGNS
from training.network.mobile_layers import layers_of
from training.network.quantised import LARGEST, quantised_weight, weight_scales
from training.network.quantised_mobile import QuantisedMobile, places_of
from training.network.rcn import normalise

SMALL = replace(DESIGNS["small"], bilinear=False)
FORMS = {
    "small": SMALL,
    "shuffled": replace(SMALL, shuffled=True),
    "hidden": replace(SMALL, hidden=True),
    "expanded": replace(SMALL, expansion=2),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_it_finds_what_the_float_network_found(form):
    images = crops()
    net = peaked(form, images)
    rounded = rounded_form(net, images)
    (exact, _), (near, _) = predict(net, images, 1.0), predict(rounded, images, 1.0)
    assert exact.std(dim=1).min() > 0.5  # so flat maps that any network would agree are no test
    assert (exact - near).norm(dim=-1).mean() < 1.0


def test_every_value_but_the_maps_is_one_of_256():
    images = crops(2)
    rounded = rounded_form(peaked(SMALL, images), images)
    values = held_values(rounded, images)
    assert set(values) == set(places_of(SMALL))
    for place, value in values.items():
        steps = rounded.steps(place)
        whole = value / steps.scale + steps.zero
        torch.testing.assert_close(whole, whole.round(), atol=1e-2, rtol=0)
        assert whole.min() >= -0.01
        assert whole.max() <= 255.01


def test_weights_fit_sixteen_bits_without_vnni():
    images = crops(2)
    rounded = rounded_form(peaked(SMALL, images), images)
    for layer in rounded.layers.values():
        steps = quantised_weight(layer.weight) / weight_scales(layer.weight).view(-1, 1, 1, 1)
        assert steps.abs().max() <= LARGEST + 0.01


def test_places_below_zero_are_those_without_an_activation():
    rounded = QuantisedMobile(SMALL)
    summed = {layer.conv.name for layer in layers_of(SMALL) if layer.summed}
    assert summed <= set(rounded.lowest)
    assert {f"{name}_sum" for name in summed} <= set(rounded.largest)
    assert "stem" not in rounded.lowest


def test_training_reaches_weights_and_ends():
    images = crops(2)
    net = rounded_form(peaked(SMALL, images), images)
    net(normalise(images)).square().mean().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert sum(float(p.grad.abs()) > 0 for p in net.largest.values()) > len(net.largest) / 2


def test_bilinear_upsampling_is_refused():
    with pytest.raises(ValueError, match="bilinear=False"):
        QuantisedMobile(DESIGNS["first"])
