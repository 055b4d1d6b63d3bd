"""Rows of a warehouse of five transcripts, and the same rows with hostile text in every text column."""

import datetime as dt
from typing import Any

import pyarrow as pa

from featdisc_assets.warehouse import Warehouse

Rows = dict[str, list[dict[str, Any]]]

HOSTILE = "<script>alert(1)</script></style><b onclick=x> \"'>{{7*7}}{% raw %}\u202e\u2066\u200b\ufeff " + "w" * 10_000


def fill(warehouse: Warehouse, rows: Rows) -> None:
    """Replace the tables by the rows; missing columns are null."""
    schemas = {table: warehouse.schema(table) for table in rows}
    warehouse.replace(
        {
            table: pa.Table.from_pylist(some, schema=pa.schema([schemas[table].field(name) for name in some[0]]))
            for table, some in rows.items()
        }
    )


def small_rows() -> Rows:
    """Five transcripts of two models: user turns and responses, no thoughts. The last user turn is not rated."""
    asks = {"t1": ["Asks for a poem"], "t2": ["Asks for a poem"], "t3": ["Wants rhymes"], "t4": []}
    texts = {"Asks for a poem": "f1", "Wants rhymes": "f2", "Writes in rhyme": "f3"}
    return {
        "transcripts": [_transcript(i) for i in range(1, 6)],
        "pieces": [_piece(f"t{i}", kind) for i in range(1, 6) for kind in ("user", "response")],
        "rated_texts": [_rated(f"t{i}", kind) for i in range(1, 6) for kind in ("user", "response")],
        "vocabulary": [
            _vocabulary_entry("f1", "user", "Asks for a poem", 2),
            _vocabulary_entry("f2", "user", "Wants rhymes", 1),
            _vocabulary_entry("f3", "response", "Writes in rhyme", 4),
        ],
        "features": [
            {"piece_id": f"{transcript}-user", "feature_id": texts[text], "position": 0}
            for transcript, found in asks.items()
            for text in found
        ]
        + [{"piece_id": f"t{i}-response", "feature_id": "f3", "position": 0} for i in range(1, 5)]
        + [{"piece_id": "t4-user", "feature_id": "unclustered", "position": 0}],
        "clusters": [_cluster("user-1", 3), _cluster("response-1", 4)],
        "cluster_members": [
            {"feature_id": "f1", "kind": "user", "cluster_id": "user-1", "similarity": 0.9},
            {"feature_id": "f2", "kind": "user", "cluster_id": "user-1", "similarity": 0.8},
            {"feature_id": "f3", "kind": "response", "cluster_id": "response-1", "similarity": 0.9},
        ],
        "cluster_names": [_name("user-1", "Asks for verse"), _name("response-1", "Answers in verse")],
        "cluster_parents": [
            {"cluster_id": "user-1", "kind": "user", "theme_id": "user-theme-1", "area_id": "user-area-1"},
            {"cluster_id": "response-1", "kind": "response", "theme_id": "response-theme-1", "area_id": None},
        ],
        "parents": [
            _parent("user-theme-1", "user-area-1", 3),
            _parent("user-area-1", None, 3),
            _parent("response-theme-1", None, 4),
        ],
        "parent_names": [
            _parent_name("user-theme-1", "Wishes for verse"),
            _parent_name("user-area-1", "Wishes"),
            _parent_name("response-theme-1", "Verse"),
        ],
        "cluster_interest": [
            {"cluster_id": "user-1", "interest": 61.8, "spread": 2.0, "n_scores": 3}
            | {"audience": "researchers", "model": "some/model", "prompt_version": "p"}
        ],
        "cooccurrence": [
            _pair("user", "response", "response-1", 12.0, 0.2, 1.6),
            _pair("user", "response", "r-2", 9.0, 0.8, 1.2),
        ],
        "group_contrasts": [
            _contrast("orchid", "user-1", 2, 2, 0.01),
            _contrast("tern", "user-1", 2, 1, 0.8),
            _contrast("orchid", "response-1", 2, 2, 0.9),
            _contrast("tern", "response-1", 3, 2, 0.9),
        ],
        "probes": [_probe()],
        "ratings": [_attempt(1, 1.0), _attempt(2, 0.25), _attempt(3, None)],
        "quarantine": [{"source": "wild.jsonl", "location": "row 7", "reason": "no messages", "excerpt": "{}"}],
        "feature_hygiene": [
            _hygiene_finding("names something absent", "lacks", 1, 0.25),
            _hygiene_finding("features in a piece", "2", 3, 0.75),
            _hygiene_finding("features in a piece", "3", 1, 0.25),
        ],
        "cluster_audit": [
            _twin("response-1", "user-1"),
            _twin("user-1", "response-1"),
        ],
        "cluster_profile": [_profile()],
        "swallowed_themes": [
            {"kind": "user", "phrase": "limerick", "n_features": 7, "n_transcripts": 3, "n_groups": 3, "n_clusters": 4}
            | {"best_cluster_id": "user-1", "best_share": 0.4, "best_f1": 0.1, "minority_share": 1.0}
            | {"visibility": 0.1, "cohesion": 1.1, "host_cohesion": 0.5, "cluster_ids": ["user-1", "user-2"]}
            | {"examples": ["Wants a limerick", "Asks for limericks"]}
        ],
        "label_fidelity": [
            {"cluster_id": "user-1", "kind": "user", "method": "vectors", "n_members": 4, "n_others": 6}
            | {"basis": "held out from the namer", "auc": 0.55, "auc_low": 0.25, "auc_high": 0.82}
            | {"auc_exchanged": 0.5, "is_poor": True, "status": "ok"}
        ],
        "verification": [_verdict("true", "f1"), _verdict("false", "f2")],
        "codebook": [
            {"kind": "user", "text_hash": f"t{i}-user", "cluster_id": "user-1", "is_shown": True, "status": "ok"}
            | {"model": "some/model", "prompt_version": "p", "request_key": "k"}
            for i in range(1, 5)
        ],
        "evidence": [
            {"kind": "user", "text_hash": "t1-user", "position": 0, "claimed": "Text", "status": "exact"}
            | {"start": 1, "length": 4, "quote": "Text"}
        ],
        "interest_agreement": [
            {"n_clusters": 3, "n_batches": 2, "n_scores": 6, "rank_correlation": 0.71, "rank_correlation_adjusted": 0.9}
            | {"batch_sd": 6.2, "noise_sd": 2.0, "batch_f": 9.0, "batch_p": 0.01}
            | {"audience": "researchers", "model": "some/model", "prompt_version": "p"}
        ],
    }


