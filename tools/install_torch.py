"""Install torch into this environment, without gigabytes of CUDA libraries on a machine without a GPU.

On Linux the registry's default torch wheel is a CUDA build of several GB with its dependencies. Without a GPU this
script checks with `pip --dry-run` which wheel pip would install, and installs it only if it is a CPU build; otherwise
it prints the options. It needs only the standard library.
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
This machine has no NVIDIA GPU, and pip would install a CUDA build of {TORCH}: several GB without use.
Choose one of:
  make {{target}} TORCH_WHEELS=URL   where URL is the wheel index that pytorch.org's install selector shows for
                               Linux, Pip, CPU (or a folder with a CPU wheel)
  make {{target}} TORCH_CUDA=yes     to install the CUDA build anyway
or install a CPU build of torch into {sys.prefix} yourself and run make again."""


def main() -> int:
    """Install torch if it is not installed; returns the exit status."""
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
    """Whether the version of the wheel that pip would install says that it is a CPU build."""
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
