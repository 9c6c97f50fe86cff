"""A Vision Transformer (Dosovitskiy et al. 2021): a picture cut into patches, each read like a token."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from attnviz.config import ModelConfig
from attnviz.model.fields import FieldTransformer, with_cls


def patches_of(pixels: Float[Tensor, "B K Y X"], size: int) -> Float[Tensor, "B P D"]:
    """Squares of `size` × `size` pixels, row by row; D = channels · size²."""
    batch, channels, height, width = pixels.size()
    rows, columns = height // size, width // size
    cut = pixels.reshape(batch, channels, rows, size, columns, size)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, rows * columns, channels * size * size)


class PatchEmbedding(nn.Module):
    """A linear projection of each patch, CLS in front, learned positions."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.patch_size = config.patch_size
        self.tokens = nn.Linear(config.picture_channels * config.patch_size**2, config.d_model)
        self.learned = nn.Embedding(config.n_patches + 1, config.d_model)
        nn.init.normal_(self.learned.weight, std=0.5)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, pixels: Float[Tensor, "B K Y X"]) -> Float[Tensor, "B S C"]:
        embedded: Tensor = self.dropout(with_cls(self.tokens(patches_of(pixels, self.patch_size)), self.learned.weight))
        return embedded


class VisionTransformer(FieldTransformer):
    """Logits at every position; CLS is position 0, patch (row, column) is 1 + row · columns + column."""

    def embedding_of(self, config: ModelConfig) -> nn.Module:
        return PatchEmbedding(config)

    def check_field(self, src: Tensor) -> None:
        side, channels = self.config.picture_size, self.config.picture_channels
        if src.dim() != 4 or tuple(src.size()[1:]) != (channels, side, side):
            raise ValueError(f"src has shape {tuple(src.size())}; it must be (batch, {channels}, {side}, {side})")
