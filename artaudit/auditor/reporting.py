"""Gathers a case from the registry and writes its evidence package."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from artaudit.auditor.evidence import CaseFile, OverlayFile, WorkFile, write_package
from artaudit.auditor.matching import Confirmation, encode_jpeg, overlay
from artaudit.auditor.registry import Case, Registry, Work
from artaudit.errors import ArtauditError, UsageError
from artaudit.image import decode, read, write_atomically
