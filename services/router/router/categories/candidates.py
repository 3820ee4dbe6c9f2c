"""Which categories a message may belong to: what the model has learnt, and the town's own words where it has learnt nothing. Pure."""

from collections.abc import Mapping

from packs import Pack
from router.categories.likeness import Candidate, Likeness
from router.matter import Matter, Sentence
from router.model.linear import CATEGORY, LinearModel
from router.places.finder import PlaceFinder

Answers = Mapping[str, Mapping[str, float]]
"""For each question the answers with their probabilities; empty without a model."""


class CandidateFinder:
    """Prepared once for a pack and a model. Without a model the pack's words decide alone."""

    def __init__(self, pack: Pack, model: LinearModel | None, places: PlaceFinder) -> None:
        self._model, self._places = model, places
        self._words = Likeness.from_pack(pack)
        known = model.labels(CATEGORY) if model is not None else ()
        slugs = [category.slug for category in pack.categories]
        self._unlearnt = [slug for slug in slugs if slug not in known]
        self._learnt = frozenset(slugs).intersection(known)

    def answers(self, matter: Matter) -> Answers:
        """What the model says of a message."""
        return self._model.probabilities(matter.subject, matter.text) if self._model is not None else {}

    def of_sentence(self, sentence: Sentence) -> Mapping[str, float]:
        """For each category that the model has learnt how probable it is for one sentence alone."""
        if self._model is None:
            return {}
        return self._model.category_of(sentence.words)

    def candidates(self, matter: Matter, answers: Answers) -> list[Candidate]:
        """The likeliest first; their probabilities sum to 1. Empty where nothing speaks for any."""
        if not answers:
            return self._by_words(matter)
        own = {one.category: one.probability for one in self._by_words(matter)} if self._unlearnt else {}
        shares = {slug: own.get(slug, 0.0) for slug in self._unlearnt}
        left = 1.0 - sum(shares.values())
        learnt = {slug: share for slug, share in answers[CATEGORY].items() if slug in self._learnt}
        whole = sum(learnt.values()) or 1.0
        shares |= {slug: share / whole * left for slug, share in learnt.items()}
        spoken = self._words.spoken(matter.topic)
        ranked = sorted(shares, key=lambda slug: -shares[slug])
        return [Candidate(slug, shares[slug], spoken.get(slug, ())) for slug in ranked]

    def _by_words(self, matter: Matter) -> list[Candidate]:
        without = self._places.without_streets
        return self._words.candidates(without(matter.subject), without(matter.topic))
