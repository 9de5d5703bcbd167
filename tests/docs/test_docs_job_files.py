"""Job files in `examples/` are those of their how-to pages, and work with the programs that they call."""

import os
import re
import shlex
import subprocess
import time
import tomllib
from pathlib import Path

import psutil
import pytest
import yaml

from docs.pages import DOCS, REPOSITORY, assert_can_be_called
from fxai.errors import InputError
from fxai.spec.reading.find_spec import find_spec

PAGES = [DOCS / "how_to" / f"{name}.md" for name in ("slurm", "kubernetes", "several_hosts")]
SCRIPTS = sorted((REPOSITORY / "examples" / "slurm").glob("*.sh"))
KUBERNETES = REPOSITORY / "examples" / "kubernetes"
MANIFESTS = sorted(KUBERNETES.glob("*.yaml"))
_SHOWN = re.compile(r"^\[`(examples/[^`]+)`\]\(\.\./\.\./\1\):\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r'(?:^|[ $])(fxai [a-z].*?)(?: &)?$|="(fxai [a-z].*)"$', re.MULTILINE)


def shown_files(page: Path) -> dict[Path, str]:
    return {REPOSITORY / name: text for name, text in _SHOWN.findall(page.read_text())}


def job_files(folder: str) -> set[Path]:
    return {path for path in (REPOSITORY / "examples" / folder).iterdir() if path.is_file()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_its_job_files_as_they_are(page: Path) -> None:
    shown = shown_files(page)
    assert set(shown) == job_files(page.stem)
    for path, text in shown.items():
        assert text == path.read_text(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_a_job_can_be_called(page: Path) -> None:
    text = page.read_text()
    blocks = re.findall(r"^```(?:sh|console|yml|dockerfile)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = [line or quoted for block in blocks for line, quoted in _COMMAND.findall(block)]
    assert lines
    for line in lines:
        assert_can_be_called(line)
        for spec in re.findall(r"--spec (\w+)", line):
            find_spec(spec)


def call_job(script: Path, code: int, folder: Path, **job: str) -> subprocess.CompletedProcess[str]:
    """Call a script of Slurm with a run that ends with `code`; `scontrol` prints its arguments."""
    for name, body in {"srun": f"exit {code}", "scontrol": 'echo "scontrol $*"'}.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    variables = {"SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "2", **job}
    environment = {**os.environ, **variables, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(["bash", script], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize(
    ("code", "turns", "put_back"), [(130, "", 1), (143, "", 1), (130, "49", 1), (130, "50", 0), (0, "", 0), (1, "", 0)]
)
def test_only_an_interrupted_job_of_slurm_is_put_back(
    script: Path, code: int, turns: str, put_back: int, tmp_path: Path
) -> None:
    ran = call_job(script, code, tmp_path, SLURM_RESTART_COUNT=turns)
    assert (ran.returncode, ran.stderr) == (code, "")
    assert ran.stdout == "scontrol requeue 7\n" * put_back


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_only_one_task_of_an_array_of_slurm_is_put_back(script: Path, tmp_path: Path) -> None:
    ran = call_job(script, 130, tmp_path, SLURM_ARRAY_JOB_ID="7", SLURM_ARRAY_TASK_ID="3")
    assert ran.stdout == "scontrol requeue 7_3\n", "7 is the whole array"


def test_the_image_is_made_of_files_and_extras_of_the_project() -> None:
    text = (KUBERNETES / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE):
        for name in line.split():
            assert (REPOSITORY / name).exists(), name
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    (extras,) = re.findall(r"/fxai\[(.*)\]", text)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert 'ENTRYPOINT ["fxai"]' in text, "FxAI gets SIGTERM only as the first process of the container"


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
def test_a_job_of_kubernetes_calls_fxai_in_its_image(manifest: Path) -> None:
    volume, job = yaml.safe_load_all(manifest.read_text())
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    arguments = container["args"]
    assert_can_be_called(shlex.join(["fxai", *arguments]))
    find_spec(arguments[arguments.index("--spec") + 1])
    assert pod["restartPolicy"] == "Never", "otherwise its podFailurePolicy is refused"
    _, wrong_input = job["spec"]["podFailurePolicy"]["rules"]
    assert wrong_input["onExitCodes"]["values"] == [InputError.exit_code]
    (mount,) = container["volumeMounts"]
    (mounted,) = pod["volumes"]
    dockerfile = (KUBERNETES / "Dockerfile").read_text()
    assert f"WORKDIR {mount['mountPath']}\n" in dockerfile
    assert f"USER {pod['securityContext']['runAsUser']}\n" in dockerfile
    assert mounted["name"] == mount["name"]
    assert mounted["persistentVolumeClaim"]["claimName"] == volume["metadata"]["name"]


def test_the_hosts_start_show_and_stop_their_runs(tmp_path: Path) -> None:
    """With an `ssh` that runs the command in a folder of this machine, and an `fxai` that waits for SIGTERM."""
    programs = {
        "ssh": 'cd "$(dirname "$0")/$1" && exec sh -c "$2"',
        "fxai": "echo \"$*\"\ntrap 'echo saved; exit 130' TERM\nwhile true; do sleep 0.1; done",
    }
    for name, body in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    hosts = [f"host{number}.example.com" for number in (1, 2, 3)]
    for host in hosts:
        (tmp_path / host / "search").mkdir(parents=True)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def call(action: str) -> str:
        script = ["bash", str(REPOSITORY / "examples" / "several_hosts" / "hosts.sh"), action]
        return subprocess.run(script, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout

    call("start")
    runs = [psutil.Process(int((tmp_path / host / "search" / "run.pid").read_text())) for host in hosts]
    until = time.monotonic() + 120
    while call("log").count("run --join") < len(hosts):
        assert time.monotonic() < until
    call("stop")
    assert not psutil.wait_procs(runs, timeout=60)[1]
    log = call("log").splitlines()
    assert [line for line in log if line.endswith("saved")] == [f"{host}: saved" for host in hosts]
