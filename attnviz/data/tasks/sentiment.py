"""Sentences of praise and complaint made from templates: what negation and "but" do to a bag of words."""

from __future__ import annotations

import random
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.split import split_by_key
from attnviz.data.task import ReferenceKind
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.labels import LabelTask, label_vocabulary
from attnviz.data.text import characters, clean
from attnviz.data.vocabulary import Vocabulary
from attnviz.data.words import joined_words, words
from attnviz.language import Text

POSITIVE, NEGATIVE = "positive", "negative"
NEGATED, TURNED = 0.4, 0.35  # shares of clauses with a negation, of sentences with a "but"


Templates = tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
# (thing, words of praise, words of complaint): each sounds natural behind 很 / very and behind 不 / not.
_ZH: Templates = (
    ("这家饭店的菜", ("好吃", "新鲜", "可口", "便宜"), ("难吃", "油腻", "贵", "咸")),
    ("这部电影", ("好看", "精彩", "感人", "有趣"), ("难看", "无聊", "乏味", "糟糕")),
    ("这本书", ("有趣", "精彩", "实用", "感人"), ("无聊", "难懂", "乏味", "肤浅")),
    ("这里的服务", ("热情", "周到", "好", "专业"), ("冷淡", "差", "慢", "糟糕")),
    ("这个房间", ("干净", "舒服", "安静", "漂亮"), ("脏", "吵", "闷", "难看")),
    ("这件衣服", ("漂亮", "舒服", "合身", "便宜"), ("难看", "贵", "粗糙", "过时")),
    ("这位老师的课", ("生动", "清楚", "有趣", "实用"), ("无聊", "难懂", "乏味", "乱")),
    ("今天的天气", ("舒服", "好", "凉爽", "晴朗"), ("差", "闷", "糟糕", "闷热")),
    ("这台电脑", ("快", "好用", "稳定", "便宜"), ("慢", "难用", "贵", "吵")),
    ("那次旅行", ("愉快", "精彩", "轻松", "难忘"), ("累", "无聊", "糟糕", "乱")),
)
_EN: Templates = (
    ("the food", ("tasty", "fresh", "good", "cheap"), ("bland", "stale", "bad", "greasy")),
    ("the film", ("exciting", "moving", "funny", "good"), ("boring", "long", "bad", "dull")),
    ("the book", ("clever", "moving", "useful", "funny"), ("boring", "shallow", "dull", "confusing")),
    ("the service", ("friendly", "quick", "good", "polite"), ("slow", "rude", "bad", "careless")),
    ("the room", ("clean", "quiet", "cosy", "bright"), ("dirty", "noisy", "stuffy", "dark")),
    ("the lecture", ("clear", "lively", "useful", "clever"), ("confusing", "dull", "long", "boring")),
    ("the weather", ("pleasant", "good", "mild", "bright"), ("awful", "bad", "harsh", "dull")),
    ("the laptop", ("fast", "light", "reliable", "cheap"), ("slow", "heavy", "noisy", "fragile")),
    ("the trip", ("pleasant", "exciting", "easy", "cheap"), ("tiring", "boring", "awful", "long")),
    ("the staff", ("friendly", "polite", "helpful", "quick"), ("rude", "slow", "careless", "unhelpful")),
)


