"""The entropic 2D Wasserstein distance between a heatmap and the distribution of its landmark.

*2D Wasserstein Loss for Robust Facial Landmark Detection* (Yan et al., 2020) compares heatmaps as
masses that have to be moved: mass far from its landmark costs as much as its distance is long,
while a comparison pixel by pixel sees no difference between near and far.

The ground distance is |dx| + |dy| in crop pixels, so that the effect of a mass on all pixels is two
matrix products, and Sinkhorn's iterations (Cuturi, 2013) take milliseconds a face. They run on the
logarithms of the scalings, which cannot overflow, and begin with the distance to the target: it is
nearly the potential that they look for: so two of them do. The entropic distance alone is smallest
for a map that is narrower than the target; its debiased form,

    S(p, q) = OT(p, q) - OT(p, p) / 2 - OT(q, q) / 2

(Feydy et al., 2019), is zero exactly where p = q. Its gradient with respect to p is the difference
of two potentials, so the backward pass needs no iteration.
"""

import functools
import math
from typing import Any

import torch
from torch import Tensor

SPACING = 2.0  # crop pixels between the points that masses are moved among
BLUR = 2.0  # entropic regularisation, crop pixels
ITERATIONS = 2  # of a map with its target: the gradient is within 3 % of that of many
SELF = 2  # of a map with itself
_LEAST = 1e-12  # of a target's mass at a point


def laplace_target(
    landmarks: Tensor, scale: float, points: int, spacing: float = SPACING
) -> Tensor:
    """Laplace distributions about exact coordinates, as masses at points of a line.

    Two points share the mass between them so that its mean does not move: no coordinate
    is rounded, at any spacing. Mass beyond an end counts for the end.

    Args:
        landmarks: (..., 2), crop pixels.
        scale: b0, crop pixels.
        points: n, on each axis, from (spacing - 1) / 2 on, as the pixels of coarser maps lie.
        spacing: between them, crop pixels.

    Returns:
        (..., 2, n), x first; the masses of an axis sum to 1. A target is their outer product.
    """
    # Differences of differences of numbers up to 80: float32 would keep too few digits.
    t = landmarks.double()[..., None]
    x = torch.arange(points, dtype=torch.float64, device=t.device) * spacing + (spacing - 1) / 2
    away = (x - t).abs()  # (..., 2, n)
    # A point takes the integral of the density times a hat that falls to 0 at its neighbours: the
    # second difference, over the spacing, of what the density integrates to in two steps.
    second = (away + scale * torch.exp(-away / scale)) / 2  # its second derivative is the density
    slopes = second.diff(dim=-1) / spacing  # from -1/2 to 1/2
    # Beyond the ends the slopes are -1/2 and 1/2: the end points take the tails.
    half = torch.full_like(t, 0.5)
    mass = torch.cat([-half, slopes, half], dim=-1).diff(dim=-1).clamp_min(_LEAST)
    return (mass / mass.sum(-1, keepdim=True)).to(landmarks.dtype)


def divergence(
    p: Tensor,
    qx: Tensor,
    qy: Tensor,
    *,
    spacing: float = SPACING,
    blur: float = BLUR,
    iterations: int = ITERATIONS,
    own: int = SELF,
) -> tuple[Tensor, Tensor]:
    """S(p, q) of maps with their targets, and its gradient with respect to p.

    Args:
        p: (..., H, W), each summing to 1.
        qx: (..., W), the target's masses along x.
        qy: (..., H), along y.
        spacing: crop pixels from one point to the next.
        blur: entropic regularisation, crop pixels.
        iterations: for OT(p, q).
        own: iterations for OT(p, p) and OT(q, q).

    Returns:
        S, (...), crop pixels; and the potential (..., H, W), its gradient up to a constant.

    Raises:
        ValueError: the blur is too small for the numbers' precision on maps of this size.
    """
    cost, f = transport(p, qx, qy, spacing=spacing, blurs=(blur,) * iterations)  # f: (..., H, W)
    # One potential serves both sides, as p is moved to itself.
    mine = _own_potential(p, spacing, blur, own)
    # q is a product and the distance a sum over both axes, so OT(q, q) is the sum of two on a line.
    sx, sy = (_own_potential(q[..., None, :], spacing, blur, own)[..., 0, :] for q in (qx, qy))
    value = cost - _total(p, mine) - (qx * sx).sum(-1) - (qy * sy).sum(-1)  # OT(p, p) = 2 <p, mine>
    return value, f.sub_(mine)


