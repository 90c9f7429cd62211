"""How whatever looks at programs ends the showing of them."""


class Enough(BaseException):
    """Raised by what looks at the examples, to end the drawing. (A BaseException: Hypothesis takes any other for a failure.)"""
