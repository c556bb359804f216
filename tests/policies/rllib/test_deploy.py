"""The files of `deploy/`: what Ray and KubeRay would say of them, and commands in them that exist."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from fairward.cli import app

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"


def read(name):
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def options_of_train():
    command = typer.main.get_command(app).commands["train"]
    return {name for parameter in command.params for name in parameter.opts}


@pytest.mark.ray
def test_ray_accepts_the_cluster_file():
    util = pytest.importorskip("ray.autoscaler._private.util")

    util.validate_config(read("ray-cluster.yaml"))


def test_every_node_of_the_cluster_file_asks_for_the_token():
    cluster = read("ray-cluster.yaml")

    for commands in (cluster["head_start_ray_commands"], cluster["worker_start_ray_commands"]):
        start = commands[-1]
        assert "RAY_AUTH_MODE=token" in start
        assert "RAY_AUTH_TOKEN_PATH=" in start
    assert "--dashboard-host=127.0.0.1" in cluster["head_start_ray_commands"][-1]


def test_the_kuberay_manifest_has_what_its_operator_needs():
    job = read("kuberay.yaml")
    spec = job["spec"]
    cluster = spec["rayClusterSpec"]
    pods = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]

    assert [job["apiVersion"], job["kind"]] == ["ray.io/v1", "RayJob"]
    assert spec["submissionMode"] in ("K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode")
    # Without it the submitter, a pod of its own that the operator makes, would have no token.
    assert cluster["authOptions"] == {"mode": "token"}
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert f"\nray=={cluster['rayVersion']}\n" in pins
    for pod in pods:
        (container,) = pod["template"]["spec"]["containers"]
        assert not {one["name"] for one in container["env"]} & {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN"}
        assert container["resources"]["requests"] == container["resources"]["limits"]
    for group in cluster["workerGroupSpecs"]:
        assert 0 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


# Fields of `rayjob_types.go` and `raycluster_types.go` of KubeRay that a manifest of ours may need.
JOB = {"entrypoint", "submissionMode", "backoffLimit", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished",
       "activeDeadlineSeconds", "rayClusterSpec", "runtimeEnvYAML", "submitterPodTemplate"}  # fmt: skip
CLUSTER = {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs", "enableInTreeAutoscaling"}
HEAD = {"serviceType", "rayStartParams", "template"}
WORKERS = {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}


def test_the_manifest_has_no_field_that_kuberay_does_not_know():
    spec = read("kuberay.yaml")["spec"]
    cluster = spec["rayClusterSpec"]

    assert set(spec) <= JOB
    assert set(cluster) <= CLUSTER
    assert set(cluster["headGroupSpec"]) <= HEAD
    assert all(set(group) <= WORKERS for group in cluster["workerGroupSpecs"])


def test_the_job_of_the_manifest_is_a_command_that_exists_and_fits_the_cluster():
    spec = read("kuberay.yaml")["spec"]
    shell, flag, script = shlex.split(spec["entrypoint"])
    words = script.split()
    workers = spec["rayClusterSpec"]["workerGroupSpecs"]
    cpus = sum(one["minReplicas"] * int(one["rayStartParams"]["num-cpus"]) for one in workers)

    assert [shell, flag] == ["sh", "-c"]
    assert {word for word in words if word.startswith("--")} - {"--resume)"} <= options_of_train()
    assert "--resume" in options_of_train()
    assert cpus >= 1
    assert int(words[words.index("--env-runners") + 1]) <= sum(
        one["replicas"] * int(one["rayStartParams"]["num-cpus"]) for one in workers
    )


def test_the_recipe_is_sound_shell_and_says_how_it_is_used():
    script = DEPLOY / "submit.sh"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0

    for arguments, said in (
        ([], "usage: deploy/submit.sh SCENARIO"),
        (["rural"], "--out: expected an absolute folder"),
        (["rural", "--out", "trained/rural"], "--out: expected an absolute folder"),
    ):
        done = subprocess.run([str(script), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith(said)
    environment = re.search(r"environment='(.*?)'", script.read_text(encoding="utf-8"), re.DOTALL)
    assert ".venv" in json.loads(environment[1])["excludes"]


def test_the_recipe_hands_all_options_to_the_job(tmp_path):
    fake = tmp_path / "ray"
    fake.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$RAY_AUTH_MODE" "$RAY_API_SERVER_ADDRESS" "$@"\n', encoding="utf-8"
    )
    fake.chmod(0o755)
    arguments = ["rural", "--set", "horizon=4 days", "--out", str(tmp_path / "out")]

    done = subprocess.run(
        [str(DEPLOY / "submit.sh"), *arguments], capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "RAY": str(fake)},
    )  # fmt: skip

    words = done.stdout.splitlines()
    assert words[:4] == ["token", "http://127.0.0.1:8265", "job", "submit"]
    assert (
        words[-len(arguments) - 6 :]
        == ["--", "python", "-m", "fairward.cli", "train", *arguments, "--ray", "auto"][1:]
    )
