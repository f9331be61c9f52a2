"""The losses of one step: on labels, towards a teacher, and against an adversary."""

from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from lapland.schemes.registry import SCHEMES
from training.losses import adversary, landmarks
from training.losses.heatmaps import coarser, location_and_scale, marginals, probabilities
from training.losses.named import LOSSES, Maps
from training.losses.siamese import disagreement
from training.recipes.checkpoint import load_weights
from training.recipes.recipe import Recipe


def loss_on_labels(
    heatmaps: Tensor,
    sums: tuple[Tensor, Tensor],
    target: Tensor,
    recipe: Recipe,
    weight: Tensor | None = None,
) -> dict[str, Tensor]:
    """The recipe's loss and other figures worth watching, means over the visible landmarks.

    Args:
        heatmaps: (B, K, 80 / stride, 80 / stride).
        sums: marginals (B, K, 80 / stride), twice, of the maps.
        target: (B, K, 2), crop pixels; NaN if a landmark is not visible. At least one is.
        recipe: names the loss and its settings.
        weight: (B, K), 0..1, of each landmark in the loss; None counts all fully.
    """
    visible = target.isfinite().all(-1)  # (B, K)
    # Before the arithmetic, since a gradient of NaN times 0 is NaN.
    target = target.where(visible[..., None], 0.0)
    location, scale = location_and_scale(*sums, recipe.stride)  # (B, K, 2) each
    settings = (recipe.beta, recipe.stride, recipe.target_scale)
    maps = Maps(heatmaps, sums, location, scale, target, *settings)
    loss = LOSSES[recipe.loss](maps)  # (B, K)
    if recipe.wasserstein:
        loss = loss + recipe.wasserstein * LOSSES["wasserstein"](maps)
    if weight is not None:
        loss = loss * weight
    error = landmarks.softargmax(location.detach(), target)  # crop pixels; watched, not learned
    values = {"loss": loss, "error_px": error, "scale_px": scale.detach()}
    # The divisor counts landmarks and not weights, so a face of little weight pulls little.
    return {name: value[visible].mean() for name, value in values.items()}


