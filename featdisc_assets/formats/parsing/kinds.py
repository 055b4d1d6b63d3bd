"""Detect kinds that a source has fields for and no text of."""

from collections import Counter

from featdisc_assets.transcript import KINDS, Transcript


class KindCounts:
    """Counts, over one source, the kinds with text and the transcripts with an empty field for a kind."""

    def __init__(self) -> None:
        self.n_transcripts = 0
        self._filled: set[str] = set()
        self._empty: Counter[str] = Counter()

    def add(self, transcript: Transcript) -> None:
        """Count one transcript."""
        self.n_transcripts += 1
        if len(self._filled) < len(KINDS):
            for turn in transcript.turns:
                if turn.user:
                    self._filled.add("user")
                if turn.thought or turn.thought_form:
                    self._filled.add("thought")
                if turn.response or turn.is_truncated:
                    self._filled.add("response")
        if transcript.empty_kinds:
            self._empty.update(transcript.empty_kinds)

    def problem(self, source: str) -> str | None:
        """The error message for a kind that most transcripts have a field for and none has text of, or None."""
        for kind in KINDS:
            # A few empty fields are no sign of a wrong column.
            if kind not in self._filled and 2 * self._empty[kind] >= self.n_transcripts > 0:
                return (
                    f"not one of {self.n_transcripts:,} transcripts of {source} has a {kind} text, though"
                    f" {self._empty[kind]:,} have a place for one: map the right column with --map {kind}=COLUMN,"
                    " or load it all the same with --allow-empty"
                )
        return None
