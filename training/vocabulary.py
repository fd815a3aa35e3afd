"""Learns the vocabulary of local features that matching looks works up with.

Usage: python -m training.vocabulary --data ../shared/data [--out artaudit/matching/vocabulary.safetensors]

The centres are k-means on the features of the Louvre paintings of the training split and of pictures drawn by code.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from safetensors.numpy import save_file
from sklearn.cluster import MiniBatchKMeans

from artaudit.datasets.drawings import draw
from artaudit.matching.keypoints import extract
from artaudit.matching.retrieval import POOLED
from artaudit.matching.vocabulary import CENTRES
from training.pictures import open_picture, rows

DRAWINGS = 40


def features(data: Path) -> UInt8[np.ndarray, "count 128"]:
    """Return what the pool would keep of every training picture."""
    paintings = [data / row["path"] for row in rows(data, "train") if row["source"] == "louvre"]
    pictures = [np.asarray(open_picture(path)) for path in paintings]
    pictures += [np.asarray(draw(np.random.default_rng(seed))) for seed in range(DRAWINGS)]
    return np.concatenate([extract(picture).spread(POOLED).descriptors for picture in pictures])


def learn(descriptors: UInt8[np.ndarray, "count 128"]) -> dict[str, np.ndarray]:
    """Return the centres of both halves and the median of every number."""
    halves = descriptors.reshape(-1, 2, 64).astype(np.float32)
    centres = [
        MiniBatchKMeans(CENTRES, batch_size=4096, n_init=3, random_state=half).fit(halves[:, half]).cluster_centers_
        for half in range(2)
    ]
    whole = np.rint(np.stack(centres)).astype(np.uint8)
    return {"centres": whole, "middles": np.median(descriptors, axis=0).astype(np.uint8)}


def main() -> None:
    """Learn and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("artaudit/matching/vocabulary.safetensors"))
    chosen = parser.parse_args()
    found = features(chosen.data)
    save_file(learn(found), chosen.out)
    print(f"{len(found)} features, {chosen.out}")


if __name__ == "__main__":
    main()
