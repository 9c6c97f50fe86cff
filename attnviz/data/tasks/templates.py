"""Three small tasks of language, made from templates and a seed: look an answer up, answer a turn, keep what matters.

They are synthetic and say so. Each has an answer that a rule gives exactly, and `simple`, what a program without any
model would say: the baseline that a model must beat.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from attnviz.data.batch import Pair
from attnviz.data.split import split_by_key
from attnviz.data.task import ReferenceKind, Task
from attnviz.data.tasks.catalogue import INFOS
from attnviz.data.text import characters, clean
from attnviz.data.words import joined_words, words

_NAMES = {"zh": ("小明", "小红", "小刚", "小丽", "大山", "阿梅"), "en": ("tom", "ann", "bob", "lucy", "max", "mia")}
_PLACES = {
    "zh": ("厨房", "花园", "学校", "车站", "书店", "医院", "公园", "教室"),
    "en": ("kitchen", "garden", "school", "station", "bookshop", "hospital", "park", "classroom"),
}
_THINGS = {
    "zh": ("苹果", "茶", "面条", "音乐", "足球", "下雨天", "电影", "小狗"),
    "en": ("apples", "tea", "noodles", "music", "football", "rain", "films", "dogs"),
}
_NEWS = {
    "zh": ("明天开会", "记得带伞", "车晚点了", "门没有锁", "作业要交", "他生日到了", "电池没电", "今天停水"),
    "en": (
        "the meeting is tomorrow",
        "bring an umbrella",
        "the train is late",
        "the door is open",
        "homework is due",
        "it is his birthday",
        "the battery is empty",
        "there is no water today",
    ),
}
_CHAT = {
    "zh": ("天气不错", "我有点饿", "猫在睡觉", "茶很好喝", "灯是黄的", "他在唱歌", "路上人多", "花开了"),
    "en": (
        "the weather is fine",
        "i am a bit hungry",
        "the cat is asleep",
        "the tea is good",
        "the lamp is yellow",
        "he is singing",
        "the road is busy",
        "the flowers are out",
    ),
}


class TemplateTask(Task):
    """Sentences from templates in Chinese (a character a token) or English (a word a token)."""

    defaults: ClassVar[Mapping[str, Any]] = {"seed": 0, "size": 6_000, "language": "zh"}
    allowed: ClassVar[Mapping[str, Sequence[Any]]] = {"size": range(100, 50_001), "language": ("zh", "en")}

    @property
    def language(self) -> str:
        """ "zh" or "en"."""
        return str(self.options["language"])

    @property
    def stop(self) -> str:
        """What ends a sentence."""
        return "。" if self.language == "zh" else " . "

    @abstractmethod
    def draw(self, generator: random.Random) -> tuple[str, str]:
        """A source and its answer."""

    @property
    def most(self) -> int:
        """As many examples as are looked for."""
        return int(self.options["size"])

    @abstractmethod
    def rule(self, text: str) -> str | None:
        """The answer to a text; None where the templates' rule gives none."""

    @abstractmethod
    def simple(self, text: str) -> str:
        """What a program without a model would say."""

    def load(self) -> Mapping[str, Sequence[Pair]]:
        generator = random.Random(f"{self.info.name} {self.language} {self.options['seed']}")
        found: dict[str, Pair] = {}
        drawn: set[str] = set()
        for _ in range(20 * self.options["size"]):
            source, target = self.draw(generator)
            if source in drawn:
                continue
            drawn.add(source)
            pair = Pair(tuple(self.tokenize(source)), tuple(self.tokenize(target)))
            found.setdefault(" ".join(pair.source), pair)
            if len(found) == self.most:
                break
        return split_by_key(found.items(), self.options["seed"], validation=0.1, test=0.1)

    def tokenize(self, text: str) -> list[str]:
        if self.language == "en":
            return words(text.lower())
        return [token for token in characters(clean(text)) if not token.isspace()]

    def tokenize_target(self, text: str) -> list[str]:
        return self.tokenize(text)

    def detokenize(self, tokens: Sequence[str]) -> str:
        return joined_words(tokens) if self.language == "en" else "".join(tokens)

    def detokenize_source(self, tokens: Sequence[str]) -> str:
        return self.detokenize(tokens)

    def answer(self, source: Sequence[str]) -> tuple[str, ReferenceKind] | None:
        found = self.rule(self.detokenize_source(source))
        return None if found is None else (self.detokenize(self.tokenize(found)), "exact")

    def sentences(self, text: str) -> list[str]:
        """The sentences of a text, without their full stops."""
        return [part.strip() for part in text.replace("。", ".").split(".") if part.strip()]

    def simple_exact_match(self, split: str) -> float:
        """Share of a split's examples that `simple` answers exactly."""
        pairs = self.split(split)
        said = (tuple(self.tokenize(self.simple(self.detokenize_source(pair.source)))) for pair in pairs)
        return sum(one == pair.target for one, pair in zip(said, pairs, strict=True)) / len(pairs)


