import math

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from training.losses.heatmaps import location_and_scale, marginals
from training.losses.named import LOSSES, Maps
from training.losses.wasserstein import (
    BLUR,
    divergence,
    gathering,
    laplace_target,
    transport,
    wasserstein,
)

NEAR = tuple(8 * 0.5**i for i in range(9))  # down to 1/32 of a pixel


def _maps(*shape, seed=0, peak=3.0):
    torch.manual_seed(seed)
    return (peak * torch.randn(*shape, dtype=torch.float64)).flatten(-2).softmax(-1).view(shape)


def _marginal(*shape, seed=0):
    torch.manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64).softmax(-1)


def _cost_of_best_plan(p, q, spacing):
    """The linear programme: the cheapest plan whose sums are p and q."""
    height, width = p.shape
    y, x = (axis.ravel() * spacing for axis in np.mgrid[:height, :width])
    cost = np.abs(x[:, None] - x) + np.abs(y[:, None] - y)
    n = height * width
    sums = np.zeros((2 * n, n, n))
    sums[np.arange(n), np.arange(n)] = 1
    sums[n + np.arange(n), :, np.arange(n)] = 1
    found = linprog(cost.ravel(), A_eq=sums.reshape(2 * n, -1), b_eq=np.r_[p.ravel(), q.ravel()])
    assert found.status == 0
    return found.fun


@pytest.mark.parametrize(("height", "width", "spacing"), [(4, 4, 1.0), (3, 6, 2.0), (1, 9, 1.0)])
def test_without_blur_it_is_the_cost_of_the_best_plan(height, width, spacing):
    p, qx, qy = _maps(height, width), _marginal(width), _marginal(height, seed=1)
    best = _cost_of_best_plan(p.numpy(), (qy[:, None] * qx).numpy(), spacing)
    found, _ = transport(p, qx, qy, spacing=spacing, blurs=(*NEAR, *[NEAR[-1]] * 3000))
    # The blur allows for plans that are dearer by its size times what they can choose among.
    assert found.item() == pytest.approx(best, abs=0.03)
    coarse, _ = transport(p, qx, qy, spacing=spacing, blurs=(1.0,) * 50)
    assert abs(coarse.item() - best) > 0.03  # so the comparison above would see a wrong blur


def test_the_divergence_is_zero_at_the_target_and_grows_with_the_way_to_it():
    qx, qy = laplace_target(torch.tensor([41.3, 30.8]), 1.0, 40)
    assert abs(divergence(torch.outer(qy, qx), qx, qy)[0].item()) < 0.01
    ways = []
    for way in (1, 2, 5, 10, 20, 40):
        px, _ = laplace_target(torch.tensor([41.3 - way, 30.8]), 1.0, 40)
        ways.append(divergence(torch.outer(qy, px), qx, qy)[0].item())
    assert ways == sorted(ways)
    # Far away it is the way itself, which no comparison pixel by pixel could tell.
    assert ways[-1] == pytest.approx(40, rel=0.08)
    assert ways[-2] == pytest.approx(20, rel=0.08)


def test_a_few_iterations_are_as_good_as_many():
    torch.manual_seed(3)
    target = 5 + 70 * torch.rand(12, 2)
    qx, qy = laplace_target(target, 1.0, 40).unbind(1)
    off = laplace_target(target + 4 * torch.randn(12, 2), 2.5, 40)
    p = off[:, 1, :, None] * off[:, 0, None, :]
    few, slope = divergence(p, qx, qy)
    many, exact = divergence(p, qx, qy, iterations=100, own=100)
    torch.testing.assert_close(few, many, rtol=0.01, atol=0.02)
    slope, exact = (f - (p * f).sum((-2, -1), keepdim=True) for f in (slope, exact))
    assert ((p * (slope - exact)).abs().sum() / (p * exact).abs().sum()).item() < 0.05


