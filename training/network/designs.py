"""Candidate designs of the cheap network, before its two sizes were chosen.

Each is a form that `training.designs` trains for a few passes. Names say how a form differs
from `first`, the trial that the family began with.
"""

from dataclasses import replace
from types import MappingProxyType

from training.network.mobile_layers import Form

FIRST = Form()  # 64 channels on every map of the decoder
HALF = replace(FIRST, shuffled=True)  # no layer of the decoder sees more than 20 x 20 pixels
NARROW = replace(FIRST, up=(64, 64, 64, 32))  # half of the channels on 40 x 40 pixels
SMALL = replace(FIRST, down=(16, 16, 32, 32), up=(32, 32, 32, 24))

# What each is worth: benchmarks/README.md, "Designs of a network of few multiplications". `first`
# became the shipped `mobile`, with the upsampling of `narrow-nearest`.
DESIGNS = MappingProxyType(
    {
        "first": FIRST,
        "narrow": NARROW,
        "narrow-kernel-3": replace(NARROW, kernel=3),
        "narrow-hidden": replace(NARROW, hidden=True),
        "narrow-nearest": replace(NARROW, bilinear=False),
        "narrow-80": replace(
            NARROW, down=(32, 48, 64, 80), up=(80, 80, 64, 32), blocks=(3, 3, 2, 1)
        ),
        # Blocks of MobileNetV2, and none on 40 x 40, where they would cost most.
        "narrow-inverted": replace(NARROW, up=(48, 48, 48, 32), expansion=2, blocks=(3, 3, 2, 0)),
        "deep-top": Form((32, 48, 64, 64), (64, 64, 64, 48), (4, 4, 3, 2)),
        # The fourth numbers of `up` and `blocks` are not read from here on: no level has 40 x 40.
        "half": HALF,
        "half-kernel-3": replace(HALF, kernel=3),
        "half-patches": replace(HALF, stem=4),  # 4 x 4 pixels to a place of 20 x 20, at once
        "half-80": replace(HALF, down=(32, 48, 64, 80), up=(80, 80, 80, 0), blocks=(3, 3, 3, 0)),
        "small": SMALL,
        "small-kernel-3": replace(SMALL, kernel=3),
        "small-half": replace(HALF, down=(16, 24, 32, 32), up=(32, 32, 32, 0), blocks=(4, 4, 4, 0)),
    }
)
