"""A training run of the network that finds small faces."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.finding.checkpoint import save_weights
from training.finding.network import OneStage
from training.finding.objective import batch_of, loss
from training.finding.scenes import Scene
from training.recipes.checkpoint import load_state, save_state

WARM, LAST = 200, 0.25  # steps until the rate is full; share of the steps while it falls
DECAY, KEPT = 1e-4, 0.998  # of the weights, a step; part of the running mean that stays


def rate(step: int, steps: int, most: float) -> float:
    """The learning rate of a step."""
    fall = max(1, round(LAST * steps))
    # Rise, full rate, fall; the last steps still learn a little.
    return most * min(1.0, (step + 1) / WARM, max(0.0, (steps - step) / fall) + 1e-3)


class Run:
    """A training run in a folder; goes on from its last state.

    Args:
        out: the folder.
        steps: number of steps of the whole run.
        most: the highest rate.
        seed: seed of the first weights.
        start: weights to begin with instead.

    Attributes:
        step: number of finished steps.
    """

    def __init__(
        self,
        out: Path,
        *,
        steps: int,
        most: float,
        seed: int,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._out, self._steps, self._most = out, steps, most
        torch.manual_seed(seed)
        self._net = OneStage()
        if start is not None:
            self._net.load_state_dict(start)
        # Of weights, running means and variances.
        self._mean = {name: w.clone() for name, w in self._net.state_dict().items()}
        self._optimiser = torch.optim.AdamW(self._net.parameters(), lr=most, weight_decay=DECAY)
        self.step = 0
        if (out / "state.pt").exists():
            state = load_state(out / "state.pt")
            self._net.load_state_dict(state["net"])
            self._optimiser.load_state_dict(state["optimiser"])
            self._mean, self.step = state["mean"], state["step"]

    def learn(self, scenes: list[Scene]) -> dict[str, float]:
        """One step."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate(self.step, self._steps, self._most)
        total, parts = loss(self._net(batch_of(scenes)), scenes)
        self._optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), 5.0)
        self._optimiser.step()
        self.step += 1
        # Short at first, so that the random start is soon forgotten.
        kept = min(KEPT, self.step / (self.step + 10))
        # With the running means of the normalisation, which belong to the weights.
        for name, weights in self._net.state_dict().items():
            if weights.dtype.is_floating_point:  # not the count of batches
                self._mean[name].mul_(kept).add_(weights, alpha=1 - kept)
        return parts

    def averaged(self) -> OneStage:
        """The network with the running mean of the weights."""
        net = OneStage()
        net.load_state_dict(self._mean)
        return net.eval()

    def save(self, facts: dict[str, Any]) -> None:
        """Writes weights and state."""
        state = {"net": self._net.state_dict(), "optimiser": self._optimiser.state_dict()}
        save_state(self._out / "state.pt", {**state, "mean": self._mean, "step": self.step})
        save_weights(self._out / "weights.safetensors", self._mean, {"step": self.step, **facts})
