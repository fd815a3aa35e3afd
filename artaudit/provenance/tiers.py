"""How reliable statements in a file are: four tiers, kept apart in every finding."""

from __future__ import annotations

SIGNED = "signed"
"""A signature that can be checked here."""

CLAIMED = "claimed"
"""A text that anyone can write into a file or remove."""

WATERMARK = "watermark"
"""A known code found in the pixels by statistics; the code is public, so anyone can write it."""

NOT_CHECKABLE = (
    "Some marks can be read only by those who made them: SynthID (Google, OpenAI), Meta's and Amazon's watermarks, "
    "Digimarc, Tree-Ring and Gaussian Shading. None was looked for, and nothing here speaks for or against them."
)
"""The fourth tier is only a note: these marks cannot be read here."""
