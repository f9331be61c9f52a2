import pytest
import torch
import torch.nn.functional as F

from training.network.rcn import CHANNELS, RCN, UpConv, normalise, parameter_count, phase_kernels

COUNTS = {"1/16": 17_408, "1/8": 39_828, "1/4": 128_060, "1/2": 478_092, "1": 1_872_428}


@pytest.mark.parametrize("width", CHANNELS)
def test_parameter_counts_are_those_published(width):
    c = CHANNELS[width]
    counted = sum(p.numel() for p in RCN(width).parameters())
    assert counted == COUNTS[width] == parameter_count(width) == 452 * c * c + 181 * c + 9452


def test_maps_have_the_size_of_the_crop():
    assert RCN("1/16")(torch.zeros(2, 3, 80, 80)).shape == (2, 68, 80, 80)
    assert RCN("1/16", landmarks=19)(torch.zeros(1, 3, 80, 80)).shape == (1, 19, 80, 80)


def test_unknown_width_names_the_known_ones():
    with pytest.raises(ValueError, match=r"1/16, 1/8, 1/4, 1/2, 1, not '1/3'"):
        RCN("1/3")


def test_start_keeps_the_size_of_signals():
    torch.manual_seed(0)
    out = RCN("1/4")(torch.randn(4, 3, 80, 80))
    assert 0.05 < out.std() < 20


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    net, x = RCN("1/16", dropout=0.2), torch.randn(1, 3, 80, 80)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_four_small_convolutions_equal_upsampling_and_one_large():
    torch.manual_seed(0)
    up = UpConv(3).double()
    x = torch.randn(2, 3, 5, 7, dtype=torch.float64)
    kernels = phase_kernels(up.conv.weight).reshape(12, 3, 4, 4)
    small = F.conv2d(x, kernels, up.conv.bias.repeat_interleave(4), padding=2)
    phased = F.pixel_shuffle(small, 2)[:, :, 1:-1, 1:-1]
    torch.testing.assert_close(phased, up(x), rtol=0, atol=1e-12)


def test_upsampling_equals_the_ordinary_one_away_from_the_border():
    torch.manual_seed(0)
    up, x = UpConv(2).double(), torch.randn(1, 2, 8, 8, dtype=torch.float64)
    plain = F.interpolate(x, scale_factor=2, mode="bilinear")
    ordinary = F.conv2d(plain, up.conv.weight, up.conv.bias, padding=2)
    inner = slice(3, -3)
    torch.testing.assert_close(up(x)[..., inner, inner], ordinary[..., inner, inner])


def test_normalise_keeps_bgr_and_spans_minus_one_to_one():
    crops = torch.zeros(1, 80, 80, 3, dtype=torch.uint8)
    crops[..., 2] = 255
    out = normalise(crops)
    assert out.shape == (1, 3, 80, 80)
    assert out[0, 0].eq(-1).all()
    assert out[0, 2].eq(1).all()


@pytest.mark.parametrize("width", CHANNELS)
def test_parameter_counts_of_the_lite_form(width):
    counted = sum(p.numel() for p in RCN(width, stride=2).parameters())
    c = CHANNELS[width]
    assert counted == parameter_count(width, stride=2) == 388 * c * c + 181 * c + 9452


def test_maps_of_the_lite_form_are_half_as_large():
    assert RCN("1/16", stride=2)(torch.zeros(2, 3, 80, 80)).shape == (2, 68, 40, 40)
    with pytest.raises(ValueError, match="stride must be 1 or 2, not 4"):
        RCN("1/16", stride=4)