class Questions(TemplateTask):
    """小明在厨房。小红在花园。小明在哪里？ → 厨房. Who moves is where the last sentence puts them."""

    info = INFOS["questions"]
    examples = (
        "小明在厨房。小红在花园。小明在哪里？",
        "小红在学校。小刚在车站。小丽在书店。小刚在哪里？",
        "大山在公园。阿梅在医院。大山在教室。大山在哪里？",
        "小明在车站。小丽在花园。小丽在哪里？",
        "阿梅在书店。小刚在厨房。阿梅在哪里？",
        "小红在公园。大山在学校。小红在医院。大山在哪里？",
    )

    def draw(self, generator: random.Random) -> tuple[str, str]:
        names = generator.sample(_NAMES[self.language], generator.randint(2, 3))
        told = [*names, *generator.sample(names, generator.randint(0, 1))]
        where: dict[str, str] = {}
        lines = []
        for name in told:
            where[name] = generator.choice(_PLACES[self.language])
            lines.append(f"{name}在{where[name]}" if self.language == "zh" else f"{name} is in the {where[name]}")
        asked = generator.choice(names)
        question = f"{asked}在哪里？" if self.language == "zh" else f"where is {asked} ?"
        return self.stop.join([*lines, question]), where[asked]

    def _told(self, text: str) -> list[tuple[str, str]]:
        found = []
        for line in self.sentences(text):
            for name in _NAMES[self.language]:
                place = line.removeprefix(f"{name}在" if self.language == "zh" else f"{name} is in the ")
                if place != line and place in _PLACES[self.language]:
                    found.append((name, place))
        return found

    def rule(self, text: str) -> str | None:
        told = self._told(text)
        question = self.sentences(text)[-1] if self.sentences(text) else ""
        asked = [name for name in _NAMES[self.language] if name in question and (name, "") not in told]
        places = [place for name, place in told if asked and name == asked[0]]
        return places[-1] if places and ("哪里" in question or "where" in question) else None

    def simple(self, text: str) -> str:
        """The place that was named last."""
        told = self._told(text)
        return told[-1][1] if told else ""


