"""Trains the copy of the upper layers in `side_by_side` on groups of phrases that mean the same.

The loss is InfoNCE (van den Oord et al. 2018) over the cosines of the joined vectors: two phrases of a group attract,
and repel all other phrases of the batch, among them a near miss of each group and phrases of related groups.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from featdisc_assets.encoders import side_by_side
from featdisc_assets.training.groups import Group

# Layers below run as they are, once for both copies.
FIRST_LAYER = 3
RANK = 64
EPOCHS = 4
# An epoch takes this many pairs of each group.
PAIRS = 3
GROUPS_A_BATCH = 64
LEARNING_RATE = 1e-3
WARM_UP_STEPS = 20
TEMPERATURE = 0.05
# Length of the trained vector where the plain one has 1. Training takes both alike; more weight on the plain vector
# afterwards keeps topics and set wording together (docs/encoder.md).
TRAINED_WEIGHT = 0.8


def train(
    plain: SentenceTransformer, groups: Sequence[Group], *, seed: int, progress: Callable[[int, int], None]
) -> dict[str, Tensor]:
    """Train an adapter; two runs with one seed on one machine give equal adapters.

    Args:
        plain: The bundled model, in float32.
        groups: What to train on.
        seed: Seed of the first weights, of dropout and of the order of groups.
        progress: Called after each step with the number of steps done and in all.

    Returns:
        Tensors of `side_by_side.beside`, in float16.
    """
    torch.manual_seed(seed)
    # The states of all texts lie in memory, which a GPU may not have, and batches are small.
    plain = plain.cpu()
    order = random.Random(seed)
    states = LowerStates(plain, sorted({text for group in groups for text in (*group.same, *group.other)}))
    layers = nn.ModuleList(side_by_side.upper_layers(plain, FIRST_LAYER)).train()
    changes = _with_low_rank(layers)
    optimizer = torch.optim.AdamW([p for change in changes.values() for p in change.parameters()], lr=LEARNING_RATE)
    batches = [batch for _ in range(EPOCHS) for batch in _batches(groups, order)]
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / WARM_UP_STEPS) * (1 - step / len(batches))
    )
    for step, batch in enumerate(batches, start=1):
        texts, owner, is_same = _draw(batch, order)
        plain_vectors, trained = states.plain(texts), states.through(layers, texts)
        cosines = (plain_vectors @ plain_vectors.T + trained @ trained.T) / 2
        loss = info_nce(cosines, owner, is_same, temperature=TEMPERATURE)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], 1.0)
        optimizer.step()
        schedule.step()
        progress(step, len(batches))
    found = {f"{name}{side_by_side.DOWN}": change.down.detach() for name, change in changes.items()}
    found |= {f"{name}{side_by_side.UP}": change.up.detach() for name, change in changes.items()}
    found[side_by_side.PROJECTION] = states.projection(layers.eval())
    return {name: tensor.half().contiguous() for name, tensor in found.items()}


def write(adapter: dict[str, Tensor], file: Path) -> None:
    """Write an adapter in safetensors format; an existing file is replaced whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside_it = file.with_name(f".{file.name}")
    save_file(adapter, beside_it)
    # safetensors makes it readable by its owner alone.
    beside_it.chmod(0o644)
    beside_it.replace(file)


def info_nce(cosines: Tensor, owner: Tensor, is_same: Tensor, *, temperature: float) -> Tensor:
    """The mean over ordered pairs of one group of -log softmax of their cosine among the other groups' phrases.

    Args:
        cosines: float[n, n].
        owner: int[n], the group that a phrase belongs to.
        is_same: bool[n], False for a near miss of its group.
        temperature: Divides the cosines.
    """
    itself = torch.eye(len(owner), dtype=torch.bool)
    pairs = (owner[:, None] == owner[None]) & is_same[:, None] & is_same[None] & ~itself
    logits = (cosines / temperature).masked_fill(itself, -math.inf)
    others = torch.logsumexp(logits.masked_fill(pairs, -math.inf), dim=1)
    anchor, partner = torch.nonzero(pairs, as_tuple=True)
    wanted = logits[anchor, partner]
    return (torch.logaddexp(others[anchor], wanted) - wanted).mean()


