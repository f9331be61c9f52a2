"""The training loop."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from lapland.base.files import write_text
from lapland.schemes.registry import SCHEMES
from training.common import commit
from training.data.crops import TrainingCrops
from training.data.faces import AnnotatedFaces, origin
from training.data.unlabelled import UnlabelledCrops
from training.evaluation.validation import Validation
from training.network.normalised import folded
from training.network.rcn import normalise
from training.network.starting import normalise_without_change
from training.recipes import checkpoint
from training.recipes.recipe import Recipe
from training.reports.pictures import draw_learning_curve
from training.runs import hardware
from training.runs.batches import Batches
from training.runs.objective import Objective
from training.runs.schedules import moving_average, rate_at, slope_at


class Trainer:
    """One run: network, optimiser, averaged weights, and their files."""

    def __init__(
        self,
        recipe: Recipe,
        train: AnnotatedFaces,
        validation: AnnotatedFaces,
        out: Path,
        *,
        unlabelled: NDArray[np.uint8] | None = None,
        teacher: Path | None = None,
        start: Path | None = None,
        arguments: Mapping[str, str] = MappingProxyType({}),
        workers: int = 0,
    ) -> None:
        if recipe.adversary and unlabelled is None:
            raise ValueError("a recipe with an adversary needs --unlabelled, a folder of photos")
        if unlabelled is not None and not (
            recipe.adversary or recipe.distillation or recipe.siamese
        ):
            raise ValueError(
                "--unlabelled is of use with an adversary, distillation or Siamese views only"
            )
        partial = int(np.isnan(train.landmarks).any(axis=(1, 2)).sum())
        if recipe.adversary and partial:
            raise ValueError(
                "an adversary is shown maps of every landmark as real, but "
                f"{partial} of {len(train)} training faces miss some; set adversary=0"
            )
        self.recipe, self.out = recipe, out
        # As given, for the card: folders, lists, start and teacher of the run.
        others = {"start": start, "teacher": teacher}
        self.others = {name: str(path) for name, path in others.items() if path is not None}
        self.others |= arguments
        scheme = SCHEMES[recipe.scheme]
        self.accelerator = hardware.accelerator()
        # Before the networks are made, whose first weights it decides.
        torch.manual_seed(recipe.seed)
        data = TrainingCrops(train, scheme, recipe.crop, recipe.augmentation, recipe.seed)
        more = None
        if unlabelled is not None:
            more = UnlabelledCrops(unlabelled, recipe.augmentation, recipe.seed)
        self.batches = Batches(recipe, self.accelerator, data, more, workers)
        net: nn.Module = recipe.trained().to(memory_format=torch.channels_last)
        if start is not None:
            checkpoint.start_from(net, start)
        # After the start: ranges and statistics are those of its weights.
        if recipe.precision == "int8":
            net.prepare(_sample(data), recipe.tail)
        elif recipe.normalised and start is not None:
            normalise_without_change(net, _sample(data))
        optimiser = torch.optim.Adam(
            net.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay
        )
        # Copied before `prepare` wraps the network in autocast: evaluation is in float32, as the
        # exported file runs. A decay of 0 gives the last weights.
        self.averaged = AveragedModel(net, multi_avg_fn=moving_average(recipe.averaging))
        self.averaged.to(self.accelerator.device).eval()
        self.net, self.optimiser = self.accelerator.prepare(net, optimiser)
        self.objective = Objective(recipe, self.accelerator, teacher)
        self.validation = Validation(validation, recipe)
        self.epoch, self.best, self.seconds = 0, math.inf, 0.0
        self.history: list[dict[str, Any]] = []
        self.commit = commit.commit()  # commit of the running code, even if files change later
        out.mkdir(parents=True, exist_ok=True)
        self._resume()  # last: it overwrites the fresh state from above

    @hardware.denormals_flushed()
    def run(self) -> float:
        """Trains to the recipe's last epoch; returns the lowest NMSE on the validation faces."""
        steps = len(self.batches)
        bar = tqdm(
            total=self.recipe.epochs * steps,
            initial=self.epoch * steps,
            desc=self.out.name,
            unit="step",
            disable=not self.accelerator.is_main_process,
            mininterval=2.0,
        )
        if self.epoch == 0 and "start" in self.others:
            self._evaluate()  # the first weights may be the best
        while self.epoch < self.recipe.epochs:
            started = time.perf_counter()
            sums: dict[str, float] = {}
            for scalars in self._epoch():
                for name, value in scalars.items():
                    sums[name] = sums.get(name, 0.0) + value / steps  # mean over the pass
                bar.update()
            self.epoch += 1
            self.seconds += time.perf_counter() - started
            row = {"epoch": self.epoch, "seconds": round(self.seconds, 1), **sums}
            last = self.epoch == self.recipe.epochs
            if last or self.epoch % self.recipe.evaluate_every == 0:
                row["val_nmse"] = self._evaluate()
                bar.set_postfix(val=f"{row['val_nmse']:.2f}%", best=f"{self.best:.2f}%")
            self.history.append(row)
            self.save()  # after every pass: a killed run loses one at most
        bar.close()
        return self.best

    def _epoch(self) -> Iterator[dict[str, float]]:
        recipe = self.recipe
        # All that is random follows from (seed, epoch), so a resumed run repeats it: dropout and
        # noise too, and each process draws its own.
        # The factors exceed any number of passes and processes, so no two of them share a seed.
        seed = recipe.seed * 1_000_003 + self.epoch
        torch.manual_seed(seed * 1_009 + self.accelerator.process_index)
        self.net.train()
        steps = len(self.batches)
        # The slope is a plain attribute, which a wrapper for several processes would not pass on.
        net = self.accelerator.unwrap_model(self.net)
        for step, batch in enumerate(self.batches.of_epoch(self.epoch, seed)):
            # No scheduler of torch: the rate follows from the pass alone, and needs no state to
            # resume from.
            fraction = rate_at(self.epoch + step / steps, recipe)
            for group in self.optimiser.param_groups:
                group["lr"] = recipe.rate * fraction
            net.slope = slope_at(self.epoch + step / steps, recipe)  # evaluated is `recipe.slope`
            # (B + U, 3, 80, 80).
            images = normalise(batch.crops).contiguous(memory_format=torch.channels_last)
            with self.accelerator.autocast():
                heatmaps = self.net(images)  # (B + U, K, H, W), float32 again
            scalars = self.objective.losses(
                heatmaps, images, batch.target, batch.between, batch.weight
            )
            self.optimiser.zero_grad()
            self.accelerator.backward(scalars["loss"])
            if recipe.clip:
                norm = self.accelerator.clip_grad_norm_(self.net.parameters(), recipe.clip)
                scalars["gradient_norm"] = torch.as_tensor(norm)  # before it was clipped
            self.optimiser.step()
            self.averaged.update_parameters(net)
            values = {name: value.item() for name, value in scalars.items()}
            # Nothing comes back from NaN: the averaged weights hold it from now on.
            if not math.isfinite(values["loss"]):
                raise FloatingPointError(
                    f"the loss became {values['loss']} in epoch {self.epoch}; "
                    "start again with a lower rate, or with clip set"
                )
            yield values

    def _evaluate(self) -> float:
        # Every process computes it, so that all agree on the best; only one of them writes.
        value = self.validation.nmse(self.averaged)
        if value < self.best:
            self.best = value
            if self.accelerator.is_main_process:
                facts = {
                    "commit": self.commit,
                    "epoch": self.epoch,
                    "val_nmse": value,
                    "seconds": round(self.seconds),
                    "data": origin(self.batches.data.faces.names),
                    "training_faces": len(self.batches.data),
                    "hardware": hardware.describe(self.accelerator),
                    **self.others,
                }
                weights = self.averaged.module.state_dict()
                # The kept network is the plain one, without normalisation.
                weights = folded(weights) if self.recipe.normalised else weights
                checkpoint.save_weights(self.out / "best.safetensors", weights, self.recipe, facts)
        return value

    def save(self) -> None:
        """Writes the state that the run resumes from."""
        if not self.accelerator.is_main_process:
            return
        # No state of random numbers: they follow from the seed and the pass.
        state = {
            "recipe": self.recipe.to_json(),
            "epoch": self.epoch,
            "best": self.best,
            "seconds": self.seconds,
            "history": self.history,
            "net": self.accelerator.unwrap_model(self.net).state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "objective": self.objective.state(),
        }
        # First: the history can be shown again from it.
        checkpoint.save_state(self.out / "last.pt", state)
        self._show()

    def _show(self) -> None:
        """Writes the history, and draws its curve."""
        lines = "".join(json.dumps(row) + "\n" for row in self.history)
        write_text(self.out / "history.jsonl", lines)
        if "val_nmse" in self.history[-1]:
            draw_learning_curve(self.history, self.out / "curve.png")

    def _resume(self) -> None:
        main = self.accelerator.is_main_process
        for half in self.out.glob(".*.part") if main else ():  # of a run that was killed
            half.unlink(missing_ok=True)
        path = self.out / "last.pt"
        if not path.exists():
            return
        state = checkpoint.load_state(path)
        if Recipe.from_json(state["recipe"]) != self.recipe:
            raise ValueError(
                f"{path} belongs to another recipe; resume with the arguments it was started with, "
                "or give another --out"
            )
        self.accelerator.unwrap_model(self.net).load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.objective.load_state(state["objective"])
        self.epoch, self.best, self.seconds = state["epoch"], state["best"], state["seconds"]
        self.history = state["history"]
        if main:
            self._show()  # a run that was killed may have kept its state and not shown it


def _sample(data: TrainingCrops) -> torch.Tensor:
    """Some 64 crops from all over the list, changed as in training, normalised."""
    return normalise(torch.stack([data[i][0] for i in range(0, len(data), -(-len(data) // 64))]))
