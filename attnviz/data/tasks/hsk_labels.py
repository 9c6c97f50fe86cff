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
    titles: ClassVar[Mapping[str, Mapping[str, str]]] = {
        BEGIN: {"zh": "词首", "en": "begins a word"},
        INSIDE: {"zh": "词中或词尾", "en": "inside a word"},
        SINGLE: {"zh": "单字词", "en": "a word by itself"},
        OTHER: {"zh": "标点等", "en": "no word"},
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
    titles: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "feelings": {"zh": "情感", "en": "feelings"},
        "school_work": {"zh": "学习和工作", "en": "school and work"},
        "sports_leisure": {"zh": "运动休闲", "en": "sports and leisure"},
        "shopping": {"zh": "购物", "en": "shopping"},
        "transport": {"zh": "交通", "en": "transport"},
        "nature": {"zh": "自然", "en": "nature"},
        "health_body": {"zh": "身体健康", "en": "health"},
        "food": {"zh": "饮食", "en": "food"},
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
