import dataclasses

import pytest
import torch

from training.losses import landmarks
from training.losses.heatmaps import location_and_scale, marginals, variance
from training.losses.wasserstein import wasserstein
from training.recipes.recipe import PRODUCT, Recipe
from training.runs.objective import loss_on_labels

NAMES = ["laplace_kl", "gaussian_kl", "softargmax", "wasserstein"]


def _maps(seed=0):
    torch.manual_seed(seed)
    return (4 * torch.randn(3, 5, 80, 80)).requires_grad_()


def _plain(name, maps, target):
    sums = marginals(maps)
    location, scale = location_and_scale(*sums)
    if name == "laplace_kl":
        return landmarks.laplace_kl(location, scale, target)
    if name == "gaussian_kl":
        return landmarks.gaussian_kl(location, variance(*sums), target)
    if name == "wasserstein":
        return wasserstein(maps, target, PRODUCT.beta, 1, PRODUCT.target_scale)
    return landmarks.softargmax(location, target)


@pytest.mark.parametrize("name", NAMES)
def test_with_all_landmarks_visible_it_is_the_plain_mean(name):
    recipe = dataclasses.replace(PRODUCT, loss=name)
    maps, target = _maps(), torch.rand(3, 5, 2) * 79
    scalars = loss_on_labels(maps, marginals(maps), target, recipe)
    scalars["loss"].backward()
    gradient, maps.grad = maps.grad, None
    plain = _plain(name, maps, target).mean()
    plain.backward()
    assert scalars["loss"].item() == plain.item()
    assert torch.equal(gradient, maps.grad)


@pytest.mark.parametrize("name", NAMES)
def test_invisible_landmarks_have_no_part_in_loss_and_gradient(name):
    recipe = dataclasses.replace(PRODUCT, loss=name)
    maps, target = _maps(), torch.rand(3, 5, 2) * 79
    hidden = torch.zeros(3, 5, dtype=torch.bool)
    hidden[0, 1:] = hidden[2, 4] = True
    target[hidden] = torch.nan
    sums = marginals(maps)
    scalars = loss_on_labels(maps, sums, target, recipe)
    scalars["loss"].backward()
    assert maps.grad[hidden].eq(0).all()
    assert (maps.grad[~hidden].abs().sum((-2, -1)) > 0).all()
    assert torch.isfinite(maps.grad).all()
    expected = _plain(name, maps, target.nan_to_num())[~hidden].mean()
    torch.testing.assert_close(scalars["loss"], expected)
    assert all(torch.isfinite(value) for value in scalars.values())


def test_weights_scale_each_landmark_in_the_loss():
    torch.manual_seed(0)
    maps = torch.randn(3, 68, 40, 40)
    target = 80 * torch.rand(3, 68, 2)
    recipe = Recipe(name="weights", stride=2)
    sums = marginals(maps)
    plain = loss_on_labels(maps, sums, target, recipe)["loss"]
    full = loss_on_labels(maps, sums, target, recipe, torch.ones(3, 68))["loss"]
    half = loss_on_labels(maps, sums, target, recipe, torch.full((3, 68), 0.5))["loss"]
    assert torch.equal(plain, full)
    assert torch.allclose(half, plain / 2)
    # What has no weight has no gradient.
    weight = torch.ones(3, 68)
    weight[1] = 0
    maps.requires_grad_()
    loss_on_labels(maps, marginals(maps), target, recipe, weight)["loss"].backward()
    assert (maps.grad[1] == 0).all()
    assert (maps.grad[0] != 0).any()
