"""Files with errors in them, made at random from valid ones, for everything that reads files or texts from outside.

    python -m tests.fuzz --minutes 30 --seed 1        # a long round; what fails is written down
    python -m tests.fuzz --reader checkpoint --inputs 5000

A reader must return, or raise an `EsvaeError` of one line, within the limits of `tests.fuzz.run`.
"""
