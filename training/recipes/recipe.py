"""Recipes: all settings that decide a training run, as frozen data."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from lapland.schemes.ibug68 import IBUG68
from lapland.schemes.registry import SCHEMES
from training.data.augment import Augmentation
from training.data.crops import CropSpec
from training.losses.named import LOSSES
from training.network.normalised import NormalisedRCN
from training.network.rcn import SLOPE
from training.recipes.families import FAMILIES


@dataclass(frozen=True)
class Recipe:
    """The settings of one training run.

    Attributes:
        name: the recipe's name, written into the model.
        scheme: name of the annotation scheme, one of `lapland.SCHEMES`.
        family: name of a kind of network, one of `training.recipes.families.FAMILIES`.
        width: name of one of the family's sizes.
        stride: crop pixels from one pixel of the maps to the next, 1 (the paper's) or 2.
        slope: slope of the activations below zero; 0 makes them ReLU.
        anneal: number of passes until the slope has fallen from the paper's to `slope`, for a run
            that begins with the weights of a leaky network (--start); 0 begins with `slope`.
        precision: "float32", or "int8": the network is trained with the rounding of int8 inference
            (`training.network.quantised`), best from weights trained in float32 (--start).
        tail: share of the values that lie beyond each end of int8's range at the start.
        loss: a name of `training.losses.named.LOSSES`.
        target_scale: b0 of LaplaceKL, and of the targets of the Wasserstein loss, crop pixels.
        beta: temperature of the softmax.
        epochs: passes over the training faces.
        batch: faces a step, over all processes.
        rate: highest learning rate of Adam.
        schedule: "constant", or "cosine" down to 1 % after a warm-up of `warmup` epochs.
        warmup: epochs, with the cosine schedule.
        weight_decay: weight decay of Adam.
        clip: largest norm of the gradient; 0 does not clip.
        dropout: probability.
        normalised: batch normalisation after each convolution while the network is trained, folded
            into weights and biases when they are saved.
        adversary: lambda, the weight of the adversarial loss on unlabelled faces; 0 trains without
            a discriminator.
        distillation: weight of the loss towards a teacher's maps, on labelled faces and, if given,
            unlabelled ones; 0 trains without a teacher.
        wasserstein: weight of the 2D Wasserstein loss that is added to `loss`.
        siamese: weight of the disagreement between two views of each face, labelled and, if
            given, unlabelled; half of a batch are then second views. 0 sees each face once.
        averaging: decay of the moving average of the weights that is evaluated, reached in the
            first passes; 0 takes the last weights.
        evaluate_every: epochs between evaluations on the validation faces.
        seed: seed of the weights, the order and the augmentation.
        crop: how crops follow from five points.
        augmentation: how training crops are changed.
    """

    name: str
    scheme: str = IBUG68.name
    family: str = "rcn"
    width: str = "1/8"
    stride: int = 1
    slope: float = SLOPE
    anneal: int = 0
    precision: str = "float32"
    tail: float = 1e-4
    # From here to the dropout the paper's, as far as it names them.
    loss: str = "laplace_kl"
    target_scale: float = 1.0  # section 3.1: Laplace(mu, 1)
    beta: float = 1.0  # section 3.4
    epochs: int = 200  # section 4
    batch: int = 32  # the paper names none
    rate: float = 1e-3  # section 3.4, as is the decay
    schedule: str = "constant"  # section 4: the rate never drops
    warmup: int = 2
    weight_decay: float = 1e-5
    clip: float = 0.0
    dropout: float = 0.2  # Table 1
    normalised: bool = False
    adversary: float = 0.0
    distillation: float = 0.0
    wasserstein: float = 0.0
    siamese: float = 0.0
    averaging: float = 0.0
    evaluate_every: int = 2
    seed: int = 0
    crop: CropSpec = field(default_factory=CropSpec)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family must be one of {', '.join(FAMILIES)}, not {self.family!r}")
        # A family may restrict any field: the mobile one allows no slope but 0.
        for name, choices in (
            ("scheme", tuple(SCHEMES)),
            *FAMILIES[self.family].choices.items(),
            ("precision", ("float32", "int8")),
            ("loss", tuple(LOSSES)),
            ("schedule", ("constant", "cosine")),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} must be one of {', '.join(map(str, choices))}, "
                    f"not {getattr(self, name)!r}"
                )
        if self.precision == "int8" and self.normalised:
            raise ValueError(
                "int8 rounds the weights that are kept, which have no normalisation: normalise in "
                "float32 first, then set normalised=false"
            )
        if self.precision == "int8" and self.dropout:
            raise ValueError(
                f"int8 is a fine-tuning without dropout: set dropout=0, not {self.dropout}"
            )
        if self.precision == "int8" and self.anneal:
            raise ValueError(
                "the steps of int8 belong to one slope: anneal in float32 first, then set anneal=0"
            )
        if self.adversary and self.stride != 1:
            raise ValueError(
                "an adversary sees maps and image on one grid, which needs stride=1, "
                f"not {self.stride}"
            )

    @property
    def label(self) -> str:
        """The width as users name it: `1/8`, and `1/8-lite` with a stride of 2; `mobile`."""
        return FAMILIES[self.family].label(self)

    def network(self) -> nn.Module:
        """The network of the saved file, with the weights that a run starts from."""
        return FAMILIES[self.family].network(self, SCHEMES[self.scheme].size)

    def trained(self) -> nn.Module:
        """The network in training, at its start."""
        if not self.normalised:
            return self.network()
        form: dict[str, Any] = {"stride": self.stride, "slope": self.slope}
        return NormalisedRCN(self.width, SCHEMES[self.scheme].size, self.dropout, **form)

    def to_json(self) -> str:
        """The recipe as one line of JSON, the form in checkpoints and models."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """The inverse of `to_json`."""
        data = json.loads(text)  # settings that are newer than the text take their defaults
        data["crop"] = CropSpec(**data["crop"])
        data["augmentation"] = Augmentation(**data["augmentation"])
        return cls(**data)


# Section 4.2 can be read as two or three times the longer side. With 2, 9.1 % of the landmarks lie
# outside of the crop, where no softargmax can point; with 3, 0.08 %.
PAPER = Recipe(name="paper", crop=CropSpec(factor=3.0, upright=False))
"""The paper's, to the letter: no augmentation, constant rate, dropout, 200 passes."""

PRODUCT = Recipe(
    name="product",
    epochs=100,
    # Narrow networks learn by the number of steps. At 1/8, twelve passes, on the validation faces:
    # 16 faces at 5e-3 6.3 %, at 3e-3 6.8; 32 faces at 8e-3 6.7, at 4e-3 7.4.
    batch=16,
    rate=6e-3,
    schedule="cosine",
    clip=50.0,
    dropout=0.0,
    averaging=0.998,  # reaches back over some 500 steps
    evaluate_every=4,
    augmentation=Augmentation(
        rotation=6.0,
        zoom=0.05,
        shift=0.02,
        flip=0.5,
        light=0.4,
        grey=0.05,
        blur=0.1,
        noise=0.1,
        occlusion=0.1,
    ),
)
"""The recipe with the least error on the validation faces."""

INT8 = dataclasses.replace(
    PRODUCT, name="int8", precision="int8", epochs=6, warmup=1, rate=5e-4, evaluate_every=1
)
"""Fine-tunes a network that was trained in float32 to the rounding of int8; wants --start, and the
settings of that network's form."""

LITE = dataclasses.replace(PRODUCT, name="lite", stride=2, slope=0.0)
"""Maps of half the resolution and ReLU: a small part of the arithmetic."""

MOBILE = dataclasses.replace(
    LITE,
    name="mobile",
    family="mobile",
    width="mobile",
    epochs=110,
    # Strong blur and little light, where networks failed most: training/README.md, "Bad photos".
    augmentation=dataclasses.replace(
        LITE.augmentation, blur=0.2, most_blur=6.0, least_pixels=0.2, dark=0.12, occlusion=0.15
    ),
)
"""The network of few multiplications, prepared for blur, darkness and covers."""

MOBILE_INT8 = dataclasses.replace(
    INT8, name="mobile-int8", family="mobile", width="mobile", stride=2, slope=0.0
)
"""Fine-tunes it to the rounding of int8; wants --start."""

FACES = dataclasses.replace(
    LITE,
    name="faces",
    normalised=True,
    augmentation=dataclasses.replace(
        PRODUCT.augmentation,
        rotation=8.0,
        zoom=0.06,
        shift=0.025,
        light=0.5,
        grey=0.1,
        blur=0.2,
        most_blur=6.0,
        least_pixels=0.2,
        dark=0.1,
        occlusion=0.08,
        occluders=0.2,
        border=0.08,
    ),
)
"""For thousands of faces of many sources: lite, normalised, and hidden and cut as faces are."""

PAPER_ADVERSARIAL = dataclasses.replace(PAPER, name="paper-adversarial", adversary=1e-3)
"""The paper's with its semi-supervised branch, LaplaceKL+D; needs --unlabelled."""

RECIPES = {
    recipe.name: recipe
    for recipe in (PAPER, PAPER_ADVERSARIAL, PRODUCT, LITE, FACES, MOBILE, INT8, MOBILE_INT8)
}


def override(recipe: Recipe, assignments: list[str]) -> Recipe:
    """Applies `key=value` assignments; `augmentation.flip=0` reaches into the inner parts.

    Raises:
        ValueError: there is no such key, or the value does not fit it.
    """
    data = dataclasses.asdict(recipe)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ValueError(f"expected key=value, not {assignment!r}")
        _change(recipe, data, key.split("."), text, key)
    return Recipe.from_json(json.dumps(data))  # judged as a whole: a width belongs to a family


def _change(part: Any, data: dict[str, Any], path: list[str], text: str, key: str) -> None:
    known = {f.name: getattr(part, f.name) for f in dataclasses.fields(part)}
    if path[0] not in known:
        raise ValueError(f"no setting {key!r}; there are {', '.join(known)}")
    old = known[path[0]]
    if not dataclasses.is_dataclass(old):
        data[path[0]] = _parse(text, type(old), key)
    elif len(path) < 2:
        raise ValueError(f"{key} has parts; set one of them, as {key}.{next(iter(vars(old)))}=")
    else:
        _change(old, data[path[0]], path[1:], text, key)


def _parse(text: str, kind: type, key: str) -> Any:
    if kind is bool:  # bool("false") is True
        if text not in ("true", "false"):
            raise ValueError(f"{key} is true or false, not {text!r}")
        return text == "true"
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{key} takes {kind.__name__}, not {text!r}") from None
