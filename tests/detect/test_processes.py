"""Several processes learn one detector together, and it tells as well as that of one process."""

import json
import os
import subprocess
import sys

import pytest

TRAINING = """
data: {data}
detector: cnn
settings: {{steps: 60, batch: {batch}, width: 8, side: 96, crops: 2}}
draws: 1
biased: true
"""


@pytest.mark.slow
def test_two_processes_learn_what_one_does(drawings, tmp_path):
    """Two processes take half a batch each, so that both runs see as many crops in each step."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    aucs = {}
    for processes in (1, 2):
        (tmp_path / "cnn.yaml").write_text(TRAINING.format(data=drawings / "manifest.csv", batch=16 // processes))
        launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_machines", "1"]
        launch += ["--mixed_precision", "no", "--dynamo_backend", "no", "--num_cpu_threads_per_process", "1"]
        alone = [sys.executable] if processes == 1 else [*launch, "--num_processes", str(processes)]
        out = tmp_path / f"of-{processes}"
        line = [*alone, "-m", "artaudit", "detector", "train", str(tmp_path / "cnn.yaml"), "-o", str(out)]
        trained = subprocess.run(line, capture_output=True, text=True, env=environment, check=False)
        assert trained.returncode == 0, trained.stderr
        line = ["detector", "evaluate", str(out), str(drawings / "manifest.csv"), "--split", "val", "--json"]
        told = subprocess.run([sys.executable, "-m", "artaudit", *line], capture_output=True, text=True, check=True)
        aucs[processes] = json.loads(told.stdout)["curve"]["as it is"]["AUC"]["value"]
    assert aucs[1] > 0.9
    assert aucs[2] > aucs[1] - 0.1
