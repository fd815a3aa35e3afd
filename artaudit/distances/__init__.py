"""How far one picture lies from another: by its samples, by its structure, and as people see it."""

from artaudit.distances.flip import Flip, flip
from artaudit.distances.pixels import delta_e, linf, psnr, ssim
from artaudit.distances.ssimulacra2 import Ssimulacra2, ssimulacra2, whole_and_worst

__all__ = [
    "Flip",
    "Ssimulacra2",
    "delta_e",
    "flip",
    "linf",
    "psnr",
    "ssim",
    "ssimulacra2",
    "whole_and_worst",
]
