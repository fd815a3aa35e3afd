"""Prompts encoded for denoisers, with the text encoders of transformers.

Radford et al., CLIP, https://arxiv.org/abs/2103.00020; Raffel et al., T5, https://arxiv.org/abs/1910.10683
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor

from artaudit.generators.configs import read_config
from artaudit.generators.folders import as_model_errors, network


class Clip:
    """A CLIP text encoder with its tokenizer; with `projected` its pooled output is projected."""

    def __init__(self, encoder: Path, tokenizer: Path, *, projected: bool) -> None:
        """Open both folders; raises ModelError."""
        from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer  # noqa: PLC0415 - heavy

        self._network: Any = network(CLIPTextModelWithProjection if projected else CLIPTextModel, encoder, half=True)
        self._tokenizer = _tokenizer(CLIPTokenizer, tokenizer)
        self._length = int(self._network.config.max_position_embeddings)

    def last(self, prompt: str) -> Float[Tensor, "1 length width"]:
        """Return the last hidden states, normed."""
        return self._network(self._ids(prompt)).last_hidden_state

    def last_but_one(self, prompt: str) -> Float[Tensor, "1 length width"]:
        """Return the hidden states that enter the last layer."""
        return self._network(self._ids(prompt), output_hidden_states=True).hidden_states[-2]

    def pooled(self, prompt: str) -> Float[Tensor, "1 width"]:
        """Return one vector for the whole prompt, projected where the class projects it."""
        answer = self._network(self._ids(prompt))
        pooled: Tensor = answer.text_embeds if hasattr(answer, "text_embeds") else answer.pooler_output
        return pooled

    def _ids(self, prompt: str) -> Int[Tensor, "1 length"]:
        return _ids(self._tokenizer, prompt, self._length).to(self._network.device)


class T5:
    """The encoder of a T5 with its tokenizer."""

    def __init__(self, encoder: Path, tokenizer: Path, *, length: int) -> None:
        """Open both folders; `length` is how many tokens every prompt is cut or padded to; raises ModelError."""
        from transformers import T5EncoderModel, T5Tokenizer  # noqa: PLC0415 - heavy

        self._network: Any = network(T5EncoderModel, encoder, half=True)
        self._tokenizer, self._length = _tokenizer(T5Tokenizer, tokenizer), length

    def last(self, prompt: str) -> Float[Tensor, "1 length width"]:
        """Return the last hidden states."""
        ids = _ids(self._tokenizer, prompt, self._length).to(self._network.device)
        return self._network(ids).last_hidden_state


def _tokenizer(kind: Any, folder: Path) -> Any:  # noqa: ANN401 - a class of transformers
    read_config(folder / "tokenizer_config.json")
    with as_model_errors(folder, kind.__name__):
        return kind.from_pretrained(str(folder), local_files_only=True)


def _ids(tokenizer: Any, prompt: str, length: int) -> Int[Tensor, "1 length"]:  # noqa: ANN401 - of transformers
    encoded = tokenizer(prompt, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    ids: Tensor = encoded.input_ids
    return ids
