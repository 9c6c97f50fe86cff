"""Lessons: paths through the pages. A lesson is an ordered list of states of pages with texts and questions.

One file a lesson, each with a `LESSON`. What is right and what is said afterwards is computed when it is asked.
"""

from attnviz.lessons.catalogue import LESSONS, lesson_named
from attnviz.lessons.lesson import Lesson, Numbers, Question, Step

__all__ = ["LESSONS", "Lesson", "Numbers", "Question", "Step", "lesson_named"]
