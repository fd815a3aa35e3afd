"""Trains a detector on a manifest of your own and measures it on pictures that it did not learn from.

python examples/train_detector.py manifest.csv my-detector

`audit data index` writes a manifest; examples/*.yaml hold all settings of each detector.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from artaudit.datasets import audit, read_manifest, split
from artaudit.detect import evaluate, train

SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, train and measure."""
    parser = argparse.ArgumentParser(description="Train and measure a detector on a manifest of your own.")
    parser.add_argument("manifest", type=Path, help="CSV or Parquet file")
    parser.add_argument("output", type=Path, help="new folder for the detector")
    parser.add_argument("--detector", default="residual", help="a name of catalog.DETECTORS")
    parser.add_argument("--settings", type=json.loads, default={}, help='its settings as JSON, like {"crops": 4}')
    parser.add_argument("--draws", type=int, default=4, help="random handlings of each picture")
    asked = parser.parse_args(arguments)

    divided = asked.manifest.with_name(f"{asked.output.name}-split.csv")
    split(asked.manifest, divided, SHARES)
    found = audit(divided)
    print(found.bias)
    for step in found.next:
        print(f"first: {step}")
    if not found.ok:
        raise SystemExit(1)

    config = divided.with_name(f"{asked.output.name}.yaml")
    told = {"data": divided.name, "detector": asked.detector, "settings": asked.settings, "draws": asked.draws}
    config.write_text(json.dumps(told), "utf-8")  # JSON is YAML
    made = train(config, asked.output)
    print(f"learned from {made['pictures']} pictures, threshold {made['threshold']:.2f}")

    measured = evaluate(asked.output, divided, split="test", edits=("as it is",))
    auc = measured["curve"]["as it is"]["AUC"]
    count = sum(row.split == "test" for row in read_manifest(divided))
    print(f"AUC {auc['value']:.3f}, 95 % {auc['low']:.3f} to {auc['high']:.3f}, on {count} pictures")


if __name__ == "__main__":
    main()
