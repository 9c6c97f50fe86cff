"""Encoders whose input is no text: it becomes positions, of which the first, CLS, speaks for the whole."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attnviz.config import ModelConfig
from attnviz.masks import MaskPlan
from attnviz.model.probe import SILENT, Probe
from attnviz.model.transformer import Transformer
from attnviz.model.watched import Ability


class FieldTransformer(Transformer):
    """An encoder-only Transformer over what `embed` makes of its input."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.src_embedding = self.embedding_of(config)  # type: ignore[assignment]  # of pixels or nodes, not of tokens

    def embedding_of(self, config: ModelConfig) -> nn.Module:
        """The module that turns the input into (B, S, C), CLS first."""
        raise NotImplementedError

    @property
    def can(self) -> frozenset[Ability]:
        """There is no text to write and none to walk through; what was learned elsewhere is of no use here."""
        return frozenset({"maps", "paint", "apply", "ablate", "loss"})

    def default_masks(self, src: Tensor | None, decoder_input: Tensor | None) -> MaskPlan:
        """Every position sees every other."""
        return MaskPlan()

    def forward(
        self,
        src: Float[Tensor, "B ..."] | None = None,
        decoder_input: Tensor | None = None,
        *,
        masks: MaskPlan | None = None,
        probe: Probe = SILENT,
    ) -> Float[Tensor, "B S V"]:
        """Logits at every position; see `Transformer.forward`."""
        self.check_inputs(src, decoder_input)
        assert src is not None, "checked just now"
        return self.logits_of(self.encode(src, masks=masks, probe=probe))

    def encode(
        self, src: Float[Tensor, "B ..."], *, masks: MaskPlan | None = None, probe: Probe = SILENT
    ) -> Float[Tensor, "B S C"]:
        """The hidden states of all positions."""
        masks = masks or self.default_masks(src, None)
        x: Tensor = self.src_embedding(src)
        batch, length = x.size(0), x.size(1)
        for layer, block in enumerate(self.encoder):
            mask = self._mask(masks, f"encoder.{layer}.self_attn", batch, range(length), length, x.device)
            x = block(x, mask, probe=probe)
        memory: Tensor = self.encoder_norm(x)
        return memory

    def check_inputs(self, src: Tensor | None, decoder_input: Tensor | None) -> None:
        """Raise ValueError where the input is missing, or where there is more than it."""
        if src is None or decoder_input is not None:
            raise ValueError(f"a model that is {self.config.architecture} takes src and nothing else")
        self.check_field(src)

    def check_field(self, src: Tensor) -> None:
        """Raise ValueError for an input of another shape."""
        raise NotImplementedError


def with_cls(x: Float[Tensor, "B P C"], table: Float[Tensor, "S C"]) -> Float[Tensor, "B S C"]:
    """CLS and its own vector in front, every position's vector added."""
    cls = torch.zeros_like(x[:, :1])
    return torch.cat((cls, x), dim=1) + table