class LowerStates:
    """Hidden states before the trained layers, and plain vectors, of all texts, computed once.

    Args:
        plain: The bundled model.
        texts: Distinct texts.
    """

    def __init__(self, plain: SentenceTransformer, texts: list[str], *, texts_a_batch: int = 256) -> None:
        self.row = {text: at for at, text in enumerate(texts)}
        self.states: list[Tensor] = [torch.empty(0)] * len(texts)
        bert = side_by_side.bert_of(plain).eval()
        self.vectors = torch.empty(len(texts), bert.config.hidden_size)
        order = sorted(range(len(texts)), key=lambda at: (len(texts[at]), texts[at]))
        # Tensors made in inference mode cannot take part in training.
        with torch.no_grad():
            for start in range(0, len(order), texts_a_batch):
                rows = order[start : start + texts_a_batch]
                tokens = plain.tokenizer([texts[row] for row in rows], padding=True, return_tensors="pt")
                found = bert(**tokens, output_hidden_states=True)
                mask = tokens["attention_mask"]
                self.vectors[rows] = functional.normalize(
                    side_by_side.mean_pooled(found.last_hidden_state, mask), dim=1
                )
                # Half precision: 30,000 texts take a quarter of a gigabyte.
                lower = found.hidden_states[FIRST_LAYER].half()
                for row, state, length in zip(rows, lower, mask.sum(dim=1).tolist(), strict=True):
                    self.states[row] = state[:length].clone()

    def plain(self, texts: list[str]) -> Tensor:
        """float[n, d]: unit vectors of the bundled model."""
        return self.vectors[[self.row[text] for text in texts]]

    def through(self, layers: nn.ModuleList, texts: list[str]) -> Tensor:
        """float[n, d]: unit vectors after these upper layers."""
        states = [self.states[self.row[text]] for text in texts]
        mask = nn.utils.rnn.pad_sequence([torch.ones(len(state), dtype=torch.int64) for state in states], True)
        padded = nn.utils.rnn.pad_sequence(states, batch_first=True).float()
        return functional.normalize(side_by_side.mean_pooled(side_by_side.run(layers, padded, mask), mask), dim=1)

    def projection(self, layers: nn.ModuleList, *, texts_a_batch: int = 256) -> Tensor:
        """float[2 d, d]: weights both vectors and projects them to the directions of largest second moments.

        The mean is not removed, so that cosines change least.
        """
        width = self.vectors.shape[1]
        weights = torch.cat([torch.ones(width), torch.full((width,), TRAINED_WEIGHT)]).double()
        texts = sorted(self.row, key=lambda text: len(self.states[self.row[text]]))
        moments = torch.zeros(2 * width, 2 * width, dtype=torch.float64)
        with torch.inference_mode():
            for start in range(0, len(texts), texts_a_batch):
                part = texts[start : start + texts_a_batch]
                joined = torch.cat([self.plain(part), self.through(layers, part)], dim=1) * weights
                moments += joined.T @ joined
        _, directions = torch.linalg.eigh(moments)
        found: Tensor = weights[:, None] * directions[:, -width:].flip(1)
        return found.float()


class _LowRank(nn.Module):
    """Adds a product of two matrices to a weight; the product is zero at first."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        outputs, inputs = weight.shape
        self.down = nn.Parameter(torch.randn(RANK, inputs) / math.sqrt(inputs))
        self.up = nn.Parameter(torch.zeros(outputs, RANK))

    def forward(self, weight: Tensor) -> Tensor:
        changed: Tensor = weight + self.up @ self.down
        return changed


def _with_low_rank(layers: nn.ModuleList) -> dict[str, _LowRank]:
    """Freeze the layers and give each of their matrices a change to train; by name of the weight."""
    changes: dict[str, _LowRank] = {}
    for parameter in layers.parameters():
        parameter.requires_grad_(False)
    for name, module in list(layers.named_modules()):
        if isinstance(module, nn.Linear):
            changes[f"{_of_model(name)}.weight"] = change = _LowRank(module.weight)
            parametrize.register_parametrization(module, "weight", change)
    return changes


def _of_model(name: str) -> str:
    """A module's name with the index of its layer in the whole model."""
    layer, _, rest = name.partition(".")
    return f"{int(layer) + FIRST_LAYER}.{rest}"


def _batches(groups: Sequence[Group], order: random.Random) -> Iterator[list[Group]]:
    """One epoch: each group `PAIRS` times, families in random order and whole."""
    families: dict[str, list[Group]] = {}
    for group in groups:
        families.setdefault(group.family, []).append(group)
    rows: list[Group] = []
    for _ in range(PAIRS):
        names = list(families)
        order.shuffle(names)
        rows += [group for name in names for group in order.sample(families[name], len(families[name]))]
    for start in range(0, len(rows) - 1, GROUPS_A_BATCH):
        yield rows[start : start + GROUPS_A_BATCH]


def _draw(batch: list[Group], order: random.Random) -> tuple[list[str], Tensor, Tensor]:
    """Two phrases and a near miss of each group: texts, the group of each, and whether it means the behaviour."""
    texts: list[str] = []
    owner: list[int] = []
    is_same: list[bool] = []
    for at, group in enumerate(batch):
        drawn = order.sample(group.same, 2)
        misses = [order.choice(group.other)] if group.other else []
        texts += drawn + misses
        owner += [at] * (2 + len(misses))
        is_same += [True] * 2 + [False] * len(misses)
    return texts, torch.tensor(owner), torch.tensor(is_same)