class Objective:
    """Losses of one step, and the networks beside the trained one that they need.

    Args:
        recipe: weights of the losses.
        accelerator: prepares the networks for the device and for several processes.
        teacher: checkpoint of the teacher; needed if the recipe distils.

    Raises:
        ValueError: the recipe distils without a teacher, or the reverse.
    """

    def __init__(self, recipe: Recipe, accelerator: Accelerator, teacher: Path | None) -> None:
        self.recipe, self.accelerator = recipe, accelerator
        if bool(recipe.distillation) != (teacher is not None):
            raise ValueError(
                "a recipe with distillation needs --teacher, and a teacher needs a recipe with "
                f"distillation; distillation is {recipe.distillation}, --teacher is {teacher}"
            )
        self.teacher: nn.Module | None = None
        if teacher is not None:
            net, known, _ = load_weights(teacher)
            if known.scheme != recipe.scheme:
                raise ValueError(
                    f"{teacher} finds the landmarks of {known.scheme}, the recipe trains those of "
                    f"{recipe.scheme}; expected a teacher of the same landmarks"
                )
            if known.crop != recipe.crop:
                raise ValueError(
                    f"{teacher} was trained on other crops ({known.crop}) than the recipe's "
                    f"({recipe.crop}); expected a teacher of the same crops"
                )
            # Each network's maps are softmax(beta h) with the beta it was trained with.
            self.teacher_beta = known.beta
            # Not prepared as the student is: it takes no step, so processes have nothing to share.
            self.teacher = net.to(accelerator.device, memory_format=torch.channels_last)
        self.discriminator: nn.Module | None = None
        if recipe.adversary:
            # Rate and decay of the paper: a recipe's own are for the network.
            discriminator = adversary.Discriminator(SCHEMES[recipe.scheme].size)
            optimiser = torch.optim.Adam(discriminator.parameters(), lr=1e-3, weight_decay=1e-5)
            self.discriminator, self.optimiser = accelerator.prepare(discriminator, optimiser)

    def losses(
        self,
        heatmaps: Tensor,
        images: Tensor,
        target: Tensor,
        between: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Scalars of a step; the trained network minimises `loss`.

        The discriminator, if any, takes its own step in here, before it
        judges the generator: against the older discriminator the generator would learn faults that
        are known already.

        Args:
            heatmaps: (B + U, K, H, W), first of the B labelled faces, then of U unlabelled ones.
            images: (B + U, 3, 80, 80), normalised.
            target: (B, K, 2), crop pixels; NaN if a landmark is not visible.
            between: ((B + U) / 2, 2, 3) with a Siamese recipe: the first half of the labelled
                faces, and of the unlabelled ones, are first views and the rest are their second
                ones: pixels of the first crop -> pixels of the second.
            weight: (B, K), 0..1, of each label; None counts all fully.
        """
        labelled = len(target)
        sums = marginals(heatmaps, self.recipe.beta)  # of all faces, once for all losses
        here = (sums[0][:labelled], sums[1][:labelled])
        # Supervised: equation 3 of the paper, or another loss in its place.
        scalars = loss_on_labels(heatmaps[:labelled], here, target, self.recipe, weight)
        # Two views of a face: their maps agree.
        if between is not None:
            # Agreement of two views needs no label, so unlabelled faces count as well.
            parts = (heatmaps[:labelled].chunk(2), heatmaps[labelled:].chunk(2))
            # (P, K, H, W) each.
            first, second = (torch.cat(views) for views in zip(*parts, strict=True))
            mirror = list(SCHEMES[self.recipe.scheme].mirror)
            apart = disagreement(first, second, between, mirror, self.recipe.beta)
            scalars["disagreement"] = apart.mean()
            scalars["loss"] = scalars["loss"] + self.recipe.siamese * scalars["disagreement"]
        # A teacher's maps, labelled faces and others alike.
        if self.teacher is not None:
            with torch.no_grad(), self.accelerator.autocast():
                taught = marginals(self.teacher(images), self.teacher_beta)
            # The finer of the two maps is read as coarsely as the other.
            bins = min(heatmaps.shape[-1], taught[0].shape[-1])
            student, teacher = (
                (coarser(columns, bins), coarser(rows, bins)) for columns, rows in (sums, taught)
            )
            scalars["distillation"] = landmarks.distillation(student, teacher).mean()
            scalars["loss"] = scalars["loss"] + self.recipe.distillation * scalars["distillation"]
        # Semi-supervised: equation 7, lambda L_adv + L_KL.
        if self.discriminator is not None:
            # Maps of unlabelled faces alone are judged: those of the others have labels.
            fake = probabilities(heatmaps[labelled:], self.recipe.beta)
            scalars |= self._adversarial(fake, images, target)
            scalars["loss"] = scalars["loss"] + self.recipe.adversary * scalars["generator"]
        return scalars

    def _adversarial(self, fake: Tensor, images: Tensor, target: Tensor) -> dict[str, Tensor]:
        judge = self.discriminator
        assert judge is not None
        labelled = len(target)
        # As wide as the targets of the losses, or their width alone would give them away.
        # The paper's omega(s), (B, K, 80, 80).
        real = adversary.drawn_maps(target, self.recipe.target_scale)
        # D's step of Algorithm 1.
        with self.accelerator.autocast():
            on_real = judge(images[:labelled], real)  # (B, 1, 9, 9)
            # Detached: this step changes the discriminator alone.
            on_fake = judge(images[labelled:], fake.detach())
        # In float32: bf16 keeps two or three digits.
        loss = adversary.discriminator_loss(on_real.float(), on_fake.float())
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.optimiser.step()
        for parameter in judge.parameters():
            parameter.requires_grad_(False)  # the next pass is for the generator's gradient
        # The generator's loss, which the trainer's step minimises with the others.
        with self.accelerator.autocast():
            fooled = judge(images[labelled:], fake)  # not detached: through it G learns
        for parameter in judge.parameters():
            parameter.requires_grad_(True)
        return {
            "discriminator": loss.detach(),
            "generator": adversary.generator_loss(fooled.float()),
        }

    def state(self) -> dict[str, object]:
        """The state that a run resumes from, beside the trained network."""
        if self.discriminator is None:
            return {}
        judge = self.accelerator.unwrap_model(self.discriminator)
        return {"discriminator": judge.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state(self, state: dict[str, dict[str, object]]) -> None:
        """The inverse of `state`."""
        if self.discriminator is not None:
            judge = self.accelerator.unwrap_model(self.discriminator)
            judge.load_state_dict(state["discriminator"])
            self.optimiser.load_state_dict(state["optimiser"])