# Columns with text from untrusted sources, or from a model that read them.
_UNTRUSTED_COLUMNS = {
    "model", "rated_by", "claimed", "quote",
    "group_value", "source", "location", "reason", "excerpt", "error", "text", "label", "description",
    "detail", "phrase", "examples", "shared_terms",
}  # fmt: skip


def hostile_rows() -> Rows:
    """The small warehouse with hostile text before every untrusted text."""
    return {
        table: [{name: _with_hostile_text(name, value) for name, value in row.items()} for row in rows]
        for table, rows in small_rows().items()
    }


def _with_hostile_text(name: str, value: object) -> object:
    if name in _UNTRUSTED_COLUMNS and isinstance(value, list):
        return [f"{HOSTILE} {text}" for text in value]
    return f"{HOSTILE} {value}" if name in _UNTRUSTED_COLUMNS and isinstance(value, str) else value


def _transcript(i: int) -> dict[str, Any]:
    day = dt.datetime(2026, 3, i) if i < 5 else None
    model = "orchid" if i < 3 else "tern"
    return {"transcript_id": f"t{i}", "source": "chats.jsonl", "model": model, "created_at": day} | {
        "content_hash": f"h{i}",
        "n_turns": 1,
    }


def _piece(transcript: str, kind: str) -> dict[str, Any]:
    name = f"{transcript}-{kind}"
    return {"piece_id": name, "transcript_id": transcript, "kind": kind, "turn_index": 0, "text": f"Text of {name}"} | {
        "text_hash": name,
        "n_chars": 12,
        "is_truncated": False,
    }


def _rated(transcript: str, kind: str) -> dict[str, Any]:
    failed = (transcript, kind) == ("t5", "user")
    return {"kind": kind, "text_hash": f"{transcript}-{kind}", "request_key": "k", "model": "some/model"} | {
        "prompt_version": "p",
        "status": "truncated" if failed else "ok",
        "error": "the answer stops in the middle" if failed else None,
        "n_features": 0 if failed else 2,
    }


def _vocabulary_entry(feature_id: str, kind: str, text: str, n: int) -> dict[str, Any]:
    return {"feature_id": feature_id, "kind": kind, "text": text, "n_pieces": n, "n_transcripts": n}


def _cluster(cluster_id: str, n: int) -> dict[str, Any]:
    kind = cluster_id.partition("-")[0]
    return {"cluster_id": cluster_id, "kind": kind, "n_features": 2, "n_pieces": n, "n_transcripts": n} | {
        "coherence": 0.5,
        "centroid": [1.0],
    }


def _name(cluster_id: str, label: str) -> dict[str, Any]:
    return {"cluster_id": cluster_id, "label": label, "description": f"{label}, in short."} | {
        "sampled_feature_ids": ["f1"],
        "neighbour_ids": ["f3"],
        "status": "ok",
        "model": "some/model",
        "prompt_version": "p",
        "request_key": "k",
    }


