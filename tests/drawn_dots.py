"""Pictures of soft dots at known places, and five points wherever a test wants them."""

import cv2
import numpy as np

# Five points of an upright face, 40 px between the eyes; their rectangle is 40 x 46 about (0, 0).
FIVE = np.array([[-20.0, -23.0], [20.0, -23.0], [0.0, 2.0], [-16.0, 23.0], [16.0, 23.0]])


def turn(angle):
    """(2, 2) rotation that turns points clockwise on the screen."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def five_points(centre, scale=1.0, angle=0.0):
    """(5, 2) five points whose rectangle, before it is turned, has its centre at `centre`."""
    return scale * FIVE @ turn(angle).T + centre


def dots(height, width, places, sigma, grey=128.0):
    """A grey picture with one soft dot for each (x, y, colour), colour a grey value or BGR."""
    picture = np.full((height, width, 3), grey, np.float32)
    reach = int(6 * sigma) + 1  # a dot changes no grey value farther off
    for x, y, colour in places:
        rows, columns = (
            np.arange(height)[max(0, int(y) - reach) : max(0, int(y) + reach)],
            np.arange(width)[max(0, int(x) - reach) : max(0, int(x) + reach)],
        )
        down, along = (
            np.exp(-((pixels - at) ** 2) / (2 * sigma**2))
            for pixels, at in ((rows, y), (columns, x))
        )
        bump = (down[:, None] * along)[..., None]
        picture[np.ix_(rows, columns)] += (np.broadcast_to(colour, 3) - grey) * bump
    return picture.round().clip(0, 255).astype(np.uint8)


def encode(image, suffix=".jpg"):
    """The bytes of an encoded file."""
    ok, data = cv2.imencode(suffix, image)
    assert ok
    return data.tobytes()
