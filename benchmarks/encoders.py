"""Compare encoders on data that no encoder was trained on, by Leiden on their vectors as they are.

    python -m benchmarks.encoders [--data ../shared/data] [--encoders all-MiniLM-L6-v2,featdisc/minilm-behaviours]

Columns:

- p30, p12, p6: F1 of the best cluster for 30, 12 and 6 transcripts with a planted behaviour among 600, at the best of
  6, 12 and 25 features a cluster; means over eight behaviours and over 1, 2 and 4 disjoint draws.
- theme, stance: mean F1 of the best cluster of each theme, and of each theme and stance, of the labelled statements, at
  the best of 50, 100 and 180 statements a cluster; minority: share of statements whose cluster holds more of the other
  stance, at 50 a cluster.
- words: mean F1 of themes that are told by their words (benchmarks.planted), at 30 phrases a cluster.
- find, question: mean share of the planted transcripts among the first 50 features for a plain question, and share of
  the first ten features that come from planted transcripts.
- ari: adjusted Rand index between seeds, on the features of real answers, at 25 a cluster.
"""

from itertools import combinations, product
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from benchmarks import planted as made
from benchmarks.agreement import best_f1
from benchmarks.measuring import parser
from benchmarks.outside import corpora
from benchmarks.outside.corpora import Planted
from benchmarks.outside.scores import PlainLeiden, planted_f1, statement_scores
from featdisc_assets import encoders
from featdisc_assets.clusterers.space import Vectors
from featdisc_assets.training.held_out import Encode

DRAWS = {30: 1, 12: 2, 6: 4}


def main() -> None:
    """Print one line per encoder."""
    options = parser(__doc__, data="../shared/data", encoders=encoders.BUNDLED).parse_args()
    for name in options.encoders.split(","):
        model = encoders.load(name, backend="auto", precision="auto")
        scores = score(model.encode, Path(options.data))
        print(f"{name:<28} " + " ".join(f"{key} {value:.3f}" for key, value in scores.items()), flush=True)


def score(encode: Encode, folder: Path) -> dict[str, float]:
    """All columns for one encoder."""
    return planted_scores(encode, folder) | statements_scores(encode, folder) | words_score(encode)


def planted_scores(encode: Encode, folder: Path) -> dict[str, float]:
    """p30, p12, p6, find, question and ari."""
    vectors, method = _Remembered(encode), PlainLeiden()
    answers, sets = corpora.answers(folder), corpora.planted_sets(folder)
    scores: dict[str, float] = {}
    for count, draws in DRAWS.items():
        found = []
        for planted, draw in product(sets.values(), range(draws)):
            corpus = corpora.with_planted(answers, planted, count, draw=draw)
            levels = method.levels(vectors.of(corpus.texts), (6, 12, 25))
            found.append(max(planted_f1(corpus, labels) for labels in levels))
        scores[f"p{count}"] = float(np.mean(found))
    asked = [
        _search(vectors, corpora.with_planted(answers, planted, 30, draw=0), corpora.QUESTIONS[name])
        for name, planted in sets.items()
        if name in corpora.QUESTIONS
    ]
    scores["find"], scores["question"] = (float(np.mean(column)) for column in zip(*asked, strict=True))
    points = vectors.of(corpora.with_planted(answers, [], 0, draw=0).texts)
    fits = [PlainLeiden(seed).levels(points, [25])[0] for seed in range(3)]
    scores["ari"] = float(np.mean([adjusted_rand_score(a, b) for a, b in combinations(fits, 2)]))
    return scores


def statements_scores(encode: Encode, folder: Path) -> dict[str, float]:
    """Theme, stance and minority."""
    corpus = corpora.statements(folder)
    points = encode(corpus.texts)
    levels = [statement_scores(corpus, labels) for labels in PlainLeiden().levels(points, (50, 100, 180))]
    best = {name: max(level[name] for level in levels) for name in ("theme", "stance")}
    return best | {"minority": levels[0]["minority"]}


def words_score(encode: Encode) -> dict[str, float]:
    """Words."""
    phrases = made.phrases(6_000, seed=0)
    [labels] = PlainLeiden().levels(encode(phrases.texts), [30])
    return {"words": float(best_f1(phrases.theme, labels).mean())}


class _Remembered:
    """Vectors by text, so that corpora that share most texts are encoded once."""

    def __init__(self, encode: Encode) -> None:
        self.encode = encode
        self.rows: dict[str, Vectors] = {}

    def of(self, texts: list[str]) -> Vectors:
        new = [text for text in texts if text not in self.rows]
        if new:
            self.rows.update(zip(new, self.encode(new), strict=True))
        return np.stack([self.rows[text] for text in texts])


def _search(vectors: _Remembered, corpus: Planted, question: str) -> tuple[float, float]:
    """Share of planted transcripts among the first 50 features, and share of the first ten that are planted's."""
    order = np.argsort(-(vectors.of(corpus.texts) @ vectors.of([question])[0]), kind="stable")
    of_feature = dict(zip(corpus.feature.tolist(), corpus.transcript.tolist(), strict=True))
    first = [of_feature[feature] for feature in order[:50].tolist()]
    found = {at for at in first if corpus.is_planted[at]}
    return len(found) / int(corpus.is_planted.sum()), float(np.mean([corpus.is_planted[at] for at in first[:10]]))


if __name__ == "__main__":
    main()
