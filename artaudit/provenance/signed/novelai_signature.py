"""NovelAI's signature: Ed25519 (https://www.rfc-editor.org/rfc/rfc8032) over the colour samples and the comment.

Source: https://github.com/NovelAI/novelai-image-metadata .
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from jaxtyping import UInt

from artaudit.provenance.fields.claims import Fields
from artaudit.provenance.fields.limits import parse_object

NOVELAI_KEY = "Y2JcQAOhLwzwSDUJPNgL04nS0Tbqm7cSRc4xk0vRMic="
"""The public key that NovelAI publishes, base64."""

_NAME = "signed_hash"
_COLOURS = 3


def check_novelai(
    places: Iterable[Fields], stored: UInt[np.ndarray, "rows columns channels"], key: str = NOVELAI_KEY
) -> dict[str, bool]:
    """Return, for each place in a file with a signature, whether it fits the samples and the text around it.

    `stored` are the samples as the file holds them, `key` the public key, base64.
    """
    return {fields.place: _fits(comment, stored, key) for fields in places for comment in _signed(fields)}


def _signed(fields: Fields) -> Iterator[dict[str, Any]]:
    """Yield the comments that carry a signature: the text "Comment", EXIF's UserComment, or a comment inside either."""
    for name in ("Comment", "UserComment"):
        comment = fields.objects.get(name, {})
        inner = comment.get("Comment")
        if isinstance(inner, str):
            try:
                comment = parse_object(inner)
            except ValueError:
                continue
        if isinstance(comment.get(_NAME), str):
            yield comment


def _fits(comment: dict[str, Any], stored: UInt[np.ndarray, "rows columns channels"], key: str) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only for signed files
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - likewise

    if stored.dtype != np.uint8 or stored.shape[2] < _COLOURS:
        return False
    rest = {name: value for name, value in comment.items() if name != _NAME}
    message = np.ascontiguousarray(stored[..., :_COLOURS]).tobytes() + json.dumps(rest).encode()
    try:
        signature = base64.b64decode(comment[_NAME])
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(signature, message)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
