"""Labels of the HSK sentences: word boundaries, and topics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

from attnviz.data.batch import Pair
from attnviz.data.hsk_labels import BEGIN, INSIDE, OTHER, SINGLE, labelled_sentences
from attnviz.data.split import split_by_key
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.tasks.labels import LabelTask, label_vocabulary
from attnviz.data.vocabulary import Vocabulary
from attnviz.language import Text


class HSKLabels(LabelTask):
    """Characters of a sentence, punctuation included."""

    @abstractmethod
    def labelled(self) -> Sequence[tuple[tuple[str, ...], tuple[str, ...]]]:
        """(characters, labels) of every usable sentence."""

    def load(self) -> Mapping[str, Sequence[Pair]]:
        keyed = (("".join(source), Pair(source, target)) for source, target in self.labelled())
        return split_by_key(keyed, self.options["seed"], validation=0.05, test=0.10)


class Segmentation(HSKLabels):
    """我喜欢音乐。 → S B I B I O."""

    info = INFOS["segmentation"]
    titles: ClassVar[Mapping[str, Text]] = {
        BEGIN: Text("词首", "begins a word"),
        INSIDE: Text("词中或词尾", "inside a word"),
        SINGLE: Text("单字词", "a word by itself"),
        OTHER: Text("标点等", "no word"),
    }
    examples = (
        "老师，您好！",
        "你好，很高兴认识你。",
        "我们去公园的草地上坐坐吧。",
        "时间延长了一个小时。",
        "杂志的读者越来越多。",
        "运动员们在训练。",
    )

    def labelled(self) -> Sequence[tuple[tuple[str, ...], tuple[str, ...]]]:
        return [(sentence.characters, sentence.words) for sentence in labelled_sentences() if sentence.words]

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return label_vocabulary((BEGIN, INSIDE, SINGLE, OTHER))


class Topic(HSKLabels):
    """请给我看看这件衣服。 → shopping."""

    info = INFOS["hsk-topic"]
    titles: ClassVar[Mapping[str, Text]] = {
        "feelings": Text("情感", "feelings"),
        "school_work": Text("学习和工作", "school and work"),
        "sports_leisure": Text("运动休闲", "sports and leisure"),
        "shopping": Text("购物", "shopping"),
        "transport": Text("交通", "transport"),
        "nature": Text("自然", "nature"),
        "health_body": Text("身体健康", "health"),
        "food": Text("饮食", "food"),
    }

    examples = (
        "我的钱包在包里。",
        "我们去公园的草地上坐坐吧。",
        "请把行李打包。",
        "夏天吃西瓜最痛快。",
        "要长期坚持运动。",
        "这条河很长，向东流。",
    )

    def labelled(self) -> Sequence[tuple[tuple[str, ...], tuple[str, ...]]]:
        return [(s.characters, (s.topic,)) for s in labelled_sentences() if s.topic in self.titles]

    @cached_property
    def tgt_vocab(self) -> Vocabulary:
        return label_vocabulary(tuple(self.titles))
