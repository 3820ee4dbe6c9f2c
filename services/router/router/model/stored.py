"""The file of a model: everything that was learnt, with the thresholds found for it. Pure but for the file."""

import hashlib
import io
import json
import logging
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.model import SHIPPED
from router.model.linear import Head, LinearModel
from router.places.wording import PlaceWords

VERSION = 2
"""Of the file's form and of the features: a model of another version is refused."""

logger = logging.getLogger(__name__)


class ModelRefusedError(Exception):
    """A file that is no model, is damaged, or is of another version."""


@dataclass(frozen=True)
class Thresholds:
    """From these probabilities on an answer counts; found on messages that the model had not seen."""

    sure: float = 1.0
    """Of the category: from here on no person need look."""
    urgent: float = 1.0
    emergency: float = 1.0


@dataclass(frozen=True)
class Model:
    """What the router has learnt from messages."""

    answers: LinearModel
    places: PlaceWords
    thresholds: Thresholds = Thresholds()
    hash: str = ""
    """SHA-256 of the file; empty for one that was not read from a file."""


def save(model: Model, path: Path) -> None:
    """Writes a model; the same model gives the same bytes."""
    answers, places = model.answers, model.places
    about = {
        "version": VERSION,
        "heads": [[head.name, head.labels, head.sharpness] for head in answers.heads],
        "lexicon": answers.lexicon,
        "thresholds": vars(model.thresholds),
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        about=_bytes(json.dumps(about, ensure_ascii=False)),
        names=_bytes("\n".join(answers.names)),
        rarity=answers.rarity,
        weights=answers.weights,
        scale=answers.scale,
        bias=answers.bias,
        given=answers.given,
        place_names=_bytes("\n".join(places.names)),
        place_weights=places.weights,
        place_scale=places.scale,
        place_bias=places.bias,
    )
    path.write_bytes(buffer.getvalue())


def load(path: Path) -> Model:
    """Reads a model. Raises ModelRefusedError with what is wrong."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelRefusedError(f"{path.name} is no model: {error}") from error
    return read(raw)


def read(raw: bytes) -> Model:
    """A model of its file's content. Raises ModelRefusedError with what is wrong."""
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
            model = _model({name: stored[name] for name in stored.files})
    except ModelRefusedError:
        raise
    except Exception as error:
        raise ModelRefusedError(f"this is no model: {error}") from error
    return replace(model, hash=hashlib.sha256(raw).hexdigest())


@cache
def shipped() -> Model | None:
    """The model that comes with the program; None, with a line in the log, where it is missing or cannot be used."""
    try:
        return load(SHIPPED)
    except ModelRefusedError as error:
        logger.error("model_refused", extra={"reason": str(error)})
        return None


def _model(stored: dict[str, Any]) -> Model:
    about = json.loads(stored["about"].tobytes())
    if about["version"] != VERSION:
        raise ModelRefusedError(f"the model is of version {about['version']}, this program reads {VERSION}")
    answers = LinearModel(
        heads=tuple(Head(name, tuple(labels), sharpness) for name, labels, sharpness in about["heads"]),
        lexicon=tuple((owner, phrase) for owner, phrase in about["lexicon"]),
        names=_lines(stored["names"]),
        **{name: stored[name] for name in ("rarity", "weights", "scale", "bias", "given")},
    )
    places = PlaceWords(
        names=_lines(stored["place_names"]),
        **{name: stored[f"place_{name}"] for name in ("weights", "scale", "bias")},
    )
    columns = sum(len(head.labels) for head in answers.heads)
    fits = (
        answers.weights.shape == (len(answers.names), columns)
        and len(answers.rarity) == len(answers.names)
        and answers.given.shape == (len(answers.heads[0].labels), columns)
        and places.weights.shape == (len(places.names), len(places.bias))
    )
    if not fits:
        raise ModelRefusedError("the model's tables do not fit each other")
    return Model(answers, places, Thresholds(**about["thresholds"]))


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _lines(stored: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(stored.tobytes().decode().split("\n"))
