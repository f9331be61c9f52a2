import pytest
import torch

from training.losses.heatmaps import coarser, location_and_scale, marginals, probabilities, variance


def test_marginals_are_the_sums_of_the_probabilities():
    torch.manual_seed(0)
    h = 3 * torch.randn(2, 4, 6, 9)
    p = probabilities(h, beta=0.7)
    torch.testing.assert_close(p.sum((-2, -1)), torch.ones(2, 4))
    px, py = marginals(h, beta=0.7)
    torch.testing.assert_close(px, p.sum(-2))
    torch.testing.assert_close(py, p.sum(-1))


def test_gradient_of_the_marginals():
    torch.manual_seed(0)
    h = torch.randn(2, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: marginals(x, 1.3), (h,))


def test_gradient_in_channels_last_equals_that_of_plain_autograd():
    torch.manual_seed(0)
    h = torch.randn(2, 3, 8, 8).contiguous(memory_format=torch.channels_last).requires_grad_()
    weights = torch.randn(8), torch.randn(8)
    px, py = marginals(h)
    ((px * weights[0]).sum() + (py * weights[1]).square().sum()).backward()
    ours, h.grad = h.grad, None
    p = probabilities(h)
    ((p.sum(-2) * weights[0]).sum() + (p.sum(-1) * weights[1]).square().sum()).backward()
    torch.testing.assert_close(ours, h.grad)


def test_a_sharp_peak_is_found_where_it_is():
    h = torch.zeros(1, 1, 80, 80)
    h[0, 0, 20, 63] = 60.0
    location, scale = location_and_scale(*marginals(h))
    torch.testing.assert_close(location, torch.tensor([[[63.0, 20.0]]]))
    assert scale.abs().max() < 1e-4


def test_location_scale_and_variance_of_two_equal_peaks():
    h = torch.full((1, 1, 80, 80), -100.0)
    h[0, 0, 10, 30] = h[0, 0, 10, 34] = 0.0
    px, py = marginals(h)
    location, scale = location_and_scale(px, py)
    torch.testing.assert_close(location, torch.tensor([[[32.0, 10.0]]]))
    torch.testing.assert_close(scale, torch.tensor([[[2.0, 0.0]]]))
    torch.testing.assert_close(variance(px, py), torch.tensor([[[4.0, 0.0]]]))


def test_a_laplace_map_has_the_scale_it_was_drawn_with():
    grid = torch.arange(80.0)
    b = 3.0
    h = -(grid[None, :] - 40.0).abs() / b - (grid[:, None] - 35.0).abs() / b
    _, scale = location_and_scale(*marginals(h[None, None]))
    # The discrete sum over whole pixels is a little below the integral: 1 / sinh(1 / b).
    expected = torch.full((1, 1, 2), float(1 / torch.sinh(torch.tensor(1 / b))))
    torch.testing.assert_close(scale, expected, rtol=1e-3, atol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_maps_are_decoded_in_float32(dtype):
    h = torch.randn(1, 2, 8, 8).to(dtype)
    assert probabilities(h).dtype == torch.float32
    assert marginals(h)[0].dtype == torch.float32


def test_coarser_maps_are_decoded_in_crop_pixels():
    fine = torch.randn(2, 3, 40).softmax(-1)
    coarse = coarser(fine, 20)
    torch.testing.assert_close(coarse.sum(-1), torch.ones(2, 3))
    torch.testing.assert_close(coarse[0, 0, 3], fine[0, 0, 6] + fine[0, 0, 7])
    peak = torch.zeros(1, 1, 20)
    peak[..., 4] = 1  # covers the crop pixels 8 and 9
    location, scale = location_and_scale(peak, peak, stride=2)
    assert location.tolist() == [[[8.5, 8.5]]]
    assert scale.tolist() == [[[0, 0]]]
    two = torch.zeros(1, 1, 20)
    two[..., 4:6] = 0.5
    location, scale = location_and_scale(two, two, stride=2)
    assert location.tolist() == [[[9.5, 9.5]]]
    assert scale.tolist() == [[[1, 1]]]
    assert variance(two, two, stride=2).tolist() == [[[1, 1]]]
