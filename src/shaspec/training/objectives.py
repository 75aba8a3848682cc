"""Training objectives of the networks: losses of their outputs, and auxiliary terms.

Outputs of absent modalities have no loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.errors import InputError
from shaspec.models.base import Output
from shaspec.models.linear_fusion import LinearFusionOutput
from shaspec.models.maml import MamlOutput
from shaspec.models.shaspec import ShaSpecOutput
from shaspec.models.simmlm import SimMlmOutput
from shaspec.training.config import LossConfig
from shaspec.training.losses import (
    Reduce,
    alignment_loss,
    bce_loss,
    bce_of,
    ce_loss,
    deep_weights,
    dice_loss,
    dice_of,
    domain_loss,
    no_reduce,
    ohem_loss,
)
from shaspec.training.mofe import costs, ranking_loss
from shaspec.training.region_sums import region_sums

Terms = dict[str, Tensor]
"""Weighted parts of a loss by name; their sum is minimised, each is logged."""

Compare = Callable[[Tensor, Tensor], Terms]


@dataclass(frozen=True)
class Answer:
    """Logits that a network gives and that should equal the target."""

    logits: Tensor
    """(N, K, *size), at the size of the target or smaller."""
    weight: float = 1.0
    name: str = ""
    """Put before the names of its terms; answers of the same name are added up."""
    rows: Tensor | None = None
    """bool (N,): the samples that count; None: all."""
    reduction: Literal["nearest", "area"] = "nearest"
    """How the target gets to the size of smaller logits. ``area``: the share of each mask in a
    voxel, which shifts no edge."""


class Objective:
    """Only the segmentation loss: Dice and cross entropy of the output. For any network."""

    def __init__(self, config: LossConfig, *, exclusive: bool, reduce: Reduce = no_reduce) -> None:
        self.config, self.exclusive, self.reduce = config, exclusive, reduce
        if config.loss == "ohem" and not exclusive:
            raise InputError(
                'loss = "ohem" looks for hard voxels of a softmax, and this network answers with a '
                'sigmoid per region: take loss = "dice" or network = { exclusive = true }'
            )

    def answers(self, output: Output, present: Tensor) -> Iterator[Answer]:
        """What is compared with the target; ``present`` bool (N, M)."""
        del present
        yield Answer(output.logits)

    def auxiliary(self, output: Output, present: Tensor) -> Terms:
        """Weighted terms that need no target."""
        del output, present
        return {}

    def supervised(
        self, output: Output, target: Tensor, present: Tensor, labelled: Tensor | None = None
    ) -> Terms:
        """Weighted terms of all answers against masks ``target`` (N, K, *spatial).

        ``labelled`` bool (N,): samples whose masks are labels; None: all.
        """
        return self._compared(output, target, present, labelled, self._segmentation)

    def pseudo(self, output: Output, target: Tensor, present: Tensor) -> Tensor:
        """Cross entropy of all answers against masks that a teacher made."""
        terms = self._compared(output, target, present, None, self._cross_entropy)
        return torch.stack(list(terms.values())).sum()

    def pseudo_target(self, logits: Tensor) -> Tensor:
        """Masks (N, K, *spatial): the most likely class, or the regions above one half."""
        if not self.exclusive:
            return (logits > 0).to(logits.dtype)
        classes = F.one_hot(logits.argmax(dim=1), logits.shape[1])
        return classes.movedim(-1, 1).to(logits.dtype)

    def _compared(
        self,
        output: Output,
        target: Tensor,
        present: Tensor,
        samples: Tensor | None,
        compare: Compare,
    ) -> Terms:
        terms: Terms = {}
        smaller: dict[tuple[str, torch.Size], Tensor] = {}
        for answer in self.answers(output, present):
            logits, masks, weight = answer.logits, target, torch.tensor(answer.weight)
            if logits.shape[2:] != masks.shape[2:]:
                way = answer.reduction, logits.shape[2:]
                if way not in smaller:
                    smaller[way] = F.interpolate(masks, logits.shape[2:], mode=answer.reduction)
                masks = smaller[way]
            rows = torch.ones(len(masks), dtype=torch.bool)
            for some in (answer.rows, samples):
                rows = rows if some is None else rows & some.cpu()
            if not rows.all():
                logits, masks = logits[rows], masks[rows]
            # Dice of nothing is 1, and must not count.
            weight = weight * (self.reduce(rows.sum().to(logits.device)) > 0)
            for name, value in compare(logits, masks).items():
                key = f"{answer.name} {name}".strip()
                terms[key] = terms.get(key, 0) + weight * value
        return terms

    def _segmentation(self, logits: Tensor, target: Tensor) -> Terms:
        if self.config.loss == "ohem":
            return {"ohem": ohem_loss(logits, target, reduce=self.reduce)}
        batch, smooth = self.config.dice_over == "batch", self.config.dice_smooth
        if self.exclusive:
            dice = dice_loss(
                logits, target, exclusive=True, batch=batch, smooth=smooth, reduce=self.reduce
            )
            return {"dice": dice} | self._cross_entropy(logits, target)
        sums = region_sums(logits, target)
        dice = dice_of(sums, batch=batch, smooth=smooth, reduce=self.reduce)
        return {"dice": dice, "bce": bce_of(sums, reduce=self.reduce)}

    def _cross_entropy(self, logits: Tensor, target: Tensor) -> Terms:
        if self.exclusive:
            return {"ce": ce_loss(logits, target, reduce=self.reduce)}
        return {"bce": bce_loss(logits, target, reduce=self.reduce)}


class ShaSpecObjective(Objective):
    """Adds the alignment of shared and the classification of specific features (Eq. 9)."""

    def auxiliary(self, output: Output, present: Tensor) -> Terms:
        assert isinstance(output, ShaSpecOutput)
        c = self.config
        return {
            "alignment": c.alignment * alignment_loss(output.shared, present, reduce=self.reduce),
            "domain": c.domain * domain_loss(output.domain_logits, present, reduce=self.reduce),
        }


class MamlObjective(Objective):
    """Joint answer and every U-Net's own at every size (deep supervision): L_inter and L_intra.

    The joint loss reaches all U-Nets, which is how modalities learn from each other. The joint
    answer has the weight of a full-resolution one, as in the authors' code.
    """

    def answers(self, output: Output, present: Tensor) -> Iterator[Answer]:
        assert isinstance(output, MamlOutput)
        levels = 1 + len(next(iter(output.deep_logits.values())))
        weights = deep_weights(levels)
        yield Answer(output.joint_logits, weights[0])
        for m in range(present.shape[1]):
            # One that no sample has is compared too, in no row: all processes count alike.
            here = m if m in output.modality_logits else next(iter(output.modality_logits))
            sizes = [output.modality_logits[here], *output.deep_logits[here]]
            # With the last, whose weight is 0: what is in the output and not in the loss has no
            # gradient, for which data-parallel training would wait in vain.
            for weight, logits in zip(weights, sizes, strict=True):
                yield Answer(logits, weight, "intra", present[:, m])


class SimMlmObjective(Objective):
    """Loss of the mixture and, weighted, of every present expert; ranks two subsets of a sample.

    The authors train the experts in a first stage; here their loss is added to the mixture's.
    """

    def answers(self, output: Output, present: Tensor) -> Iterator[Answer]:
        assert isinstance(output, SimMlmOutput)
        yield Answer(output.logits)
        experts, weight = output.expert_logits, self.config.experts
        for m in range(present.shape[1]) if experts and weight else ():
            # One that no sample has is compared too, in no row: all processes count alike.
            here = m if m in experts else next(iter(experts))
            yield Answer(experts[here], weight, "expert", present[:, m], "area")

    def ranked(self, output: Output, target: Tensor, more: Tensor, fewer: Tensor) -> Terms:
        """Terms of an answer to two subsets per sample, ``more`` and ``fewer`` (N, M) in this
        order: the mean of both, the experts', and how much worse ``more`` is than ``fewer``."""
        assert isinstance(output, SimMlmOutput)
        first, second = output.per_subset(2)
        terms = self.supervised(first, target, more)
        for name, value in self.supervised(second, target, fewer).items():
            terms[name] = (terms[name] + value) / 2
        if self.config.mofe:
            a, b = (self._costs(answer.logits, target) for answer in (first, second))
            terms["mofe"] = self.config.mofe * ranking_loss(a, b, reduce=self.reduce)
        return terms

    def _costs(self, logits: Tensor, target: Tensor) -> Tensor:
        smooth = self.config.dice_smooth
        return costs(logits, target, exclusive=self.exclusive, smooth=smooth)


class LinearFusionObjective(Objective):
    """Mean over the answers of the streams and of the ensemble.

    The stream of an absent modality answers too, from its mask token and the other streams.
    """

    def answers(self, output: Output, present: Tensor) -> Iterator[Answer]:
        del present
        assert isinstance(output, LinearFusionOutput)
        answers = [*output.stream_logits, output.logits]
        for logits in answers:
            yield Answer(logits, 1 / len(answers))


class ClassifierObjective(ShaSpecObjective):
    """Cross entropy of the class in place of the segmentation; masks are one-hot (N, K)."""

    def _segmentation(self, logits: Tensor, target: Tensor) -> Terms:
        return {"ce": ce_loss(logits, target, reduce=self.reduce)}


OBJECTIVES: dict[str, type[Objective]] = {
    "shaspec": ShaSpecObjective,
    "shaspec-classifier": ClassifierObjective,
    "maml": MamlObjective,
    "simmlm": SimMlmObjective,
    "linear-fusion": LinearFusionObjective,
    "zero-fill": Objective,
}
"""By the name of the network in the registry."""
