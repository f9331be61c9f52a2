"""Families of networks, a row each. Their graphs stand in `export.graph.families`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from torch import Tensor, nn

from training.network.designs import DESIGNS
from training.network.mobile import Mobile, folded
from training.network.mobile_layers import FORMS, HEAD, STRIDE
from training.network.quantised import QuantisedRCN
from training.network.quantised_mobile import QuantisedMobile
from training.network.rcn import CHANNELS, RCN
from training.network.starting import carried


class Settings(Protocol):
    """The fields of a recipe that decide the form of a network."""

    @property
    def width(self) -> str: ...  # noqa: D102
    @property
    def stride(self) -> int: ...  # noqa: D102
    @property
    def slope(self) -> float: ...  # noqa: D102
    @property
    def dropout(self) -> float: ...  # noqa: D102
    @property
    def precision(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Family:
    """One kind of network.

    Attributes:
        choices: fields of a recipe -> the values that they may have.
        network: settings and number of landmarks -> the network with new weights. With int8 it has
            `prepare(crops, tail)`, which sets its ranges for weights that float32 learned.
        start: a new network and a trained one -> the weights of the latter, by the names that the
            former has for them.
        checkpoint: format of its checkpoints, written into them.
        last: name of the bias of the last layer, which has an entry for each landmark.
        label: settings -> the width as users name it.
        prefix: prefix of the names of its models; the label follows.
        describe: settings -> the sentence on the network in model cards.
    """

    choices: Mapping[str, Collection[Any]]
    network: Callable[[Settings, int], nn.Module]
    start: Callable[[nn.Module, nn.Module], dict[str, Tensor]]
    checkpoint: str
    last: str
    label: Callable[[Settings], str]
    prefix: str
    describe: Callable[[Settings], str]


def _rcn(settings: Settings, landmarks: int) -> RCN:
    form: dict[str, Any] = {"stride": settings.stride, "slope": settings.slope}
    if settings.precision == "int8":  # without dropout, which a recipe for int8 refuses
        return QuantisedRCN(settings.width, landmarks, **form)
    return RCN(settings.width, landmarks, settings.dropout, **form)


def _rcn_start(net: nn.Module, trained: nn.Module) -> dict[str, Tensor]:
    if isinstance(net, RCN) and isinstance(trained, RCN):
        return carried(net, trained)
    return trained.state_dict()  # of another family: nothing of it will fit


def _rcn_label(settings: Settings) -> str:
    return settings.width + ("-lite" if settings.stride == 2 else "")


def _describe_rcn(settings: Settings) -> str:
    lite = ",\nlite: its maps have half the resolution of the crop" if settings.stride == 2 else ""
    return (
        "Recombinator Network of *Laplace Landmark Localization* (Robinson et al., ICCV 2019) at\n"
        f"width {settings.width}{lite}"
    )


def _describe_mobile(settings: Settings) -> str:
    return (
        "A network of few multiplications, depthwise separable convolutions in residual\n"
        "blocks (`training/network/mobile.py`), with the loss of *Laplace Landmark Localization* "
        f"(Robinson\net al., ICCV 2019); size `{settings.width}`"
    )


def _mobile(settings: Settings, landmarks: int) -> nn.Module:
    form = (FORMS | DESIGNS)[settings.width]
    quantised = settings.precision == "int8"
    return QuantisedMobile(form, landmarks) if quantised else Mobile(form, landmarks)


def _mobile_start(net: nn.Module, trained: nn.Module) -> dict[str, Tensor]:
    # int8 has no normalisation, so weights come with it folded in, and by their names there.
    if isinstance(net, QuantisedMobile) and isinstance(trained, Mobile):
        return {
            f"layers.{name}.{part}": tensor
            for name, conv in folded(trained).items()
            for part, tensor in conv.state_dict().items()
        }
    return trained.state_dict()


FAMILIES = MappingProxyType(
    {
        "rcn": Family(
            choices={"width": tuple(CHANNELS), "stride": (1, 2)},
            network=_rcn,
            start=_rcn_start,
            checkpoint="lapland-rcn-1",
            last="head.2.bias",
            label=_rcn_label,
            prefix="rcn-",
            describe=_describe_rcn,
        ),
        "mobile": Family(
            choices={
                "width": (*FORMS, *DESIGNS),  # designs, too, for `training.designs`
                "stride": (STRIDE,),
                "slope": (0.0,),  # ReLU, which int8 has at no cost
                "dropout": (0.0,),  # there is no such layer
                "normalised": (False,),  # it keeps a normalisation of its own
            },
            network=_mobile,
            start=_mobile_start,
            checkpoint="lapland-mobile-1",
            last=f"layers.{HEAD}.bias",
            label=lambda settings: settings.width,
            prefix="",
            describe=_describe_mobile,
        ),
    }
)
