"""The page Lessons, and the stepper that a lesson shows on every page."""

from attnviz.language import Text, table

TEXTS = table(
    title=Text("课程", "Lessons"),
    question=Text("先猜，再做，再看结果", "Guess first, then try it, then see"),
    hint=Text(
        "每一步都是一个页面的状态，答案由程序当场算出",
        "every step is a state of a page; answers are computed on the spot",
    ),
    lesson_size=Text("{steps} 步 · 约 {minutes} 分钟", "{steps} steps · about {minutes} minutes"),
    lesson_begin=Text("开始", "Begin"),
    lesson_place=Text("第 {step} 步，共 {steps} 步", "Step {step} of {steps}"),
    lesson_next=Text("下一步", "Next"),
    lesson_back=Text("上一步", "Back"),
    lesson_end=Text("结束", "End"),
    lesson_right=Text("猜对了", "Right"),
    lesson_wrong=Text("不对，是：{answer}", "No, it is: {answer}"),
    lesson_guessed=Text("您猜的是：{guess}", "Your guess: {guess}"),
    lesson_teacher=Text("给老师", "For the teacher"),
    lesson_unknown=Text(
        "链接里的课程“{value}”没有；现有：{known}。",
        "There is no lesson '{value}' as the link says; there are {known}.",
    ),
)
