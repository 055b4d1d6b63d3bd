"""What tests of naming share: answers of a naming model, the prompts that it saw, and copies of a finished home."""

import json
import shutil
from pathlib import Path

from featdisc_assets.home.places import Home
from featdisc_assets.llm.prompts import open_fence
from tests.loopback.server import Loopback
from tests.planted_features import MATTERS

# Labels and descriptions with personal data, and words of it.
PERSONAL_NAMES = [
    ("Helps Maria Gonzalez plan", "The user writes to jane.doe@example.org about it."),
    ("Letters to John Smith", "Somebody calls +44 20 7946 0958 at night."),
    ("Petra asks for soup", "Dr. Weiss is asked by Priya."),
    ("Ahmed and his garden", "Reached at ahmed at mail dot com."),
]
PERSONAL_WORDS = (
    "Maria", "Gonzalez", "jane", "example.org", "John", "Smith", "7946", "Petra", "Weiss", "Priya", "Ahmed",
)  # fmt: skip


def name_as_json(label: str, description: str = "Phrases of one kind.") -> str:
    """The answer of a naming model."""
    return json.dumps({"label": label, "description": description})


def matter_of(prompt: str, block: str = "features") -> str:
    """The planted matter that a block of the prompt mentions most, the first of several."""
    return max(MATTERS, key=open_fence(prompt)[block].count)


def prompts_of(server: Loopback) -> list[str]:
    """The prompts that a server saw."""
    return [body["messages"][0]["content"] for body in server.bodies]


def copy_of(home: Home, folder: Path) -> Home:
    """A copy of a home for one test to change."""
    shutil.copytree(home.path, folder / "home")
    return Home(folder / "home")