def _parent(parent_id: str, area_id: str | None, n: int) -> dict[str, Any]:
    kind, level, _ = parent_id.split("-")
    counts = {"n_clusters": 1, "n_features": 2, "n_pieces": n, "n_transcripts": n}
    return {"parent_id": parent_id, "level": level, "kind": kind, "area_id": area_id, "centroid": [1.0]} | counts


def _parent_name(parent_id: str, label: str) -> dict[str, Any]:
    return {"parent_id": parent_id, "label": label, "description": f"{label}, all of it.", "status": "ok"} | {
        **{name: [] for name in ("child_ids", "contrast_ids", "sibling_ids", "reasons")},
        **dict.fromkeys(("model", "prompt_version", "request_key"), "k"),
    }


def _pair(left: str, right: str, right_id: str, odds_ratio: float, similarity: float, lift: float) -> dict[str, Any]:
    return {"left_kind": left, "left_cluster_id": "user-1", "right_kind": right, "right_cluster_id": right_id} | {
        "n_transcripts": 4, "n_left": 3, "n_right": 3, "n_both": 3, "lift": lift, "odds_ratio": odds_ratio,
        "odds_ratio_low": 2.5, "odds_ratio_high": 60.0, "p_value": 0.001, "q_value": 0.01, "similarity": similarity,
    }  # fmt: skip


def _contrast(model: str, cluster_id: str, n_in: int, k_in: int, q_value: float) -> dict[str, Any]:
    kind = cluster_id.partition("-")[0]
    return {"grouped_by": "model", "group_value": model, "kind": kind, "cluster_id": cluster_id} | {
        "n_in": n_in, "k_in": k_in, "n_out": 2, "k_out": 1, "difference": k_in / n_in - 0.5, "odds_ratio": 4.0,
        "odds_ratio_low": 2.0, "odds_ratio_high": 8.0, "p_value": q_value / 2, "q_value": q_value,
    }  # fmt: skip


def _probe() -> dict[str, Any]:
    weights = [{"cluster_id": "user-1", "weight": 1.5}, {"cluster_id": "user-2", "weight": -0.5}]
    return {"target_cluster_id": "response-1", "target_kind": "response", "top_weights": weights} | {
        "n_transcripts": 4, "n_positive": 3, "n_tested": 4, "base_rate": 0.75, "f1": 0.91, "precision": 0.9,
        "recall": 0.92, "baseline_prior_f1": 0.5, "baseline_length_f1": 0.4, "baseline_shuffled_f1": 0.3,
        "inputs": "user", "margin": 0.41, "margin_low": 0.2, "margin_high": 0.6, "q_value": 0.001,
    }  # fmt: skip


def _twin(cluster_id: str, other: str) -> dict[str, Any]:
    return {"cluster_id": cluster_id, "kind": "user", "nearest_cluster_id": other, "nearest_similarity": 0.96} | {
        "is_near_duplicate": True, "coherence": 0.5, "n_features": 2, "shared_terms": ["verse", "rhyme"],
    }  # fmt: skip


def _profile() -> dict[str, Any]:
    return {"kind": "user", "n_clusters": 9, "n_features": 40, "n_unassigned": 3, "n_singletons": 1} | {
        "size_smallest": 1, "size_p10": 2.0, "size_median": 4.0, "size_p90": 7.0, "size_largest": 12, "n_small": 5,
        "n_transcripts": 4, "n_transcripts_in_small": 1, "n_near_duplicates": 2, "n_phrases": 8, "n_swallowed": 1,
        "n_features_swallowed": 7, "median_coherence": 0.5, "median_lexical_ratio": 3.2, "median_stability": 0.7,
        "n_unstable": 2,
    }  # fmt: skip


def _attempt(i: int, cost: float | None) -> dict[str, Any]:
    return {"attempt_id": i, "request_key": f"k{i}", "attempt": 1, "purpose": "rate", "subject_id": "s"} | {
        "model": "some/model", "prompt_version": "p", "status": "ok", "tokens_in": 10, "tokens_out": 5,
        "cost_usd": cost, "created_at": dt.datetime(2026, 3, 9),
    }  # fmt: skip


def _verdict(verdict: str, feature_id: str) -> dict[str, Any]:
    return {"piece_id": "t1-user", "feature_id": feature_id, "kind": "user", "rated_by": "some/model"} | {
        "rated_with": "p", "verdict": verdict, "status": "ok", "model": "some/model", "prompt_version": "v",
        "request_key": "k",
    }  # fmt: skip


def _hygiene_finding(finding: str, detail: str, n: int, share: float) -> dict[str, Any]:
    return {
        "kind": "user",
        "finding": finding,
        "detail": detail,
        "n_features": n,
        "n_pieces": n,
        "share_of_pieces": share,
    }