class Sentiment(LabelTask):
    """One clause, or two of opposite feeling joined by "but": the last one decides."""

    defaults: ClassVar[Mapping[str, Any]] = {**LabelTask.defaults, "size": 3_000}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {**LabelTask.allowed, "size": range(100, 20_001)}
    titles: ClassVar[Mapping[str, Text]] = {
        NEGATIVE: Text("负面", "negative"),
        POSITIVE: Text("正面", "positive"),
    }

    templates: ClassVar[Templates]
    negation: ClassVar[str]

    @abstractmethod
    def clause(self, positive: bool, generator: random.Random) -> str:
        """A clause of this feeling, without its full stop."""

    @abstractmethod
    def turned(self, first: str, second: str) -> str:
        """Two clauses joined by "but"."""

    def load(self) -> Mapping[str, Sequence[Pair]]:
        generator = random.Random(f"{self.info.name} {self.options['seed']}")
        found: dict[str, Pair] = {}
        for _ in range(20 * self.options["size"]):
            positive = generator.random() < 0.5
            text = self.clause(positive, generator)
            if generator.random() < TURNED:
                text = self.turned(self.clause(not positive, generator), text)
            tokens = tuple(self.tokenize(text))
            found.setdefault(text, Pair(tokens, (POSITIVE if positive else NEGATIVE,)))
            if len(found) == self.options["size"]:
                break
        return split_by_key(found.items(), self.options["seed"], validation=0.1, test=0.2)

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        """By the templates' own rule: the last word of feeling, turned round by a negation right before it."""
        text = self.detokenize_source(source)
        found = list(self.feelings.finditer(text))
        if not found:
            return None
        positive = (found[-1]["feeling"] in self.praise) != bool(found[-1]["negation"])
        return (POSITIVE if positive else NEGATIVE), "exact"

    @cached_property
    def praise(self) -> frozenset[str]:
        """Every word of praise."""
        return frozenset(word for _, good, _ in self.templates for word in good)

    @cached_property
    def feelings(self) -> re.Pattern[str]:
        """A word of feeling and the negation before it; of two words the longer one."""
        every = {word for _, good, bad in self.templates for word in (*good, *bad)}
        longest_first = "|".join(sorted(every, key=lambda word: (-len(word), word)))
        edge = r"\b" if self.info.language == "en" else ""
        return re.compile(f"(?P<negation>{self.negation})?{edge}(?P<feeling>{longest_first}){edge}")

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return label_vocabulary((NEGATIVE, POSITIVE))


class ChineseSentiment(Sentiment):
    """这家饭店的菜很好吃，但是服务不热情。 → negative."""

    info = INFOS["sentiment-zh"]
    templates = _ZH
    negation = "不"
    examples = (
        "这家饭店的菜很好吃",
        "这家饭店的菜不好吃",
        "这部电影很无聊，但是这里的服务真热情",
        "我觉得这本书不难懂",
        "这里的服务很热情，但是这家饭店的菜不新鲜",
        "他说这个房间非常吵",
    )

    def clause(self, positive: bool, generator: random.Random) -> str:
        thing, good, bad = generator.choice(self.templates)
        negated = generator.random() < NEGATED
        feeling = generator.choice(good if positive != negated else bad)
        how = "不" if negated else generator.choice(("很", "非常", "真", "特别"))
        return f"{generator.choice(('', '我觉得', '他说'))}{thing}{how}{feeling}"

    def turned(self, first: str, second: str) -> str:
        return f"{first}，但是{second}"


class EnglishSentiment(Sentiment):
    """the food was very fresh but the staff was not friendly → negative."""

    info = INFOS["sentiment-en"]
    defaults: ClassVar[Mapping[str, Any]] = {**Sentiment.defaults, "tokens": "words"}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {**Sentiment.allowed, "tokens": ("words", "characters")}
    templates = _EN
    negation = "not "
    examples = (
        "the food was very tasty",
        "the food was not tasty",
        "i think the film was not boring",
        "the service was so friendly but the room was really dirty",
        "the room was very noisy but the staff was not rude",
        "they say the laptop was quite slow",
    )

    def clause(self, positive: bool, generator: random.Random) -> str:
        thing, good, bad = generator.choice(self.templates)
        negated = generator.random() < NEGATED
        feeling = generator.choice(good if positive != negated else bad)
        how = "not" if negated else generator.choice(("very", "really", "quite", "so"))
        return f"{generator.choice(('', 'i think ', 'they say '))}{thing} was {how} {feeling}"

    def turned(self, first: str, second: str) -> str:
        return f"{first} but {second}"

    @property
    def by_words(self) -> bool:
        """Whether a token is a word; else it is a letter, as models need it that were trained on letters."""
        return bool(self.options["tokens"] == "words")

    def tokenize(self, text: str) -> list[str]:
        return words(text.lower()) if self.by_words else characters(" ".join(clean(text.lower()).split()))

    def detokenize_source(self, tokens: Sequence[str]) -> str:
        return joined_words(tokens) if self.by_words else "".join(tokens)
