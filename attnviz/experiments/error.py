"""Everything that can be wrong with an experiment: a code and a sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attnviz.data import InputError

EXPERIMENT_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "experiment_unknown": {
        "zh": "没有名为 {name} 的实验。现有：{known}。",
        "en": "There is no experiment {name}. There are: {known}.",
    },
    "experiment_field": {
        "zh": "实验的字段 {field} 不能用：{problem}。",
        "en": "The experiment's field {field} cannot be used: {problem}.",
    },
    "experiment_file": {
        "zh": "实验文件 {file} 不能用（第 {line} 行）：{problem}。其余实验照常可用。",
        "en": "The experiment file {file} cannot be used (line {line}): {problem}. The others go on.",
    },
    "experiment_file_empty": {
        "zh": "实验文件 {file} 里没有 EXPERIMENT。其余实验照常可用。",
        "en": "The experiment file {file} has no EXPERIMENT. The others go on.",
    },
    "experiment_name_taken": {
        "zh": "实验文件 {file} 里的名字 {name} 已经有了。其余实验照常可用。",
        "en": "The experiment file {file} uses the name {name}, which is taken. The others go on.",
    },
    "experiment_folder": {
        "zh": "实验文件夹 {path} 打不开：{problem}。",
        "en": "The folder of experiments {path} cannot be read: {problem}.",
    },
    "experiment_measured": {
        "zh": "实验 {name} 没有给出它声明的数：缺少 {missing}。",
        "en": "The experiment {name} did not give the numbers it names: {missing} is missing.",
    },
    "experiment_broke": {
        "zh": "实验 {name} 运行时出错：{problem}。",
        "en": "The experiment {name} broke while it ran: {problem}.",
    },
    "experiment_prediction": {
        "zh": "{given} 不是这里能做的预测；可以是：{allowed}。",
        "en": "{given} is no prediction that can be made here; allowed: {allowed}.",
    },
    "experiment_recording": {
        "zh": "实验 {name} 的记录 {file} 不能用：{problem}。",
        "en": "The recording {file} of experiment {name} cannot be used: {problem}.",
    },
    "experiment_no_recording": {
        "zh": "实验 {name} 没有记录的结果；可以现在运行它。",
        "en": "The experiment {name} has no recorded result; it can be run now.",
    },
    "experiment_entry": {
        "zh": "实验 {name} 里没有 {given}。它有：{known}。",
        "en": "The experiment {name} trains no {given}. It has: {known}.",
    },
}


class ExperimentError(InputError):
    """What is wrong; `code` and `details` let the interface say so in any language."""

    def __init__(self, code: str, **details: Any) -> None:
        if code not in EXPERIMENT_SENTENCES:
            raise ValueError(f"code is {code!r}; allowed: {', '.join(EXPERIMENT_SENTENCES)}")
        super().__init__(code, **details)

    def said(self, language: str) -> str:
        """The sentence in "zh" or "en"."""
        return EXPERIMENT_SENTENCES[self.code][language].format(**self.details)

    def __str__(self) -> str:
        return self.said("en")
