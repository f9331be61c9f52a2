"""A recombinator begins with the weights of one of another form: lite, narrower, not normalised.

The new network computes the same maps, as far as it can:

- A wider network has new channels with new weights. Old ones do not read them at first, so the maps
  are the same, and the gradients of the weights that read them are not zero.
- The last convolution of a lite network, 3x3 on maps of half the resolution, becomes the 5x5 one
  behind the upsampling, its taps two pixels apart: the maps are nearly those of before, enlarged.
- Normalisation takes the mean and the spread that a channel has on some faces as its own offset and
  gain, and so changes nothing.
"""

import torch
from torch import Tensor, nn

from training.network.rcn import CHANNELS, RCN


def carried(net: RCN, trained: RCN) -> dict[str, Tensor]:
    """The weights of a trained network in the form of another.

    Args:
        net: the network that begins; its weights are those of new channels.
        trained: as wide as `net` or narrower.

    Returns:
        State for `net.load_state_dict(..., strict=False)`, all of `trained` in it.

    Raises:
        ValueError: `trained` is wider.
    """
    own, state = net.state_dict(), dict(trained.state_dict())
    if trained.stride == 2 and net.stride == 1:
        # A plain convolution in the lite network, an `UpConv` in the full one.
        state["up.3.conv.weight"] = spread_out(state.pop("up.3.weight"))
        state["up.3.conv.bias"] = state.pop("up.3.bias")
    if CHANNELS[trained.width] > CHANNELS[net.width]:
        raise ValueError(
            f"a network of width {net.width} cannot begin with one of width {trained.width}, "
            "which is wider"
        )
    for name, old in state.items() if trained.width != net.width else ():
        # Channels of the head are as many as landmarks: with others it begins anew.
        if name in own and (net.landmarks == trained.landmarks or not name.startswith("head.")):
            state[name] = _widened(own[name].clone(), old, halves=name.startswith("up."))
    return state


def spread_out(kernel: Tensor) -> Tensor:
    """(O, I, 3, 3) -> (O, I, 5, 5): the same taps, two pixels apart."""
    out = kernel.new_zeros(*kernel.shape[:2], 5, 5)
    # Neighbours on the small map lie two pixels apart on the large one.
    out[:, :, ::2, ::2] = kernel
    return out


def _widened(new: Tensor, old: Tensor, halves: bool) -> Tensor:
    """Puts old weights or biases among new ones.

    Args:
        new: (O', ...), changed.
        old: (O, ...), O <= O'.
        halves: the layer reads two maps side by side, each with new channels at its end.
    """
    outputs = len(old)
    if old.ndim == 1:
        new[:outputs] = old
        return new
    inputs = torch.arange(old.shape[1])  # of `new`, where those of `old` go
    if halves:
        # Those of the second map stand behind the new ones of the first.
        inputs = inputs.view(2, -1) + torch.tensor([[0], [(new.shape[1] - old.shape[1]) // 2]])
    new[:outputs] = 0  # old channels do not read new ones
    new[:outputs, inputs.flatten()] = old
    return new


@torch.no_grad()
def normalise_without_change(net: nn.Module, crops: Tensor) -> None:
    """Sets the normalisations of a network so that its output is that of its weights without them.

    Args:
        net: with a `norm` behind its convolutions that does not normalise yet (gain 1, offset 0).
        crops: (B, 3, 80, 80) normalised, of training faces.
    """

    def settled(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        # (x - mean) / sqrt(variance + eps) * gain + offset = x
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3))  # (C,)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.bias.copy_(mean)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))

    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(settled) for norm in norms]
    mode = net.training
    try:
        net.eval()(crops)  # layer by layer: each sees what those before it give by then
    finally:
        net.train(mode)
        for hook in hooks:
            hook.remove()
