"""A photo turned by the head that was fitted to its face.

Every vertex of the skin turns about the head's own axes, the neck less and less towards its foot.
The skin is drawn with the photo as its texture. Skin that the photo does not show takes the other
side of the face if that is seen, and else the nearest skin that is. The background is the photo
pushed along rays from the middle of the head, so that the old outline meets the new one; hair goes
along.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.heads.drawing import across, facing, front
from training.heads.fitting import Fit
from training.heads.head import JAW, Floats, Head, Indices

Picture = NDArray[np.uint8]

PIVOT = np.array([0.0, 0.0, 2.0])  # cm, head axes: centre of the turn
NECK = (-16.0, -8.0)  # cm, head axes: nothing turns below the first height, all above the second
FLAT = 0.25  # z of a normal below which a photo shows the skin too flat to be a texture
BEHIND = 0.6  # cm behind the skin in front at which a vertex counts as covered
RAYS = 180


@dataclass(frozen=True)
class Turned:
    """A turned face.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        landmarks: (68, 2), image pixels, the jaw's on the visible outline.
        hidden: (68,), other skin covers the landmark, or it lies outside of the image.
    """

    image: Picture
    landmarks: Floats
    hidden: NDArray[np.bool_]


def turn(head: Head, fit: Fit, image: Picture, yaw: float, pitch: float = 0.0) -> Turned:
    """Turns the face of a photo.

    Args:
        head: the head.
        fit: fit of the head to the face.
        image: (H, W, 3) uint8 BGR.
        yaw: degrees to turn by, positive to the left of the picture.
        pitch: degrees to turn by, positive up.
    """
    shape = image.shape[:2]
    triangles = _face_triangles(head, fit.shape)
    before, after = fit.skin, _moved(fit, yaw, pitch)  # (V, 3) cm, camera axes
    xy0, xy1 = fit.project(before), fit.project(after)  # (V, 2) image pixels
    # What the photo shows, and so where each triangle finds its texture.
    numbers0, depth0 = _drawn(before, xy0, triangles, shape)
    seen = _seen(before, xy0, triangles, depth0)
    texture = _texture(head, fit.shape, xy0, seen, triangles)
    # The turned skin: each of its pixels looks up the photo.
    numbers1, depth1 = _drawn(after, xy1, triangles, shape)
    at = across(numbers1, xy1[triangles], texture)  # (H, W, 2): a place in the photo
    face = cv2.remap(
        image, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    # Background: rays start in the middle of the head.
    middle = fit.project((fit.rotation @ [0.0, 1.0, 2.0])[None])[0]  # image pixels
    ground = _pushed(image, middle, numbers0 >= 0, numbers1 >= 0)
    # The rim of the drawn skin is jagged: a pixel less of it, and a soft edge.
    cover = cv2.erode((numbers1 >= 0).astype(np.float32), np.ones((3, 3), np.uint8))
    alpha = cv2.GaussianBlur(cover, (0, 0), 1.2)[..., None]
    mixed = np.round(face * alpha + ground * (1 - alpha)).astype(np.uint8)
    # The jaw's labels lie on the outline of the turned head.
    place = head.outline(after)
    landmarks = xy1[place]
    hidden = _covered(landmarks, after[place, 2], depth1, 0.8)
    # Not by depth for the jaw: on the outline, rounding decides which skin is in front.
    hidden[:JAW] = _outside(landmarks[:JAW], shape)
    return Turned(mixed, landmarks, hidden)


def _face_triangles(head: Head, shape: Floats) -> Indices:
    """Without the back of the head and the foot of the neck, which are guesses."""
    corners = shape[head.triangles]
    return head.triangles[((corners[..., 1] > -10) & (corners[..., 2] > -4)).all(axis=1)]


def _moved(fit: Fit, yaw: float, pitch: float) -> Floats:
    """The skin after the turn, (V, 3), camera axes."""
    pivot = fit.rotation @ PIVOT
    local = (fit.skin - pivot) @ fit.rotation  # head axes
    share = np.clip((fit.shape[:, 1] - NECK[0]) / (NECK[1] - NECK[0]), 0, 1)  # (V,), 1 for the head
    a, b = np.deg2rad(-yaw) * share, np.deg2rad(-pitch) * share
    x, y, z = local.T
    # First a nod, then the turn, about the axes of the head as it was.
    y, z = y * np.cos(b) - z * np.sin(b), y * np.sin(b) + z * np.cos(b)
    x, z = x * np.cos(a) + z * np.sin(a), z * np.cos(a) - x * np.sin(a)
    return np.stack([x, y, z], axis=1) @ fit.rotation.T + pivot


def _drawn(
    skin: Floats, xy: Floats, triangles: Indices, shape: tuple[int, int]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The triangle in front at each pixel, and its depth, minus infinity without one."""
    corners = xy[triangles]
    depths = skin[triangles, 2]  # (T, 3)
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac = b - a, c - a
    towards = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0] < 0  # y points down
    order = np.where(towards, depths.mean(axis=1), -np.inf)
    kept = np.flatnonzero(towards)
    found = front(corners[kept], order[kept], shape)
    numbers = np.where(found >= 0, kept[found], -1).astype(np.int32)  # among all triangles again
    depth = across(numbers, corners, depths[..., None])[..., 0]
    return numbers, np.where(numbers >= 0, depth, -np.inf).astype(np.float32)


