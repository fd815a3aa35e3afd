"""The vision transformer of CLIP, its modules called as in transformers' CLIPVisionModelWithProjection.

Dosovitskiy et al., "An Image is Worth 16x16 Words", https://arxiv.org/abs/2010.11929;
Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
https://arxiv.org/abs/2103.00020
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a tower; those of ViT-B/16 by default."""

    width: int = 768
    layers: int = 12
    heads: int = 12
    hidden: int = 3072
    patch: int = 16
    side: int = 224
    embedding: int = 512

    @property
    def tokens(self) -> int:
        """Patches of a picture and the class token before them."""
        return (self.side // self.patch) ** 2 + 1


class VisionTransformer(nn.Module):
    """Normalised pixels to the tokens after every block and an embedding of the picture."""

    def __init__(self, shape: Shape) -> None:
        """Make an untrained tower."""
        super().__init__()
        self.vision_model = _Body(shape)
        self.visual_projection = nn.Linear(shape.width, shape.embedding, bias=False)

    def forward(
        self, pixels: Float[Tensor, "batch 3 side side"]
    ) -> tuple[tuple[Float[Tensor, "batch tokens width"], ...], Float[Tensor, "batch embedding"]]:
        """Return the hidden states after each block and the projected class token, which is not normalised."""
        states = self.vision_model(pixels)
        return states, self.visual_projection(self.vision_model.post_layernorm(states[-1][:, 0]))


class _Body(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embeddings = _Embeddings(shape)
        self.pre_layrnorm, self.post_layernorm = nn.LayerNorm(shape.width), nn.LayerNorm(shape.width)
        self.encoder = _Encoder(shape)

    def forward(self, pixels: Float[Tensor, "batch 3 side side"]) -> tuple[Float[Tensor, "batch tokens width"], ...]:
        tokens: Tensor = self.pre_layrnorm(self.embeddings(pixels))
        states = []
        for layer in self.encoder.layers:
            tokens = layer(tokens)
            states.append(tokens)
        return tuple(states)


class _Embeddings(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.randn(shape.width))
        self.patch_embedding = nn.Conv2d(3, shape.width, shape.patch, stride=shape.patch, bias=False)
        self.position_embedding = nn.Embedding(shape.tokens, shape.width)

    def forward(self, pixels: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch tokens width"]:
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(pixels), 1, -1)
        return torch.cat((first, patches), 1) + self.position_embedding.weight


class _Encoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))


class _Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(shape.width), nn.LayerNorm(shape.width)
        self.self_attn, self.mlp = _Attention(shape), _Mlp(shape)

    def forward(self, tokens: Float[Tensor, "batch tokens width"]) -> Float[Tensor, "batch tokens width"]:
        tokens = tokens + self.self_attn(self.layer_norm1(tokens))
        return tokens + self.mlp(self.layer_norm2(tokens))


class _Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.q_proj, self.k_proj = nn.Linear(shape.width, shape.width), nn.Linear(shape.width, shape.width)
        self.v_proj, self.out_proj = nn.Linear(shape.width, shape.width), nn.Linear(shape.width, shape.width)

    def forward(self, tokens: Float[Tensor, "batch tokens width"]) -> Float[Tensor, "batch tokens width"]:
        projected = (projection(tokens) for projection in (self.q_proj, self.k_proj, self.v_proj))
        heads = (values.unflatten(2, (self.heads, -1)).transpose(1, 2) for values in projected)
        return self.out_proj(F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2))


class _Mlp(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(shape.width, shape.hidden), nn.Linear(shape.hidden, shape.width)

    def forward(self, tokens: Float[Tensor, "batch tokens width"]) -> Float[Tensor, "batch tokens width"]:
        inner = self.fc1(tokens)
        return self.fc2(inner * torch.sigmoid(1.702 * inner))
