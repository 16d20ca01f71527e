"""Lines on stderr while something trains."""

import sys
import time


class Progress:
    """Counts steps, keeps their losses, and says now and then how far it is and how long it will take."""

    def __init__(self, name: str, steps: int) -> None:
        """Speaks about 20 times in `steps` steps."""
        self.name = name
        self.steps = steps
        self.losses: list[float] = []
        self._every = max(1, steps // 20)
        self._began = time.monotonic()

    def step(self, loss: float) -> None:
        """Record a step's loss."""
        if loss != loss:
            raise SystemExit(
                f"{self.name}: the loss is not a number at step {len(self.losses)}. Lower the learning rate."
            )
        self.losses.append(loss)
        done = len(self.losses)
        if done % self._every == 0 or done == self.steps:
            passed = time.monotonic() - self._began
            recent = sum(self.losses[-self._every :]) / len(self.losses[-self._every :])
            left = passed / done * (self.steps - done)
            say(f"{self.name}: step {done} of {self.steps}, loss {recent:.4f}, {passed:.0f} s, {left:.0f} s to go")


def say(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)
