"""The bodies of the networks: a short residual network that published detectors share, a smaller one, a denoiser.

Residual networks after He et al. 2016, https://arxiv.org/abs/1512.03385; cut after two stages as by Tan et al., CVPR
2024 (NPR), https://arxiv.org/abs/2312.10461, whose names of weights are kept so that their checkpoints load.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

Maps = Float[Tensor, "count channels height width"]
Less = Float[Tensor, "count more rows columns"]
Pooled = Float[Tensor, "count features"]


class Bottleneck(nn.Module):
    """Three convolutions around a shortcut: 1 x 1 down, 3 x 3, 1 x 1 up to four times `width` channels."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        """Make the layers; the shortcut is a convolution where shapes differ."""
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or channels != 4 * width:
            shortcut = nn.Conv2d(channels, 4 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * width))

    def forward(self, maps: Maps) -> Less:
        """Return the maps after the block."""
        found = self.relu(self.bn1(self.conv1(maps)))
        found = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(found)))))
        return self.relu(found + (maps if self.downsample is None else self.downsample(maps)))


class ResidualNetwork(nn.Module):
    """A residual network with as many stages as `blocks` has numbers; (3, 4) has 1.4 M weights, (3, 4, 6, 3) 23.5 M.

    `features` are means over the last maps, 512 for two stages; calling it gives one log odds a picture.
    """

    def __init__(self, channels: int, blocks: Sequence[int] = (3, 4), outputs: int = 1) -> None:
        """Make the layers."""
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        self.stages = [f"layer{number + 1}" for number in range(len(blocks))]
        wide = 64
        for number, (stage, count) in enumerate(zip(self.stages, blocks, strict=True)):
            width, layers = 64 * 2**number, []
            for block in range(count):
                layers.append(Bottleneck(wide, width, 2 if block == 0 and number else 1))
                wide = 4 * width
            setattr(self, stage, nn.Sequential(*layers))
        self.fc1 = nn.Linear(wide, outputs)

    def features(self, maps: Maps) -> Pooled:
        """Return what the head sees."""
        maps = self.maxpool(self.relu(self.bn1(self.conv1(maps))))
        for stage in self.stages:
            maps = getattr(self, stage)(maps)
        return maps.mean(dim=(2, 3))

    def forward(self, maps: Maps) -> Pooled:
        """Return the log odds, a column."""
        return self.fc1(self.features(maps))


class NoiseNetwork(nn.Module):
    """A plain network that loses no resolution before it has looked at neighbouring pixels; 1.2 M weights.

    Two convolutions at full resolution, then per stage a mean over 2 x 2 and two convolutions, each stage with twice
    the channels; `features` are the means and the spreads of the last maps.
    """

    def __init__(self, channels: int, width: int = 32, stages: int = 4) -> None:
        """Make the layers."""
        super().__init__()
        layers: list[nn.Module] = [*_pair(channels, width)]
        for number in range(1, stages):
            layers += [nn.AvgPool2d(2), *_pair(width * 2 ** (number - 1), width * 2**number)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * width * 2 ** (stages - 1), 1)

    def features(self, maps: Maps) -> Pooled:
        """Return what the head sees."""
        found = self.body(maps)
        return torch.cat([found.mean(dim=(2, 3)), found.std(dim=(2, 3))], dim=1)

    def forward(self, maps: Maps) -> Pooled:
        """Return the log odds, a column."""
        return self.head(self.features(maps))


def denoiser(channels: int, width: int = 24, depth: int = 5) -> nn.Sequential:
    """Return a network that tells the noise of pixels, after Zhang et al. 2017, https://arxiv.org/abs/1608.03981."""
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
    for _ in range(depth - 2):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(width, channels, 3, padding=1))


def _pair(channels: int, width: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before in (channels, width):
        layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return layers