def test_the_potential_is_the_gradient():
    p, qx, qy = _maps(6, 6), _marginal(6, seed=4), _marginal(6, seed=5)
    more = {"spacing": 2.0, "iterations": 200, "own": 200}
    _, potential = divergence(p, qx, qy, **more)
    way = _maps(6, 6, seed=6) - p  # keeps the sum
    step = 1e-5
    ends = [divergence(p + s * step * way, qx, qy, **more)[0].item() for s in (1, -1)]
    measured = (ends[0] - ends[1]) / (2 * step)
    assert (potential * way).sum().item() == pytest.approx(measured, rel=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_loss_has_the_gradient_of_what_it_says(stride):
    torch.manual_seed(0)
    side = 80 // stride
    maps = (2 * torch.randn(1, 2, side, side)).requires_grad_()
    target = torch.tensor([[[20.3, 44.9], [61.0, 7.7]]])
    loss = wasserstein(maps, target, 0.7, stride, 1.0)
    assert loss.shape == (1, 2)
    (gradient,) = torch.autograd.grad(loss.sum(), maps)
    gather = gathering(side, stride).double()
    qx, qy = laplace_target(target.double(), 1.0, 40).unbind(2)
    way = torch.randn_like(maps).double()

    def value(step):
        h = maps.detach().double() + step * way
        p = (0.7 * h).flatten(2).softmax(-1).view(h.shape)
        more = {"iterations": 80, "own": 60}
        return divergence(gather.T @ p @ gather, qx, qy, **more)[0].sum()

    measured = (value(1e-3) - value(-1e-3)) / 2e-3
    assert (gradient * way).sum().item() == pytest.approx(measured.item(), rel=0.03, abs=0.003)


@pytest.mark.parametrize("stride", [1, 2])
def test_descent_leads_to_the_target(stride):
    torch.manual_seed(0)
    side = 80 // stride
    target = torch.tensor([[[20.3, 44.9], [61.4, 8.0]]])
    maps = torch.zeros(1, 2, side, side, requires_grad=True)
    optimiser = torch.optim.Adam([maps], lr=0.3)
    for _ in range(150):
        optimiser.zero_grad()
        wasserstein(maps, target, 1.0, stride, 1.0).sum().backward()
        optimiser.step()
    location, _ = location_and_scale(*marginals(maps.detach()), stride)
    assert (location - target).abs().max() < 0.25


@pytest.mark.parametrize("spacing", [1.0, 2.0, 5.0])
def test_targets_keep_exact_coordinates(spacing):
    points = round(80 / spacing)
    landmarks = 30 + 20 * torch.rand(50, 2, dtype=torch.float64)
    mass = laplace_target(landmarks, 1.0, points, spacing)
    where = torch.arange(points, dtype=torch.float64) * spacing + (spacing - 1) / 2
    torch.testing.assert_close((mass * where).sum(-1), landmarks, atol=1e-6, rtol=0)
    torch.testing.assert_close(mass.sum(-1), torch.ones(50, 2, dtype=torch.float64))
    # Its mean deviation is that of Laplace's distribution, widened by the spacing alone.
    fine = laplace_target(landmarks, 1.0, 8000, 0.01)
    where = torch.arange(8000) * 0.01 + (0.01 - 1) / 2
    spread = (fine * (where - landmarks[..., None]).abs()).sum(-1)
    torch.testing.assert_close(spread, torch.ones_like(spread), atol=1e-3, rtol=0)


def test_a_landmark_outside_lies_at_the_nearest_point():
    mass = laplace_target(torch.tensor([[-20.0, 200.0]]), 1.0, 40)
    assert mass[0, 0].argmax() == 0
    assert mass[0, 1].argmax() == 39
    assert mass.amax(-1).min() > 0.99


def test_gathering_keeps_masses_and_means():
    for pixels, stride in ((80, 1), (40, 2)):
        gather = gathering(pixels, stride)
        torch.testing.assert_close(gather.sum(1), torch.ones(pixels))
        inner = slice(1, -1)
        x = torch.arange(pixels) * stride + (stride - 1) / 2
        torch.testing.assert_close((gather @ (torch.arange(40) * 2 + 0.5))[inner], x[inner])
    with pytest.raises(ValueError, match="coarser than points"):
        gathering(20, 4)


def test_maps_of_one_pixel_and_flat_maps_stay_finite():
    maps = torch.zeros(1, 2, 80, 80)
    maps[0, 0, 3, 70] = 1e4
    maps.requires_grad_()
    loss = wasserstein(maps, torch.tensor([[[10.0, 60.0], [79.0, 0.0]]]), 1.0, 1, 1.0)
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert torch.isfinite(maps.grad).all()
    assert loss[0, 0].item() == pytest.approx(60 + 57, rel=0.03)


def test_a_blur_that_the_numbers_cannot_hold_is_refused():
    p = torch.full((40, 40), 1 / 1600)
    line = torch.full((40,), 1 / 40)
    with pytest.raises(ValueError, match=r"take 1\.7\d px or more, or float64"):
        divergence(p, line, line, blur=0.5)
    value, _ = divergence(p.double(), line.double(), line.double(), blur=BLUR)
    assert math.isfinite(value)


def descended(loss_of, heatmaps, steps=120):
    """Heatmaps after steps of Adam, decoded: locations (B, K, 2), scales (B, K, 2)."""
    h = heatmaps.clone().requires_grad_()
    optimiser = torch.optim.Adam([h], lr=0.3)
    for _ in range(steps):
        optimiser.zero_grad()
        location, scale = location_and_scale(*marginals(h, 1.0))
        loss_of(h, location, scale).mean().backward()
        optimiser.step()
    location, scale = location_and_scale(*marginals(h.detach(), 1.0))
    return location, scale


def test_a_map_that_has_become_one_pixel_comes_back():
    """The distance alone does not widen it: its gradient is p (F - <p, F>)."""
    target = torch.tensor([[[41.3, 30.8]]])
    pixel = torch.zeros(1, 1, 80, 80)
    pixel[..., 36, 45] = 40.0  # beside the target; every other pixel has 1e-18

    def alone(h, location, scale):
        return wasserstein(h, target, 1.0, 1, 1.0)

    def kept(h, location, scale):
        return LOSSES["wasserstein"](
            Maps(h, marginals(h, 1.0), location, scale, target, 1.0, 1, 1.0)
        )

    location, scale = descended(alone, pixel)
    assert scale.max() < 1e-6
    location, scale = descended(kept, pixel)
    assert scale.min() > 0.4
    assert (location - target).norm() < 0.5


def test_the_floor_is_no_part_of_the_loss_of_maps_as_wide_as_their_targets():
    target = torch.tensor([[[41.3, 30.8]]])
    qx, qy = laplace_target(target, 1.0, 80, 1.0).unbind(2)
    h = (qy[..., :, None] * qx[..., None, :]).log()
    sums = marginals(h, 1.0)
    maps = Maps(h, sums, *location_and_scale(*sums), target, 1.0, 1, 1.0)
    assert maps.scale.min() > 0.9
    assert torch.equal(LOSSES["wasserstein"](maps), wasserstein(h, target, 1.0, 1, 1.0))