def transport(
    p: Tensor, qx: Tensor, qy: Tensor, *, spacing: float, blurs: tuple[float, ...]
) -> tuple[Tensor, Tensor]:
    """OT(p, q) alone, (...), and its gradient with respect to p: that of the best plan at blur 0.

    Args:
        p: (..., H, W), each summing to 1.
        qx: (..., W), the target's masses along x.
        qy: (..., H), along y.
        spacing: crop pixels from one point to the next.
        blurs: blurs of the iterations, one after the other.

    Returns:
        The cost, crop pixels; and the potential (..., H, W), its gradient up to a constant.

    Raises:
        ValueError: a blur is too small for the numbers' precision on maps of this size.
    """
    _check(p, spacing, blurs[-1])
    f, g = _potentials(p, qx, qy, spacing, blurs)
    to_q = (g @ qx[..., None])[..., 0]  # (..., H)
    return _total(p, f) + (to_q * qy).sum(-1), f


def wasserstein(
    heatmaps: Tensor, target: Tensor, beta: float, stride: int, target_scale: float
) -> Tensor:
    """S of softmax(beta h) with Laplace targets, for training.

    Args:
        heatmaps: (B, K, 80 / stride, 80 / stride).
        target: (B, K, 2), crop pixels, finite.
        beta: beta of the softmax.
        stride: crop pixels from one pixel of the maps to the next; finer maps than SPACING are
            gathered to its points, which keeps their means.
        target_scale: b0, crop pixels.

    Returns:
        (B, K), crop pixels.
    """
    value: Tensor = _Loss.apply(heatmaps, target, beta, stride, target_scale)
    return value


class _Loss(torch.autograd.Function):
    """`wasserstein`, one face at a time where maps of one fit the cache and those of all do not.

    With F the potential, dS/dh = beta p (F - <p, F>).
    """

    @staticmethod
    def forward(
        ctx: Any, heatmaps: Tensor, target: Tensor, beta: float, stride: int, scale: float
    ) -> Tensor:
        gather = gathering(heatmaps.shape[-1], stride).to(heatmaps.device)  # (H, n)
        qx, qy = laplace_target(target.float(), scale, gather.shape[1]).unbind(2)  # (B, K, n) each
        values = torch.empty(target.shape[:2], device=heatmaps.device)
        slopes = torch.empty_like(heatmaps)  # dS/dh, all that the backward pass needs
        there = stride == SPACING  # the maps' pixels are the points
        for i in range(len(heatmaps)):
            h = heatmaps[i].float().contiguous()  # (K, H, W)
            p = h.mul(beta).flatten(1).softmax(-1).view(h.shape)
            masses = p if there else gather.T @ p @ gather  # (K, n, n)
            values[i], potential = divergence(masses, qx[i], qy[i])
            # Back on the pixels, by the chain rule.
            potential = potential if there else gather @ potential @ gather.T
            # A constant in F cancels here: F is known up to one only.
            slopes[i] = potential.sub_(_total(p, potential)[:, None, None]).mul_(p).mul_(beta)
        ctx.save_for_backward(slopes)
        return values

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None]:  # type: ignore[override]
        (slopes,) = ctx.saved_tensors
        return slopes * grad[..., None, None].to(slopes.dtype), None, None, None, None


def gathering(pixels: int, stride: int) -> Tensor:
    """(pixels, n): how the mass of each pixel of a line is shared by its neighbouring points.

    Raises:
        ValueError: the maps are coarser than the points.
    """
    if stride > SPACING:
        raise ValueError(f"maps with a stride of {stride} are coarser than points {SPACING} apart")
    x = torch.arange(pixels) * stride + (stride - 1) / 2  # crop pixels, as `_centres` of `heatmaps`
    points = round(pixels * stride / SPACING)
    place = ((x - (SPACING - 1) / 2) / SPACING).clamp(0, points - 1)  # of each pixel, in points
    return (1 - (place[:, None] - torch.arange(points)).abs()).clamp_min(0)  # hats about the points


