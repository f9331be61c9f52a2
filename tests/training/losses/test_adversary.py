import pytest
import torch

from training.losses.adversary import Discriminator, discriminator_loss, drawn_maps, generator_loss
from training.losses.heatmaps import location_and_scale


def test_drawn_maps_are_distributions_about_the_landmarks():
    landmarks = torch.tensor([[[30.25, 41.5], [10.0, 70.75]]])
    maps = drawn_maps(landmarks)
    assert maps.shape == (1, 2, 80, 80)
    torch.testing.assert_close(maps.sum((-2, -1)), torch.ones(1, 2))
    location, scale = location_and_scale(maps.sum(-2), maps.sum(-1))
    # Sampled at whole pixels, a Laplace about a fraction has its mean a little beside it.
    torch.testing.assert_close(location, landmarks, rtol=0, atol=0.03)
    assert ((scale > 0.8) & (scale < 1.1)).all()


def test_maps_of_landmarks_outside_the_crop_stay_finite():
    maps = drawn_maps(torch.tensor([[[-300.0, 500.0]]]))
    assert torch.isfinite(maps).all()
    assert maps[0, 0, 79, 0] == maps.max()


def test_discriminator_scores_patches():
    judge = Discriminator(landmarks=5)
    assert judge(torch.zeros(2, 3, 80, 80), torch.zeros(2, 5, 80, 80)).shape == (2, 1, 9, 9)


def test_noise_acts_in_training_only():
    torch.manual_seed(0)
    judge = Discriminator(landmarks=2)
    pair = torch.randn(2, 3, 80, 80), torch.rand(2, 2, 80, 80)
    assert not torch.equal(judge(*pair), judge(*pair))
    judge.eval()
    assert torch.equal(judge(*pair), judge(*pair))


def test_losses_at_indifference_and_at_certainty():
    zero, sure = torch.zeros(4), torch.full((4,), 30.0)
    assert discriminator_loss(zero, zero).item() == pytest.approx(2 * 0.693147, rel=1e-5)
    assert discriminator_loss(sure, -sure).item() < 1e-9
    assert generator_loss(sure).item() < 1e-9
    # Where D is sure of the fake, the generator still has a gradient.
    fake = torch.full((1,), -20.0, requires_grad=True)
    generator_loss(fake).backward()
    assert fake.grad.abs().item() > 0.99


def test_discriminator_learns_to_tell_sharp_from_flat_maps():
    torch.manual_seed(0)
    judge = Discriminator(landmarks=3)
    optimiser = torch.optim.Adam(judge.parameters(), lr=1e-3)
    images = torch.randn(2, 3, 80, 80)
    real = 200 * drawn_maps(torch.rand(2, 3, 2) * 79, scale=4.0)
    fake = torch.full_like(real, 200 / 6400)
    losses = []
    for _ in range(20):
        loss = discriminator_loss(judge(images, real), judge(images, fake))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
