"""What a run has sent and been billed so far, and what the next call may be expected to take."""

from dataclasses import dataclass

from featdisc_assets.llm.answer_store import Attempt
from featdisc_assets.llm.pricing import Price

# Failures that a provider may have billed although no bill was received.
_MAYBE_BILLED = ("timeout", "connection")


@dataclass(slots=True)
class Usage:
    """Sums over the attempts of one run.

    Attributes:
        requests: HTTP requests sent.
        tokens_in: Tokens sent, as reported; `tokens_out` those received, `cost_usd` dollars for both.
        n_unpriced: Answers of unknown tokens or price.
        guessed_usd: Estimated dollars for calls that may have been billed, but whose bill was not received.
        first_answer_tokens: Tokens of an answer before any was received; by default those of fifteen short phrases.
    """

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    n_unpriced: int = 0
    guessed_usd: float = 0.0
    first_answer_tokens: int = 150
    _answers: int = 0

    def answer_tokens(self) -> int:
        """Mean tokens of an answer so far."""
        return round(self.tokens_out / self._answers) if self._answers else self.first_answer_tokens

    def bill(self, attempt: Attempt, prompt_tokens: int, price: Price | None) -> float:
        """Count an attempt.

        Args:
            attempt: Its ledger row.
            prompt_tokens: Estimated tokens sent.
            price: The model's price, None if unknown.

        Returns:
            Its cost in dollars: as billed, or estimated where it may have been billed but no bill was received.
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
        guess = price.of(prompt_tokens, self.answer_tokens())
        self.guessed_usd += guess
        return guess