class Dialogue(TemplateTask):
    """A turn and its answer: 你好，我叫小明 → 你好，小明."""

    info = INFOS["dialogue"]
    examples = ("你好，我叫小明", "我喜欢苹果", "你喜欢音乐吗", "小红在哪里", "再见，小丽", "我不喜欢下雨天")

    _TURNS: ClassVar[Mapping[str, Sequence[tuple[str, str]]]] = {
        "zh": (
            ("你好，我叫{name}", "你好，{name}"),
            ("再见，{name}", "再见，明天见"),
            ("我喜欢{thing}", "我也喜欢{thing}"),
            ("我不喜欢{thing}", "为什么不喜欢{thing}"),
            ("你喜欢{thing}吗", "喜欢，{thing}很好"),
            ("{name}在哪里", "我没看见{name}"),
            ("我在{place}", "{place}人多吗"),
            ("{name}喜欢{thing}", "我知道{name}喜欢{thing}"),
        ),
        "en": (
            ("hello , i am {name}", "hello , {name}"),
            ("goodbye , {name}", "goodbye , see you tomorrow"),
            ("i like {thing}", "i like {thing} too"),
            ("i do not like {thing}", "why do you not like {thing}"),
            ("do you like {thing}", "yes , {thing} is good"),
            ("where is {name}", "i have not seen {name}"),
            ("i am in the {place}", "are there many people in the {place}"),
            ("{name} likes {thing}", "i know that {name} likes {thing}"),
        ),
    }
    _BEFORE: ClassVar[Mapping[str, Sequence[str]]] = {
        "zh": ("", "嗯，", "哎，", "是吗，", "对了，", "请问，", "那么，", "其实，"),
        "en": ("", "well , ", "hey , ", "really , ", "by the way , ", "please , ", "so , ", "in fact , "),
    }

    @cached_property
    def _every(self) -> list[tuple[str, str]]:
        language = self.language
        found = []
        for turn, reply in self._TURNS[language]:
            for name in _NAMES[language] if "{name}" in turn else ("",):
                for thing in _THINGS[language] if "{thing}" in turn else ("",):
                    for place in _PLACES[language] if "{place}" in turn else ("",):
                        filled = {"name": name, "thing": thing, "place": place}
                        found.append((turn.format(**filled), reply.format(**filled)))
        return found

    @cached_property
    def _replies(self) -> Mapping[str, str]:
        return {
            " ".join(self.tokenize(before + turn)): reply
            for before in self._BEFORE[self.language]
            for turn, reply in self._every
        }

    @property
    def most(self) -> int:
        """No more than there are turns: once all are found, none is drawn in vain."""
        return min(super().most, len(self._replies))

    def draw(self, generator: random.Random) -> tuple[str, str]:
        turn, reply = generator.choice(self._every)
        return generator.choice(self._BEFORE[self.language]) + turn, reply

    def rule(self, text: str) -> str | None:
        return self._replies.get(" ".join(self.tokenize(text)))

    def simple(self, text: str) -> str:
        """What was said, said back."""
        return text


class Summary(TemplateTask):
    """Sentences that are marked with "!" are kept, the others left out, in their order."""

    info = INFOS["summary"]
    examples = (
        "天气不错。！明天开会。我有点饿。",
        "！记得带伞。茶很好喝。！车晚点了。",
        "猫在睡觉。灯是黄的。！门没有锁。",
        "！作业要交。花开了。",
        "他在唱歌。！今天停水。！电池没电。路上人多。",
        "！他生日到了。天气不错。！记得带伞。",
    )

    @property
    def mark(self) -> str:
        """What stands before a sentence that matters."""
        return "！" if self.language == "zh" else "! "

    def draw(self, generator: random.Random) -> tuple[str, str]:
        count = generator.randint(2, 4)
        kept = generator.randint(1, min(2, count - 1))
        news = generator.sample(_NEWS[self.language], kept)
        lines = [(self.mark + one, one) for one in news]
        lines += [(one, "") for one in generator.sample(_CHAT[self.language], count - kept)]
        generator.shuffle(lines)
        source = "".join(line + self.stop for line, _ in lines)
        return source, "".join(one + self.stop for _, one in lines if one)

    def rule(self, text: str) -> str | None:
        marked = [line for line in self.sentences(text) if line[:1] in "!！"]
        if not marked:
            return None
        return "".join(line[1:].strip() + self.stop for line in marked)

    def simple(self, text: str) -> str:
        """The first sentence, as newspapers are read."""
        lines = self.sentences(text)
        return lines[0].lstrip("!！ ") + self.stop if lines else ""
