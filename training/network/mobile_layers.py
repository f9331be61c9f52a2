"""The layers of a network of few multiplications, written down once.

Encoder and decoder are the paper's, the layers are not: depthwise and pointwise convolutions
with batch normalisation, residual blocks on the small maps, sums instead of concatenations, and
one 1x1 convolution as the head. Depthwise separable convolutions are those of *MobileNets* (Howard
et al., 2017), blocks with expansion those of *MobileNetV2* (Sandler et al., CVPR 2018).

Interpreters of `heatmaps_of` run the layers on tensors, list them, or write them as an ONNX graph.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeVar

from training.network.rcn import SIZE

V = TypeVar("V")  # a map, in the form of an interpreter
HEAD = "head"  # name of the layer that gives the heatmaps
STEM = "stem"  # name of the layer that reads the pixels
STRIDE = 2  # crop pixels from one pixel of the maps to the next


@dataclass(frozen=True)
class Form:
    """The decisions that make one network of the family.

    Attributes:
        down: channels of the encoder, on maps of 40, 20, 10 and 5 pixels.
        up: channels of the decoder, on maps of 5, 10, 20 and 40 pixels.
        blocks: number of residual blocks of the decoder, on the same maps.
        kernel: side of the depthwise kernels.
        stem: side of the first kernel: 3 moves by 2 pixels, 4 reads patches of 4 x 4.
        expansion: channels of the depthwise convolution of a block, as a multiple of those that
            enter; 0 leaves out the pointwise convolution before it.
        bilinear: upsampling is bilinear; False repeats each pixel.
        shuffled: the head computes four pixels of the last maps at each of 20 x 20.
        hidden: an activation follows each depthwise convolution, too.
    """

    down: tuple[int, int, int, int] = (32, 32, 64, 64)
    up: tuple[int, int, int, int] = (64, 64, 64, 64)
    blocks: tuple[int, int, int, int] = (4, 4, 2, 1)
    kernel: int = 5
    stem: int = 3
    expansion: int = 0
    bilinear: bool = True
    shuffled: bool = False
    hidden: bool = False


FORMS = MappingProxyType(
    {
        # int8 repeats pixels by copying bytes, and the errors are those of bilinear upsampling:
        # benchmarks/README.md has both.
        "mobile": Form(bilinear=False),
        "mobile-small": Form((16, 24, 32, 32), (32, 32, 32, 32), bilinear=False),
    }
)
"""The sizes of the family by name."""


@dataclass(frozen=True)
class Conv:
    """One convolution and the activation behind it.

    Attributes:
        name: name of the layer.
        channels: channels of the output.
        kernel: its side; a map keeps its size under an odd one.
        stride: pixels from one place of the kernel to the next.
        depthwise: each channel has a kernel of its own, and there are as many as enter.
        act: ReLU follows the convolution, or the sum.
    """

    name: str
    channels: int
    kernel: int = 1
    stride: int = 1
    depthwise: bool = False
    act: bool = True

    @property
    def padding(self) -> int:
        """Pixels of zeros on each side of the map."""
        return self.kernel // 2 if self.kernel % 2 else 0  # an even one reads patches side by side

    @property
    def groups(self) -> int:
        """Groups of channels that are convolved apart."""
        return self.channels if self.depthwise else 1


class Interpreter(Protocol[V]):
    """One meaning of the layers."""

    def conv(self, conv: Conv, x: V, plus: V | None = None) -> V:
        """A convolution, then the sum with another map, then the activation."""

    def double(self, name: str, x: V, bilinear: bool) -> V:
        """A map of twice the height and width."""

    def shuffle(self, name: str, x: V) -> V:
        """(4 K, H, W) -> (K, 2H, 2W).

        Channel (2 row + column) K + k has the pixels of map k in that row and column of each four.
        """


def heatmaps_of(form: Form, run: Interpreter[V], x: V, landmarks: int) -> V:
    """The layers of the network in their order: crops -> heatmaps."""

    def separable(
        name: str, x: V, c: int, channels: int, stride: int = 1, plus: V | None = None
    ) -> V:
        depth = Conv(f"{name}_depth", c, form.kernel, stride, depthwise=True, act=form.hidden)
        # The sum comes before the activation: an addition and ReLU fuse with the convolution.
        return run.conv(Conv(f"{name}_point", channels), run.conv(depth, x), plus)

    def block(name: str, x: V, c: int) -> V:
        if not form.expansion:
            return separable(name, x, c, c, plus=x)
        # MobileNetV2's block; its last convolution is linear, and so is the sum.
        wide = form.expansion * c
        y = run.conv(Conv(f"{name}_wide", wide), x)
        y = run.conv(Conv(f"{name}_depth", wide, form.kernel, depthwise=True), y)
        return run.conv(Conv(f"{name}_point", c, act=False), y, x)

    # Encoder: every map is kept for the decoder.
    down = form.down
    if form.stem == 4:
        x = run.conv(Conv(STEM, down[1], kernel=4, stride=4), x)  # (C, 20, 20)
        skips = [separable("down1", x, down[1], down[1])]  # 20
    else:
        x = run.conv(Conv(STEM, down[0] // 2, kernel=form.stem, stride=2), x)  # (C, 40, 40)
        skips = [separable("down0", x, down[0] // 2, down[0])]  # 40
        skips.append(separable("down1", skips[-1], down[0], down[1], stride=2))  # 20
    for i in (2, 3):  # 10, 5
        skips.append(separable(f"down{i}", skips[-1], down[i - 1], down[i], stride=2))
    # Decoder: from the smallest map up.
    x, before = skips.pop(), down[3]  # (C, 5, 5); `before` is its C
    if form.up[0] != before:
        x, before = run.conv(Conv("bottom", form.up[0]), x), form.up[0]
    levels = 3 if form.shuffled else 4  # a shuffled head makes 40 x 40 of 20 x 20 by itself
    for i, (c, blocks) in enumerate(zip(form.up[:levels], form.blocks[:levels], strict=True)):
        if i:
            if c < before:  # on the smaller map, at a quarter of the multiplications
                x, before = run.conv(Conv(f"narrow{i}", c), x), c
            x = run.double(f"double{i}", x, form.bilinear)  # 10, 20, 40
            # A sum in place of the paper's concatenation; the 1x1 convolution gives the map of the
            # encoder the channels of the decoder.
            if skips:  # the stem that reads patches leaves none of 40 x 40
                x = run.conv(Conv(f"skip{i}", before, act=False), skips.pop(), x)
            x, before = separable(f"up{i}", x, before, c), c
        for j in range(blocks):
            x = block(f"block{i}_{j}", x, c)
    # Head: logits of the maps, (K, 40, 40).
    if form.shuffled:
        return run.shuffle("woven", run.conv(Conv(HEAD, 4 * landmarks, act=False), x))
    return run.conv(Conv(HEAD, landmarks, act=False), x)


@dataclass(frozen=True)
class Layer:
    """A convolution at its place in the network.

    Attributes:
        conv: the convolution.
        inputs: number of channels that enter.
        side: side of the map that it gives, pixels.
        summed: another map is added to its output.
    """

    conv: Conv
    inputs: int
    side: int
    summed: bool

    @property
    def multiplications(self) -> int:
        """Multiply-accumulates for one face."""
        conv = self.conv
        return conv.channels * self.side**2 * conv.kernel**2 * self.inputs // conv.groups


class _Listing:
    """Lists the layers; a map is its channels and its side."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []

    def conv(
        self, conv: Conv, x: tuple[int, int], plus: tuple[int, int] | None = None
    ) -> tuple[int, int]:
        channels, side = x[0], x[1] // conv.stride
        self.layers.append(Layer(conv, channels, side, plus is not None))
        return conv.channels, side

    def double(self, name: str, x: tuple[int, int], bilinear: bool) -> tuple[int, int]:
        return x[0], 2 * x[1]

    def shuffle(self, name: str, x: tuple[int, int]) -> tuple[int, int]:
        return x[0] // 4, 2 * x[1]


def layers_of(form: Form, landmarks: int = 68) -> list[Layer]:
    """All convolutions of a form, in the order of execution."""
    listing = _Listing()
    heatmaps_of(form, listing, (3, SIZE), landmarks)
    return listing.layers


def multiplications(form: Form, landmarks: int = 68) -> int:
    """Multiply-accumulates of the convolutions for one face."""
    return sum(layer.multiplications for layer in layers_of(form, landmarks))
