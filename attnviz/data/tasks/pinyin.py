"""Hanzi → pinyin: one syllable a character, so the right cross-attention is known."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.hsk import Sentence, plain_reading, sentences
from attnviz.data.package_data import package_file
from attnviz.data.split import SPLITS, rank, split_by_key
from attnviz.data.stringing import string_together
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.text import characters, clean, is_han, is_separator

Reading = tuple[str, ...]

# Shown one click away, with readings checked by hand: characters that are read in two ways.
EXAMPLES: Mapping[str, str] = {
    "银行里有行人": "yín háng lǐ yǒu xíng rén",
    "他长大了，头发很长。": "tā zhǎng dà le tóu fa hěn cháng",
    "音乐让人快乐。": "yīn yuè ràng rén kuài lè",
    "重要的事情要重复说。": "zhòng yào de shì qing yào chóng fù shuō",
    "我觉得他在睡觉。": "wǒ jué de tā zài shuì jiào",
    "首都都有大都市的样子吗？": "shǒu dū dōu yǒu dà dū shì de yàng zi ma",
    "今天下午我去银行还钱，在路上看见很多行人和自行车。": (
        "jīn tiān xià wǔ wǒ qù yín háng huán qián zài lù shang kàn jiàn hěn duō xíng rén hé zì xíng chē"
    ),
}


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, Reading]:
    """pypinyin's phrases that are all Chinese characters, with their first reading."""
    path = package_file("pypinyin", "phrases_dict.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    return {
        phrase: plain_reading(phrase, [choices[0] for choices in readings])
        for phrase, readings in found.items()
        if len(phrase) == len(readings) and is_han(phrase)
    }


def dictionary_reading(tokens: Sequence[str]) -> Reading:
    """pypinyin's reading of a text, phrase by phrase; other characters stay as they are."""
    from pypinyin import Style, lazy_pinyin

    one_by_one: Any = list  # characters without a reading stay themselves, each on its own
    reading: list[str] = []
    run = ""
    for token in [*tokens, ""]:
        if len(token) == 1 and is_han(token):
            run += token
            continue
        if run:
            syllables = lazy_pinyin(run, style=Style.TONE, errors=one_by_one)
            reading += plain_reading(run, syllables)
            run = ""
        reading += [token] if token else []
    return tuple(reading)


class PinyinTask(Task):
    """What the three pinyin tasks share: tokens, alignment, reference."""

    def tokenize(self, text: str) -> list[str]:
        """Characters; spaces and punctuation are dropped, since they are not read aloud."""
        return [char for char in characters(clean(text)) if not is_separator(char)]

    def tokenize_target(self, text: str) -> list[str]:
        return clean(text).lower().split()

    def detokenize(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)

    def alignment(self, pair: Pair) -> tuple[int | None, ...] | None:
        return tuple(range(len(pair.target))) if len(pair.source) == len(pair.target) else None

    @cached_property
    def known(self) -> Mapping[str, Reading]:
        """Readings the corpus gives."""
        return {}

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        reading = self.known.get("".join(source))
        if reading is not None:
            return self.detokenize(reading), "exact"
        if not any(is_han(token) for token in source):
            return None
        return self.detokenize(dictionary_reading(source)), "dictionary"


def _readable() -> list[Sentence]:
    return [sentence for sentence in sentences() if sentence.syllables]


def _split_sentences(seed: int) -> dict[str, list[Sentence]]:
    keyed = [("".join(sentence.characters), sentence) for sentence in _readable()]
    return split_by_key(keyed, seed, validation=0.05, test=0.10)


class PinyinSentences(PinyinTask):
    """The HSK sentences alone."""

    info = INFOS["pinyin-sentences"]
    examples: tuple[str, ...] = (
        "你好吗？",
        "我们一起去公园吧。",
        "老师，您好！",
        "他觉得音乐很好听。",
        "今天天气很好，我想和朋友去公园。",
    )

    def load(self) -> Mapping[str, Sequence[Pair]]:
        shares = _split_sentences(self.options["seed"])
        return {name: [Pair(s.characters, s.syllables) for s in share] for name, share in shares.items()}

    @cached_property
    def known(self) -> Mapping[str, Reading]:
        shown = {"".join(self.tokenize(text)): tuple(reading.split()) for text, reading in EXAMPLES.items()}
        return shown | {"".join(s.characters): s.syllables for s in _readable()}


