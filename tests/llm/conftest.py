from collections.abc import Iterator
from pathlib import Path

import pytest

from featdisc_assets.llm.answer_store import AnswerStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnswerStore]:
    with AnswerStore(tmp_path / "answers.sqlite") as store:
        yield store
