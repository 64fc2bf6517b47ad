"""What a test expects: `expect` notes whether it holds, `finish` tells and ends the program."""
import sys

failures, held = [], []


def expect(what, holds, shown=""):
    (held if holds else failures).append(what if holds else f"{what}: {str(shown)[:900]}")


def finish(at_least):
    """Fewer than `at_least` passed expectations mean that a part of the test was never reached."""
    for failure in failures:
        print(failure)
    print(f"{len(held)} passed, {len(failures)} failed")
    sys.exit(1 if failures or len(held) < at_least else 0)
