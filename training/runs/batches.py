"""Batches of a run: labelled crops, unlabelled ones beside them, or two views of each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler

from training.data.crops import TrainingCrops
from training.data.pairs import Pairs, side_by_side
from training.data.unlabelled import UnlabelledCrops
from training.recipes.recipe import Recipe


class Batch(NamedTuple):
    """The batch of one step of one process.

    Attributes:
        crops: (B + U, 80, 80, 3) uint8 BGR, of labelled and then of unlabelled faces; with two
            views the second half of either shows the faces of the first.
        target: (B, K, 2), crop pixels, of the labelled ones.
        between: (P, 2, 3), from the first to the second view of each pair; None with one view.
        weight: (B, K), weights of the labels; None if all count alike.
    """

    crops: Tensor
    target: Tensor
    between: Tensor | None
    weight: Tensor | None = None


class Batches:
    """The batches of every pass over the training faces, in an order that follows from a seed.

    Args:
        recipe: recipe of the run.
        accelerator: the devices; each process has its share of a batch.
        data: labelled crops.
        unlabelled: crops without labels; one is drawn beside each labelled one.
        workers: processes that cut crops; 0 cuts them in this one.

    Raises:
        ValueError: the recipe's batch cannot be shared by the processes.
    """

    def __init__(
        self,
        recipe: Recipe,
        accelerator: Accelerator,
        data: TrainingCrops,
        unlabelled: UnlabelledCrops | None,
        workers: int,
    ) -> None:
        if recipe.batch % accelerator.num_processes:
            raise ValueError(
                f"batch is the number of faces a step over all processes: {recipe.batch} cannot be "
                f"shared by {accelerator.num_processes}"
            )
        self._share = recipe.batch // accelerator.num_processes
        if recipe.siamese and self._share % 2:
            raise ValueError(
                "with siamese, half of a batch are second views of the other half: batch must be "
                f"even for each process, not {self._share}"
            )
        self._views = 2 if recipe.siamese else 1
        self._workers = workers
        self._order = torch.Generator()  # of both loaders; each pass seeds it
        self.data, self.unlabelled = data, unlabelled
        # Each process has its share of the batches.
        self._labelled = accelerator.prepare(self._loader(data, None))
        self._more: Any = None
        if unlabelled is not None:
            needed = len(self) * recipe.batch  # one beside each labelled face
            # A smaller folder serves several times in a pass.
            self._more = accelerator.prepare(self._loader(unlabelled, needed))

    def __len__(self) -> int:
        return len(self._labelled)

    def of_epoch(self, epoch: int, seed: int) -> Iterator[Batch]:
        """The batches of one pass: the same (epoch, seed) gives the same ones."""
        self._order.manual_seed(seed)
        # Before the loaders begin: their processes take a copy of the data, pass included.
        self.data.epoch = epoch
        more: Iterator[Any] = iter(())
        if self.unlabelled is not None:
            self.unlabelled.epoch = epoch
            more = iter(self._more)
        for labelled in self._labelled:
            yield self._gathered(labelled, next(more, None))

    def _loader(self, data: TrainingCrops | UnlabelledCrops, needed: int | None) -> DataLoader[Any]:
        """Batches of one pass, or of as many crops as are needed.

        With two views a pass has as many crops as without, two each of half of the faces.
        """
        share = self._share // self._views  # items of a batch: pairs, if there are two views
        samples = (needed or len(data)) // self._views
        sampler = RandomSampler(
            data,  # type: ignore[arg-type]
            generator=self._order,
            replacement=needed is not None,
            num_samples=samples,
        )
        return DataLoader(
            data if self._views == 1 else Pairs(data),
            batch_size=share,
            sampler=sampler,
            # A last batch of a few faces would be a step of much noise. Data for less than one
            # batch are kept, or there would be no step at all.
            drop_last=samples >= share,
            num_workers=self._workers,
        )

    def _gathered(self, labelled: list[Tensor], unlabelled: Any) -> Batch:
        if self._views == 1:
            crops, target, *weight = labelled  # no weight if all count alike
            if unlabelled is not None:
                crops = torch.cat([crops, unlabelled])
            return Batch(crops, target, None, *weight)
        crops, target, *weight, between = side_by_side(labelled)  # (2 P, ...), first views first
        if unlabelled is not None:
            more, links = side_by_side(unlabelled)
            crops, between = torch.cat([crops, more]), torch.cat([between, links])
        return Batch(crops, target, between, *weight)
