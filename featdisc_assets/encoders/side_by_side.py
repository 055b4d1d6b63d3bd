"""A module of sentence-transformers that runs adapted upper layers beside the plain ones."""

import copy
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from torch.nn.functional import normalize

# Entries of an adapter: `LAYER.WEIGHT.down` [rank, inputs], `LAYER.WEIGHT.up` [outputs, rank], and the projection.
DOWN, UP, PROJECTION = ".down", ".up", "projection"


class SideBySide(nn.Module):
    """Pools the last layer of a model, and adapted copies of its upper layers, into one vector.

    Args:
        layers: Copies of the upper layers.
        first: Index of the first of them; the hidden states before it are their input.
        projection: float[2 d, d], from both unit vectors, joined, to one.
    """

    def __init__(self, layers: list[nn.Module], first: int, projection: Tensor) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.first = first
        self.projection = nn.Parameter(projection, requires_grad=False)

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """Add `sentence_embedding` to the features of a transformer that returns the states of all its layers."""
        mask = features["attention_mask"]
        adapted = run(self.layers, features["all_layer_embeddings"][self.first], mask)
        both = [normalize(mean_pooled(states, mask), dim=1) for states in (features["token_embeddings"], adapted)]
        features["sentence_embedding"] = normalize(torch.cat(both, dim=1) @ self.projection, dim=1)
        return features


def upper_layers(plain: SentenceTransformer, first: int) -> list[nn.Module]:
    """Copies of the layers from `first` on."""
    return [copy.deepcopy(layer) for layer in bert_of(plain).encoder.layer[first:]]


def run(layers: nn.ModuleList | list[nn.Module], states: Tensor, mask: Tensor) -> Tensor:
    """Hidden states after some layers.

    Args:
        layers: Consecutive layers of a BERT model.
        states: float[texts, tokens, d] before the first of them.
        mask: int[texts, tokens], 1 for a token and 0 for padding.
    """
    allowed = mask[:, None, None, :].to(states.dtype)
    additive = ((1 - allowed) * torch.finfo(states.dtype).min).expand(-1, -1, mask.shape[1], -1)
    for layer in layers:
        found = layer(states, attention_mask=additive)
        # Earlier versions of transformers return a tuple.
        states = found[0] if isinstance(found, tuple) else found
    return states


def mean_pooled(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of the states of each text's tokens."""
    weight = mask[:, :, None].to(states.dtype)
    pooled: Tensor = (states * weight).sum(dim=1) / weight.sum(dim=1)
    return pooled


def beside(plain: SentenceTransformer, adapter: dict[str, Tensor]) -> SentenceTransformer:
    """A model with the adapted copy of its upper layers beside it.

    Raises:
        ValueError: If the adapter has weights that the model lacks, or of other shapes.
    """
    bert = bert_of(plain)
    names = sorted(name.removesuffix(DOWN) for name in adapter if name.endswith(DOWN))
    if not names or PROJECTION not in adapter:
        raise ValueError("it has no weights")
    first = min(int(name.split(".")[0]) for name in names)
    layers = nn.ModuleDict({str(at + first): layer for at, layer in enumerate(upper_layers(plain, first))})
    weights: dict[str, Tensor] = dict(layers.named_parameters())
    with torch.no_grad():
        for name in names:
            change = adapter[name + UP].float() @ adapter[name + DOWN].float()
            if name not in weights or weights[name].shape != change.shape:
                raise ValueError(f"the model has no weight {name} of shape {tuple(change.shape)}")
            weights[name] += change.to(weights[name].device)
    bert.config.output_hidden_states = True
    module = SideBySide(list(layers.values()), first, adapter[PROJECTION].float())
    return SentenceTransformer(modules=[plain[0], module], device=str(plain.device))


def bert_of(plain: SentenceTransformer) -> Any:  # noqa: ANN401 - attributes of torch modules have no types
    """The BERT model inside."""
    return plain[0].auto_model
