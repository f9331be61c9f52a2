"""The recipe of runs that take a second."""

import dataclasses

from training.data.augment import Augmentation
from training.recipes.recipe import PRODUCT

SMALL = dataclasses.replace(
    PRODUCT,
    width="1/16",
    stride=2,  # a quarter of the pixels of the maps, and of the time of their losses
    epochs=4,
    batch=4,
    averaging=0.5,
    dropout=0.2,
    evaluate_every=2,
    warmup=1,
    augmentation=Augmentation(rotation=5, flip=0.5, light=0.3),
)
