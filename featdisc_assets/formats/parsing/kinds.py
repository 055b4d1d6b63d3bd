"""Whether a source gave what it has a place for."""

from collections import Counter

from featdisc_assets.transcript import KINDS, Transcript


class KindCounts:
    """Counts, over one source, the transcripts with a text of each kind, and those with a place for it left empty."""

    def __init__(self) -> None:
        self.n_transcripts = 0
        self._filled: set[str] = set()
        self._empty: Counter[str] = Counter()

    def add(self, transcript: Transcript) -> None:
        """Take one transcript into the count."""
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
        """What is wrong with the source as a whole, or None; a source without any place for a kind plainly has none."""
        for kind in KINDS:
            # A stray empty field among rows that have no such thing is no place.
            if kind not in self._filled and 2 * self._empty[kind] >= self.n_transcripts > 0:
                return (
                    f"not one of {self.n_transcripts:,} transcripts of {source} has a {kind} text, though"
                    f" {self._empty[kind]:,} have a place for one: map the right column with --map {kind}=COLUMN,"
                    " or load it all the same with --allow-empty"
                )
        return None
