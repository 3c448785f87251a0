"""Waiting with a deadline: for what can only be asked, and for a condition that others announce."""
import time

# Long enough that only a fault reaches it, on a busy machine too.
PATIENCE_S = 30


def until(question, what, seconds=PATIENCE_S):
    """Asks again and again until the answer is true; returns it. For what announces nothing: a port, HTTP, a file."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"in {seconds} s not seen: {what}")
        time.sleep(0.01)


def notified(condition, question, what, seconds=PATIENCE_S):
    """Waits on a threading.Condition, whose notifier says when to ask again; returns the true answer."""
    end = time.monotonic() + seconds
    with condition:
        while True:
            answer = question()
            if answer:
                return answer
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"in {seconds} s not seen: {what}")
            condition.wait(left)