class Pinyin(PinyinSentences):
    """HSK sentences, with dictionary phrases mixed into training; held out are sentences.

    Training strings several sentences or phrases together, so that longer text is no surprise.
    """

    info = INFOS["pinyin"]
    defaults: ClassVar[Mapping[str, Any]] = {
        "seed": 0,
        "phrases": 50_000,  # how many are mixed into training
        "characters": 3_500,  # phrases are made of so many of the dictionary's most frequent characters
        "max_length": 40,  # characters that are strung together at most
        "copies": 10,  # how often an epoch shows each sentence, for one time each phrase
    }
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {
        "phrases": range(50_001),
        "characters": range(100, 10_001),
        "max_length": range(20, 513),
        "copies": range(1, 101),
    }
    examples = tuple(EXAMPLES)

    def load(self) -> Mapping[str, Sequence[Pair]]:
        shares = _split_sentences(self.options["seed"])
        splits = {name: [Pair(s.characters, s.syllables) for s in share] for name, share in shares.items()}
        held_out = {"".join(s.characters) for name in ("validation", "test") for s in shares[name]}
        chosen = self._phrases(shares["train"], held_out)
        return {**splits, "train": splits["train"] + chosen}

    def _phrases(self, train: Sequence[Sentence], held_out: set[str]) -> list[Pair]:
        """Phrases of frequent characters that agree with how the training sentences read the same words."""
        frequent = Counter(char for phrase in phrases() for char in phrase).most_common(self.options["characters"])
        usable = {char for char, _ in frequent} | {char for s in train for char in s.characters}
        votes: dict[str, Counter[Reading]] = {}
        for sentence in train:
            for word, reading in sentence.words:
                if len(word) > 1:
                    votes.setdefault(word, Counter())[reading] += 1
        words = {word: counter.most_common(1)[0][0] for word, counter in votes.items()}
        excluded = held_out | {"".join(s.characters) for s in train}
        fitting = [
            (rank(phrase, self.options["seed"]), Pair(tuple(phrase), reading))
            for phrase, reading in phrases().items()
            if usable.issuperset(phrase)
            and phrase not in excluded
            and all(
                words.get(phrase[start:end], reading[start:end]) == reading[start:end]
                for start in range(len(phrase))
                for end in range(start + 2, len(phrase) + 1)
            )
        ]
        fitting.sort(key=lambda item: item[0])
        return [pair for _, pair in fitting[: self.options["phrases"]]]

    @cached_property
    def max_src_len(self) -> int:
        return int(self.options["max_length"]) + 1

    @cached_property
    def max_tgt_len(self) -> int:
        return int(self.options["max_length"]) + 1

    def epoch(self, split: str, generator: random.Random) -> Sequence[Pair]:
        """Training: each sentence `copies` times and each phrase once, in strings of random length."""
        pairs = list(self.split(split))
        if split != "train":
            return pairs
        n_sentences = len(_split_sentences(self.options["seed"])["train"])
        pairs = pairs[:n_sentences] * self.options["copies"] + pairs[n_sentences:]
        return string_together(pairs, self.options["max_length"], generator)


class PinyinPhrases(PinyinTask):
    """The dictionary's phrases alone, held-out phrases included."""

    info = INFOS["pinyin-phrases"]
    defaults: ClassVar[Mapping[str, Any]] = {
        "seed": 0,
        "characters": 3_000,
        "max_length": 0,  # characters that training strings together at most; 0: one phrase at a time
    }
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {"characters": range(100, 10_001), "max_length": range(257)}
    examples = ("银行", "行人", "重要", "重复", "音乐", "快乐", "一路顺风", "长命百岁")

    def load(self) -> Mapping[str, Sequence[Pair]]:
        frequent = Counter(char for phrase in phrases() for char in phrase).most_common(self.options["characters"])
        usable = {char for char, _ in frequent}
        keyed = [
            (phrase, Pair(tuple(phrase), reading)) for phrase, reading in phrases().items() if usable.issuperset(phrase)
        ]
        return split_by_key(keyed, self.options["seed"], validation=0.03, test=0.05)

    def epoch(self, split: str, generator: random.Random) -> Sequence[Pair]:
        pairs, longest = self.split(split), self.options["max_length"]
        return string_together(pairs, longest, generator) if longest and split == "train" else pairs

    @cached_property
    def max_src_len(self) -> int:
        return max(int(self.options["max_length"]), *(len(p.source) for name in SPLITS for p in self.split(name))) + 1

    @cached_property
    def max_tgt_len(self) -> int:
        return self.max_src_len

    @cached_property
    def known(self) -> Mapping[str, Reading]:
        return phrases()
