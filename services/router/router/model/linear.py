"""A linear model over features of texts: how it is stored, read and asked. Pure but for the file."""

import hashlib
import io
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.model import SHIPPED
from router.model.features import FeatureFinder
from router.words import Word

VERSION = 1
"""Of the file's form and of the features: a model of another version is refused."""


NO_BODY = "-"
"""The answer that no outside body solves it."""

logger = logging.getLogger(__name__)


class ModelRefusedError(Exception):
    """A file that is no model, is damaged, or is of another version."""


@dataclass(frozen=True)
class Head:
    """One question that the model answers: its name, the answers, and how sharply scores become probabilities."""

    name: str
    labels: tuple[str, ...]
    sharpness: float = 1.0


@dataclass(frozen=True)
class LinearModel:
    """One table of weights for all heads: a row per feature, a column per label."""

    heads: tuple[Head, ...]
    lexicon: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    rarity: NDArray[np.float32]
    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    given: NDArray[np.float32]
    """What each answer of the first head adds to the scores: a row per label of it, a column per label of all heads."""
    sure_from: float = 1.0
    """From this probability of the first head's best answer on, no person need look."""
    hash: str = ""

    def probabilities(self, subject: Sequence[Word], text: Sequence[Word]) -> dict[str, dict[str, float]]:
        """For each head its labels with probabilities that sum to 1; heads by name. The others know the first one's answer."""
        scores = self.scores(subject, text)
        answers, start = {}, 0
        for head in self.heads:
            end = start + len(head.labels)
            shares = shares_of(scores[start:end], head.sharpness)
            if start == 0:
                scores = scores + shares @ self.given
            answers[head.name] = dict(zip(head.labels, shares.tolist(), strict=True))
            start = end
        return answers

    def labels(self, head: str) -> tuple[str, ...]:
        """The answers that a head may give; none where there is no such head."""
        return next((one.labels for one in self.heads if one.name == head), ())

    def scores(self, subject: Sequence[Word], text: Sequence[Word]) -> NDArray[np.float32]:
        """A score for each label of all heads, before the heads know of each other."""
        features = self._finder.features(subject, text)
        rows = [row for row in map(self._rows.get, features) if row is not None]
        if not rows:
            return self.bias
        length = np.sqrt(np.square(self.rarity[rows]).sum())
        scores: NDArray[np.float32] = self.weights[rows].sum(axis=0, dtype=np.int32) * (self.scale / length) + self.bias
        return scores

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def _finder(self) -> FeatureFinder:
        return FeatureFinder(self.lexicon)


def shares_of(scores: NDArray[np.float32], sharpness: float) -> NDArray[np.float32]:
    """Softmax over the last axis."""
    powers = np.exp(sharpness * (scores - scores.max(axis=-1, keepdims=True)))
    shares: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def settled(model: LinearModel, tried: LinearModel) -> LinearModel:
    """The model with the sharpness and the threshold of one that was tried on messages it had not seen."""
    sharpness = {head.name: head.sharpness for head in tried.heads}
    heads = tuple(replace(head, sharpness=sharpness[head.name]) for head in model.heads)
    return replace(model, heads=heads, sure_from=tried.sure_from)


def save(model: LinearModel, path: Path) -> None:
    """Writes a model; the same model gives the same bytes."""
    about = {
        "version": VERSION,
        "heads": [[head.name, head.labels, head.sharpness] for head in model.heads],
        "lexicon": model.lexicon,
        "sure_from": model.sure_from,
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        about=_bytes(json.dumps(about, ensure_ascii=False)),
        names=_bytes("\n".join(model.names)),
        rarity=model.rarity,
        weights=model.weights,
        scale=model.scale,
        bias=model.bias,
        given=model.given,
    )
    path.write_bytes(buffer.getvalue())


def load(path: Path) -> LinearModel:
    """Reads a model. Raises ModelRefusedError with what is wrong."""
    try:
        raw = path.read_bytes()
        with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
            return _model({name: stored[name] for name in stored.files}, hashlib.sha256(raw).hexdigest())
    except ModelRefusedError:
        raise
    except Exception as error:
        raise ModelRefusedError(f"{path.name} is no model: {error}") from error


@cache
def shipped() -> LinearModel | None:
    """The model that comes with the program; None, with a line in the log, where it is missing or cannot be used."""
    try:
        return load(SHIPPED)
    except ModelRefusedError as error:
        logger.error("model_refused", extra={"reason": str(error)})
        return None


def _model(stored: dict[str, Any], digest: str) -> LinearModel:
    about = json.loads(stored["about"].tobytes())
    if about["version"] != VERSION:
        raise ModelRefusedError(f"the model is of version {about['version']}, this program reads {VERSION}")
    names = tuple(stored["names"].tobytes().decode().split("\n"))
    heads = tuple(Head(name, tuple(labels), sharpness) for name, labels, sharpness in about["heads"])
    columns = sum(len(head.labels) for head in heads)
    if stored["weights"].shape != (len(names), columns) or len(stored["rarity"]) != len(names):
        raise ModelRefusedError("the model's tables do not fit each other")
    lexicon = tuple((owner, phrase) for owner, phrase in about["lexicon"])
    rarity, weights, scale, bias, given = (stored[name] for name in ("rarity", "weights", "scale", "bias", "given"))
    return LinearModel(heads, lexicon, names, rarity, weights, scale, bias, given, about["sure_from"], digest)


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)
