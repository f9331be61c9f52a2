import math

import pytest
import torch
from torch.distributions import Laplace, Normal, kl_divergence

from training.losses import landmarks


def _sample(seed=0, shape=(3, 5, 2)):
    generator = torch.Generator().manual_seed(seed)
    s = 40 + 5 * torch.randn(shape, generator=generator, dtype=torch.float64)
    t = 40 + 5 * torch.randn(shape, generator=generator, dtype=torch.float64)
    b = 0.3 + 3 * torch.rand(shape, generator=generator, dtype=torch.float64)
    return s, t, b


@pytest.mark.parametrize("target_scale", [1.0, 0.5, 2.0])
def test_laplace_kl_is_zero_at_the_target_and_positive_elsewhere(target_scale):
    s, t, b = _sample()
    at_target = landmarks.laplace_kl(t, torch.full_like(b, target_scale), t, target_scale)
    torch.testing.assert_close(at_target, torch.zeros_like(at_target), atol=1e-12, rtol=0)
    assert (landmarks.laplace_kl(s, b, t, target_scale) > 0).all()


@pytest.mark.parametrize("target_scale", [1.0, 0.5])
def test_laplace_kl_equals_the_mean_over_samples(target_scale):
    torch.manual_seed(0)
    s, t, b = (
        torch.tensor([[v]], dtype=torch.float64) for v in ([3.0, 7.0], [4.5, 6.8], [1.7, 0.6])
    )
    q, p = Laplace(s, b), Laplace(t, target_scale)
    x = q.sample((400_000,))
    sampled = (q.log_prob(x) - p.log_prob(x)).mean(0).sum(-1)
    closed = landmarks.laplace_kl(s, b, t, target_scale)
    torch.testing.assert_close(sampled, closed, rtol=0.01, atol=0.0)


def test_laplace_kl_equals_the_integral():
    x = torch.linspace(-200, 200, 4_000_001, dtype=torch.float64)
    q, p = (Laplace(torch.tensor(m, dtype=torch.float64), b) for m, b in ((1.3, 2.1), (-0.4, 1.0)))
    integral = torch.trapezoid(q.log_prob(x).exp() * (q.log_prob(x) - p.log_prob(x)), x)
    one = torch.zeros(1, 1, 2, dtype=torch.float64)
    s, b, t = one.clone(), one + 1.0, one.clone()  # second axis at its minimum, zero
    s[..., 0], b[..., 0], t[..., 0] = 1.3, 2.1, -0.4
    assert landmarks.laplace_kl(s, b, t).item() == pytest.approx(integral.item(), rel=1e-6)


def test_gaussian_kl_equals_torch():
    s, t, v = _sample(1)
    expected = kl_divergence(Normal(s, v.sqrt()), Normal(t, torch.ones_like(t))).sum(-1)
    torch.testing.assert_close(landmarks.gaussian_kl(s, v, t), expected)


def test_softargmax_loss_is_the_distance():
    s = torch.tensor([[[3.0, 4.0]]])
    assert landmarks.softargmax(s, torch.zeros_like(s)).item() == 5.0


def test_gradients():
    s, t, b = _sample(2, (2, 3, 2))
    s.requires_grad_()
    b.requires_grad_()
    assert torch.autograd.gradcheck(lambda s, b: landmarks.laplace_kl(s, b, t), (s, b))
    assert torch.autograd.gradcheck(lambda s, b: landmarks.laplace_kl(s, b, t, 0.5), (s, b))
    assert torch.autograd.gradcheck(lambda s, v: landmarks.gaussian_kl(s, v, t), (s, b))
    assert torch.autograd.gradcheck(lambda s: landmarks.softargmax(s, t), (s,))


def test_a_map_that_collapsed_to_a_pixel_stays_finite():
    zero = torch.zeros(1, 1, 2, requires_grad=True)
    loss = landmarks.laplace_kl(zero, torch.zeros(1, 1, 2), torch.ones(1, 1, 2))
    assert math.isfinite(loss.item())


def _marginals(seed):
    torch.manual_seed(seed)
    return tuple(torch.randn(2, 3, 8, dtype=torch.float64).softmax(-1) for _ in range(2))


def test_distillation_is_the_divergence_of_the_marginals():
    student, teacher = _marginals(0), _marginals(1)
    expected = sum(
        torch.nn.functional.kl_div(q.log(), p, reduction="none").sum(-1)
        for p, q in zip(teacher, student, strict=True)
    )
    torch.testing.assert_close(landmarks.distillation(student, teacher), expected)
    assert landmarks.distillation(student, student).abs().max() < 1e-12


def test_distillation_of_empty_pixels_stays_finite():
    sharp = torch.zeros(1, 1, 8)
    sharp[..., 3] = 1
    other = sharp.roll(2, -1).requires_grad_()
    loss = landmarks.distillation((other, other), (sharp, sharp)).sum()
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(other.grad).all()
