"""Install torch into this environment without fetching gigabytes of CUDA that no GPU here would use.

On Linux the registry's ordinary torch wheel is a CUDA build of several GB with what it needs. Where there is no GPU,
this script first asks pip what it *would* take, and takes it only if it is a CPU build; else it says what to do.
Only the standard library is needed.
"""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TORCH = "torch==2.13.0"

ADVICE = f"""\
This machine shows no NVIDIA GPU, and pip would fetch a CUDA build of {TORCH}: several GB that would lie idle.
Choose one of:
  make {{target}} TORCH_WHEELS=URL   where URL is the wheel index that pytorch.org's install selector shows for
                               Linux, Pip, CPU (or a folder that holds a CPU wheel)
  make {{target}} TORCH_CUDA=yes     to take the CUDA build all the same
or install a CPU build of torch into {sys.prefix} yourself and run make again."""


def main() -> int:
    """Install torch if it is not there; returns the exit status."""
    if _installed():
        return 0
    wheels = os.environ.get("TORCH_WHEELS", "")
    if wheels:
        folder = Path(wheels).is_dir()
        return _pip("install", "--no-deps", TORCH, "--no-index" if folder else "-q", "-f" if folder else "-i", wheels)
    if os.environ.get("TORCH_CUDA") or shutil.which("nvidia-smi") or not _cuda_is_the_default():
        return _pip("install", TORCH)
    if _would_take_a_cpu_build():
        return _pip("install", "--no-deps", TORCH)
    print(ADVICE.format(target=os.environ.get("MAKE_TARGET", "demo")), file=sys.stderr)
    return 1


def _installed() -> bool:
    try:
        return importlib.metadata.version("torch").partition("+")[0] == TORCH.partition("==")[2]
    except importlib.metadata.PackageNotFoundError:
        return False


def _cuda_is_the_default() -> bool:
    return platform.system() == "Linux" and platform.machine() in ("x86_64", "AMD64")


def _would_take_a_cpu_build() -> bool:
    """Whether the wheel that pip resolves to names itself a CPU build in its version."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        if _pip("install", "--dry-run", "--no-deps", "-q", "--report", str(report), TORCH) != 0:
            return False
        install = json.loads(report.read_text(encoding="utf-8"))["install"]
    return all("+cpu" in item["metadata"]["version"] for item in install)


def _pip(*arguments: str) -> int:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own arguments


if __name__ == "__main__":
    sys.exit(main())