def _seen(
    skin: Floats, xy: Floats, triangles: Indices, depth: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """(V,): the photo shows the vertex, and not too flat."""
    towards = facing(skin, triangles)[1] > FLAT
    return np.asarray(towards & ~_covered(xy, skin[:, 2], depth, BEHIND))


def _texture(
    head: Head, shape: Floats, xy: Floats, seen: NDArray[np.bool_], triangles: Indices
) -> Floats:
    """(T, 3, 2): the photo's pixel for each corner of each triangle."""
    nearest = _filled(xy, seen, triangles)  # (V, 2)
    other = ~seen & seen[head.mirror] & (shape[:, 1] > -6)  # (V,): the other side stands in
    mirrored = np.where(other[:, None], xy[head.mirror], nearest)
    # A triangle between both would smear the other side across the face.
    part = other[triangles]
    mixed = part.any(axis=1) & ~part.all(axis=1)
    return np.where(mixed[:, None, None], nearest[triangles], mirrored[triangles])


def _filled(xy: Floats, seen: NDArray[np.bool_], triangles: Indices) -> Floats:
    """Pixels of unseen vertices: those of the seen ones around them, step by step over the mesh."""
    out, known = np.where(seen[:, None], xy, 0.0), seen.copy()
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    ends, starts = np.concatenate([edges, edges[:, ::-1]]).T  # each edge both ways
    while True:
        use = known[starts] & ~known[ends]  # edges from known vertices to unknown ones
        if not use.any():
            return out
        to, of = ends[use], starts[use]
        count = np.bincount(to, minlength=len(xy))
        fresh = count > 0  # a ring more, each the mean of its known neighbours
        for i in range(2):
            sums = np.bincount(to, out[of, i], minlength=len(xy))
            out[fresh, i] = sums[fresh] / count[fresh]
        known |= fresh


def _outside(points: Floats, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    at = np.round(points)
    return np.asarray((at < 0).any(axis=1) | (at >= np.array(shape[:2])[::-1]).any(axis=1))


def _covered(
    points: Floats, depths: Floats, depth: NDArray[np.float32], margin: float
) -> NDArray[np.bool_]:
    """Points (n, 2) that lie outside of the picture, or farther than `margin` behind the skin."""
    out = _outside(points, depth.shape)
    columns, rows = np.round(points[~out]).astype(int).T
    out[~out] = depths[~out] < depth[rows, columns] - margin
    return out


def _pushed(
    image: Picture, middle: Floats, old: NDArray[np.bool_], new: NDArray[np.bool_]
) -> Picture:
    """The photo stretched along rays, so that the rim of `old` comes to lie on that of `new`."""
    from_rim, to_rim = _reach(old, middle), _reach(new, middle)  # (RAYS,)
    far = 1.9 * np.maximum(from_rim, to_rim)  # beyond it nothing moves
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height:2, 0:width:2].astype(np.float32)  # (H / 2, W / 2), of the new picture
    dx, dy = x - middle[0], y - middle[1]
    radius = np.hypot(dx, dy) + 1e-6
    angle = (np.arctan2(dy, dx) % (2 * np.pi)) * RAYS / (2 * np.pi)  # in rays, 0 to RAYS
    ring = np.arange(RAYS + 1)  # the last is the first again
    a, b, c = (np.interp(angle, ring, np.append(r, r[0])) for r in (from_rim, to_rim, far))
    # Backwards, from a radius in the new picture to one in the photo: 0..b comes from 0..a, b..c
    # from a..c, and beyond c nothing moves.
    inner = radius * a / b
    outer = np.where(radius < c, a + (radius - b) * (c - a) / np.maximum(c - b, 1e-6), radius)
    ratio = np.where(radius < b, inner, outer) / radius
    at = np.stack([middle[0] + dx * ratio, middle[1] + dy * ratio], axis=2).astype(np.float32)
    # Half as fine as the photo: each of these positions stands for the pixel at twice its index.
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    fine = cv2.remap(at, xs / 2, ys / 2, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(
        cv2.remap(
            image, fine[..., 0], fine[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    )


def _reach(mask: NDArray[np.bool_], middle: Floats) -> Floats:
    """(RAYS,): distance of the mask's rim from the middle along each ray, smoothed, pixels."""
    radii = np.arange(1, 2 * max(mask.shape))
    angles = np.arange(RAYS) * 2 * np.pi / RAYS
    columns = np.round(middle[0] + np.outer(np.cos(angles), radii)).astype(int)  # (RAYS, radii)
    rows = np.round(middle[1] + np.outer(np.sin(angles), radii)).astype(int)
    height, width = mask.shape
    ok = (columns >= 0) & (rows >= 0) & (columns < width) & (rows < height)
    inside = ok & mask[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    last = radii[-1] - inside[:, ::-1].argmax(axis=1)  # the farthest pixel of the mask on each ray
    rim = np.where(inside.any(axis=1), last, 1).astype(float)
    bell = np.hanning(13) / np.hanning(13).sum()
    # 6 rays of the other end on each side: the kernel has 13, and the circle no ends.
    return np.convolve(np.concatenate([rim[-6:], rim, rim[:6]]), bell, "valid")