def _check(p: Tensor, spacing: float, blur: float) -> None:
    # From corner to corner a kernel falls to exp(-reach / blur), which must be a normal number:
    # then every point feels the largest mass, and no logarithm is of 0.
    reach = spacing * sum(n - 1 for n in p.shape[-2:])
    most = -math.log(torch.finfo(p.dtype).tiny)
    if reach > most * blur:
        raise ValueError(
            f"a blur of {blur} px is too small for {p.dtype} on points up to {reach:.0f} px apart: "
            f"take {reach / most:.2f} px or more, or float64"
        )


def _potentials(
    p: Tensor, qx: Tensor, qy: Tensor, spacing: float, blurs: tuple[float, ...]
) -> tuple[Tensor, Tensor]:
    """The dual variables, f on the points of p and g on those of q: OT = <p, f> + <q, g>."""
    log_p, log_qx, log_qy = (q.clamp_min(torch.finfo(p.dtype).tiny).log() for q in (p, qx, qy))
    log_q = log_qy[..., :, None] + log_qx[..., None, :]  # (..., H, W)
    # With g = 0, f is the blurred distance to the target, along y and along x.
    along_y, along_x = (
        _soft_minimum(log[..., None, :], spacing, blurs[0])[..., 0, :] for log in (log_qy, log_qx)
    )
    f = along_y[..., :, None] + along_x[..., None, :]
    # Sinkhorn: g(y) = -blur log sum_x p(x) exp((f(x) - |x - y|) / blur), and f from g likewise.
    for blur, following in zip(blurs, (*blurs[1:], blurs[-1]), strict=True):
        g = _soft_minimum(torch.add(log_p, f, alpha=1 / blur), spacing, blur)
        f = _soft_minimum(torch.add(log_q, g, alpha=1 / following), spacing, following)
    return f, g


def _own_potential(p: Tensor, spacing: float, blur: float, iterations: int) -> Tensor:
    """The f of OT(p, p) = 2 <p, f>, by averaged steps, which converge in a few."""
    log_p = p.clamp_min(torch.finfo(p.dtype).tiny).log()
    f = _soft_minimum(log_p, spacing, blur).mul_(0.5)
    for _ in range(iterations):
        # Plain steps from p to itself go to and fro; the mean of two settles.
        f = f.add_(_soft_minimum(torch.add(log_p, f, alpha=1 / blur), spacing, blur)).mul_(0.5)
    return f


def _soft_minimum(log_mass: Tensor, spacing: float, blur: float) -> Tensor:
    """-blur log sum_y exp(log_mass(y) - |x - y|_1 / blur), at every point x.

    The largest mass of every map becomes the same number; `_check` ensures that the numbers reach
    from it to all other points.
    """
    # From the middle of the range of floats downwards: smaller products would be subnormal and
    # slow.
    half = -math.log(torch.finfo(log_mass.dtype).tiny) / 2
    shift = log_mass.amax((-2, -1), keepdim=True) - half
    mass = (log_mass - shift).clamp_(min=-half).exp_()  # from 1 / tiny^0.5 down to tiny^0.5
    height, width = log_mass.shape[-2:]
    kind = mass.dtype, mass.device
    if height > 1:
        mass = _kernel(height, spacing, blur, *kind) @ mass  # y, then x: the distance is a sum
    return (mass @ _kernel(width, spacing, blur, *kind)).log_().add_(shift).mul_(-blur)


def _total(mass: Tensor, of: Tensor) -> Tensor:
    """Sum of mass * of over maps (..., H, W): (...)."""
    return (mass * of).sum((-2, -1))


@functools.cache
def _kernel(
    points: int, spacing: float, blur: float, dtype: torch.dtype, device: torch.device
) -> Tensor:
    x = torch.arange(points, dtype=dtype, device=device) * (spacing / blur)
    return torch.exp(-(x[:, None] - x).abs())
