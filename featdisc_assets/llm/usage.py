"""What a run has sent and been billed so far, and what a call may therefore be expected to take."""

from dataclasses import dataclass

from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.pricing import Price
from featdisc_assets.llm.tokens import count_tokens, expected_tokens

# Tokens of an answer before any was seen: fifteen short phrases.
_FIRST_ANSWER_TOKENS = 150
# Failures that a provider may have billed although we never saw the bill.
_MAYBE_BILLED = ("timeout", "connection")


@dataclass(slots=True)
class Usage:
    """Sums over the attempts of one run.

    Attributes:
        requests: HTTP requests sent.
        tokens_in: Tokens sent, as the providers report them.
        tokens_out: Tokens received.
        cost_usd: Dollars for them.
        n_unpriced: Answers whose tokens or price are not known.
        guessed_usd: Dollars that calls without a bill may have cost, by what such calls cost otherwise.
    """

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    n_unpriced: int = 0
    guessed_usd: float = 0.0
    _answers: int = 0

    def answer_tokens(self) -> int:
        """Tokens of an answer so far, on average."""
        return round(self.tokens_out / self._answers) if self._answers else _FIRST_ANSWER_TOKENS

    def expected_tokens(self, prompt: str) -> int:
        """Tokens that asking this will take, prompt and answer."""
        return expected_tokens(count_tokens(prompt), self.answer_tokens())

    def bill(self, attempt: Attempt, prompt: str, price: Price | None) -> float:
        """Count an attempt.

        Args:
            attempt: What came of it.
            prompt: What was asked.
            price: The model's, None if it is not known.

        Returns:
            The dollars it cost: as billed, or as guessed where it may have been billed unseen.
        """
        self.requests += 1
        if attempt.tokens_in is not None:
            self._answers += 1
            self.tokens_in += attempt.tokens_in
            self.tokens_out += attempt.tokens_out or 0
        if attempt.cost_usd is not None:
            self.cost_usd += attempt.cost_usd
            return attempt.cost_usd
        received = attempt.raw is not None
        self.n_unpriced += received
        if price is None or not (received or attempt.status in _MAYBE_BILLED):
            return 0.0
        guess = price.of(count_tokens(prompt), self.answer_tokens())
        self.guessed_usd += guess
        return guess
